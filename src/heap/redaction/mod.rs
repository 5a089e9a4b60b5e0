//! Copies of snapshots without the contents of strings, for files that leave the machine.
//!
//! A heap snapshot holds the beginning of every string of the program: passwords, mails, tokens. The redactor rewrites the
//! table of strings as the file streams by and passes everything else on byte for byte, so it can sit between V8 and the
//! disk. Nodes and edges come before the table, so when a string comes it is known what it is used for:
//!
//! * the **content** of strings, regular expressions and template literals is replaced, and so are strings that nothing
//!   is known to use;
//! * **names** (of constructors, functions, variables, properties, of V8's own things) stay, because without them a
//!   snapshot says nothing. But names that look like data are replaced (see [`names`](super::names)), and so are the keys
//!   of dictionaries, which are objects with very many properties, unless they name something elsewhere, too;
//! * the values in the names of WeakMaps' entries are replaced: a value may be a string.
//!
//! A replacement is as long as what it replaces (in UTF-16 code units), and the same for the same text in one file:
//! characters of a digest that is keyed with a salt. The salt is the caller's, random for each file and never written, so
//! equal strings are seen to be equal, and nothing can be tried out.
//!
//! It takes one byte of memory for each string, and one string of at most [`rewrite::HELD_BYTES`].

mod held;
mod in_source;
mod left;
mod options;
mod replacement;
mod report;
mod rewrite;
mod rules;
mod scripts;
mod uses;

pub use left::LeftName;
pub use options::RedactOptions;
pub use report::{KeptNames, RedactReport, ReplacedKeys};
pub use rewrite::Redactor;
