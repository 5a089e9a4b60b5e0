//! What was read, in columns.

mod attachment;
mod columns;
mod handles;
mod reader;
mod sizes;
mod strings;

pub use attachment::Attachment;
pub(crate) use attachment::spread;
pub use columns::{Graph, Incomplete};
pub use handles::{Edge, Label, Name, Node};
pub use reader::Reader;
pub(crate) use sizes::Sizes;
