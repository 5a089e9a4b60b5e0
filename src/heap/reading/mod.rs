//! Bytes of a `.heapsnapshot` in, nodes, edges and strings out.

mod header;
mod numbers;
mod receive;
mod rows;
mod scan;
mod source;
mod unescape;

pub use header::Header;
pub(crate) use receive::{NodeRow, Receive};
pub(crate) use scan::Scanner;
pub use source::Source;
