//! What a name says: whether it is a name at all or data, and whether it tells anything.
//!
//! Answers and redaction both ask here, and nobody asks a heap: a name is all that is looked at.

mod addresses;
mod dictionaries;
mod identifiers;
mod looks;
mod telling;
mod tokens;

pub(crate) use dictionaries::{FOLDED_ABOVE, REPLACED_ABOVE};
pub(crate) use identifiers::{is_dotted, is_identifier};
pub(crate) use looks::{Look, look, looks_like_data};
pub(crate) use telling::is_telling;
