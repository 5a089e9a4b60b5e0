//! A snapshot's nodes, edges and strings in columns, behind handles that only this room gives out.
//!
//! `reader` builds the graph from a scan, `columns` is the graph, `sizes` and `strings` are two of its columns, and
//! `attachment` says which DOM nodes are in their document,
//! and `lookup` finds a reference by its name.

mod attachment;
mod columns;
mod handles;
mod lookup;
mod reader;
mod sizes;
mod strings;

pub use attachment::Attachment;
pub(crate) use attachment::spread;
pub use columns::{Graph, Incomplete};
pub use handles::{Edge, Label, Name, Node};
pub use reader::Reader;
pub(crate) use sizes::Sizes;
