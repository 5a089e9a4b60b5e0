//! Sampled profiles, of allocations or of time: one model, a reader for each format that is understood, a writer for each that is made,
//! and the questions that are asked of all of them.
//!
//! ```text
//! bytes --> read --> model --> originals --> write --> bytes
//!                                  └----> table, diff
//! ```
//!
//! * [`model`] has the columns (strings, functions, frames, stacks, samples) and the handles into them, and knows no format;
//! * [`read`] makes a profile of the text of a file: V8's two formats, and pprof. What a file is, its first bytes say;
//! * [`originals()`] puts sources in the place of scripts, by source maps;
//! * [`less()`] leaves what it has more than an earlier one, [`more()`] adds one up, and [`of_threads()`] makes one of those of several threads;
//! * [`write`] makes V8's `.heapprofile`, pprof, folded stacks, a speedscope file, a text for people or the page of a flame graph of it;
//! * [`table`] adds up by function, file or package, and [`diff`] compares two such tables; whose a function is says `origin`, which functions of
//!   two profiles are the same `pair`.
//!
//! What a profile takes, and what is written of it, is bounded: a file of some hundred bytes can have stacks and names that are gigabytes when
//! they are written out. Who gives a question up says so through a [`Check`].
//!
//! Nothing here opens a file or decompresses one: whoever calls does.

mod copy;
mod diff;
mod handles;
mod heapprofile;
mod less;
mod model;
mod origin;
mod originals;
mod pair;
mod pprof;
mod read;
mod samples;
mod strings;
mod table;
mod threads;
mod write;

use crate::error::Result;

pub use diff::{Diff, DiffOptions, DiffRow, diff};
pub use less::{less, more};
pub use model::{Builder, Profile, ValueType};
pub use originals::originals;
pub use read::read;
pub use table::{By, Row, Table, TableOptions, table};
pub use threads::of_threads;
pub use write::{Format, Maker, Page, flamegraph, write};

/// Fails when an answer is not wanted any more.
pub type Check<'a> = &'a dyn Fn() -> Result<()>;
