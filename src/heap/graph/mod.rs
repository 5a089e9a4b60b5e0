//! A snapshot's nodes, edges and strings in columns, behind handles that only this room gives out.
//!
//! `reader` builds the graph from a scan, `columns` is the graph, `sizes` and `strings` are two of its columns, and
//! `attachment` says which DOM nodes are in their document,
//! `lookup` finds a reference by its name, `functions` the script of a function, and `originals` puts the places and names of sources in
//! that of those of scripts.

mod attachment;
mod columns;
mod functions;
mod handles;
mod lookup;
mod originals;
mod reader;
mod sizes;
mod strings;

pub use attachment::Attachment;
pub(crate) use attachment::spread;
pub use columns::{Graph, Incomplete};
pub(crate) use functions::{Functions, scope_info};
pub use handles::{Edge, Label, Name, Node};
pub(crate) use originals::Original;
pub use reader::Reader;
pub(crate) use sizes::Sizes;
