//! Heap snapshots, read: who retains what, what leaks, what grew between two, and copies without the contents of strings.
//!
//! ```text
//! source -> scan (meta, rows, numbers, text) -> reader -> graph -> heap (dominators, sizes, distances, classes)
//!                                                      -> summary, suspects, retainers, diff, report
//! source -> redact -> anywhere
//! ```
//!
//! * [`Source`] reads a file, compressed or not; [`Reader`] is pushed bytes and builds a [`Graph`]; neither holds the text.
//! * [`Heap`] is a graph with everything that is derived from it: dominators, retained sizes, distances, classes. Its
//!   numbers are those of Chrome DevTools on the same file; the modules say where each rule comes from.
//! * The answers ([`summary`], [`suspects`], [`retainers`], [`diff`], [`report`]) are plain data that serializes.
//!
//! Nothing here knows Node.js: it is a library to read files that V8 wrote, and builds without the feature `node`.

mod analysis;
mod attachment;
mod bits;
mod classes;
mod diff;
mod distances;
mod dominators;
mod ephemerons;
mod graph;
mod groups;
mod holders;
mod interfaces;
mod meta;
mod numbers;
mod paths;
mod reader;
mod redact;
mod report;
mod retainers;
mod rows;
mod scan;
mod sizes;
mod source;
mod summary;
mod suspects;
mod text;
mod totals;
mod tree;

pub use analysis::{Heap, Progress, Stage};
pub use classes::{Class, ClassId, Classes};
pub use diff::{Diff, DiffOptions, Differ, diff};
pub use graph::{Attachment, Edge, Graph, Incomplete, Label, Location, Name, Node};
pub use interfaces::Definitions;
pub use meta::{EdgeKind, Header, NodeKind};
pub use paths::{Paths, Step};
pub use reader::Reader;
pub use redact::{KeptNames, RedactOptions, RedactReport, Redactor, ReplacedKeys};
pub use report::{Branch, Report, ReportOptions, report};
pub use retainers::{Retainers, Target, retainers};
pub use source::Source;
pub use summary::{Sort, Summary, SummaryOptions, summary};
pub use suspects::{Suspects, suspects};
pub use text::lossy;
pub use totals::Totals;

/// What a node that nothing reaches has for a distance.
pub const NO_DISTANCE: i32 = distances::NONE;
/// What only V8's own roots reach has distances from here on.
pub const SYSTEM_DISTANCE: i32 = distances::SYSTEM;
