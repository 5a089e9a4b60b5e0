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
mod answers;
mod graph;
mod holding;
mod names;
mod reading;
mod redaction;
mod v8;
mod words;

pub use analysis::{Class, ClassId, Classes, Definitions, Heap, Paths};
pub use answers::{
    Branch, Diff, DiffOptions, Differ, Report, ReportOptions, Retainers, Sort, Summary, SummaryOptions, Suspects,
    Target, Totals, diff, report, retainers, summary, suspects,
};
pub use graph::{Attachment, Edge, Graph, Incomplete, Label, Name, Node, Reader};
pub use reading::{Header, Progress, Source, Stage};
pub use redaction::{KeptNames, RedactOptions, RedactReport, Redactor, ReplacedKeys};
pub use v8::{EdgeKind, Location, NodeKind, lossy};
pub use words::{Step, path_to};

/// What a node that nothing reaches has for a distance.
pub const NO_DISTANCE: i32 = analysis::NONE;
/// What only V8's own roots reach has distances from here on.
pub const SYSTEM_DISTANCE: i32 = analysis::SYSTEM;
