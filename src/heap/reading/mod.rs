//! From files to nodes, edges and strings, one by one.
//!
//! `source` reads and decompresses, `scan` takes the bytes in any chunking and hands what it finds to whoever
//! [`Receive`]s it: `graph` to keep it, `redaction` to write it again. `header` says what the file's rows mean, `rows` checks them, `window`
//! and `numbers` read them, `unescape` reads strings, `nesting` passes over the rest. No byte is held for longer than
//! it is looked at. `progress` says how far a reading is, `work` gives it up in the middle, and `budget` looks after memory.

mod budget;
mod header;
mod input;
mod nesting;
mod numbers;
mod progress;
mod receive;
mod rows;
mod scan;
mod source;
mod unescape;
mod window;
mod work;

pub use budget::MemoryRule;
pub use header::Header;
pub use progress::{Progress, Stage};
pub(crate) use receive::{NodeRow, Receive};
pub(crate) use scan::Scanner;
pub use source::Source;
pub(crate) use work::{attend, checkpoint, current};
