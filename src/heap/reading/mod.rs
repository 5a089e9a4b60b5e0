//! Bytes of a `.heapsnapshot` in, nodes, edges and strings out.

mod header;
mod nesting;
mod numbers;
mod progress;
mod receive;
mod rows;
mod scan;
mod source;
mod unescape;

pub use header::Header;
pub use progress::{Progress, Stage};
pub(crate) use receive::{NodeRow, Receive};
pub(crate) use scan::Scanner;
pub use source::Source;
