//! What was read, in columns.

mod attachment;
mod columns;
mod reader;

pub(crate) use attachment::spread;
pub(crate) use columns::Sizes;
pub use columns::{Attachment, Edge, Graph, Incomplete, Label, Location, Name, Node};
pub use reader::Reader;
