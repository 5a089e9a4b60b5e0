//! Bytes of a `.heapsnapshot` in, nodes, edges and strings out.

mod header;
mod numbers;
mod rows;
mod scan;
mod source;
mod text;

pub use header::{EdgeKind, Header, NodeKind};
pub(crate) use scan::{NodeRow, Receive, Scanner};
pub use source::Source;
pub use text::lossy;
pub(crate) use text::{Strings, utf16_length};
