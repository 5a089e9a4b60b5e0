//! Heap snapshots, read: who retains what, what leaks, what grew between two, and copies without the contents of strings.
//!
//! ```text
//! bytes -> reading -> graph -> originals -> analysis -> words -> holding -> answers
//!             `-----> redaction -> bytes
//! ```
//!
//! A room for each step. What a room may ask is tested:
//!
//! | room | owns | asks |
//! | --- | --- | --- |
//! | `v8` | what V8 calls things: kinds, names of its own objects, texts | nobody |
//! | `names` | what a name says: whether it is data, whether it tells anything | `v8` |
//! | `reading` | files and bytes, up to nodes, edges and strings one by one | `v8` |
//! | `redaction` | the same bytes again, without the contents of strings | `v8`, `names`, `reading` |
//! | `graph` | nodes, edges and strings in columns | `v8`, `reading` |
//! | `originals` | sources in the place of scripts, by source maps | `v8`, `reading`, `graph` |
//! | `analysis` | what follows from a graph: roots, dominators, sizes, distances, classes, paths | `v8`, `reading`, `graph`, `originals` |
//! | `words` | how nodes, references, paths and holders are named for people | `v8`, `names`, `graph`, `analysis` |
//! | `holding` | who holds what: places that can be compared from heap to heap | the same, and `words` |
//! | `answers` | questions and their answers | all but `redaction` |
//!
//! Other rooms see what a room's `mod.rs` gives out; inside a room files name each other.
//!
//! * [`Source`] reads a file, compressed or not; [`Reader`] is pushed bytes and builds a [`Graph`]; neither holds the text.
//! * [`Heap`] is a graph with everything that is derived from it: dominators, retained sizes, distances, classes. Its
//!   numbers are those of Chrome DevTools on the same file; the modules say where each rule comes from.
//! * The answers are [`summary`], [`suspects`], [`retainers`], [`diff`] and [`report`].
//!
//! Nothing here knows Node.js: it is a library to read files that V8 wrote, and builds without the feature `node`.

mod analysis;
mod answers;
mod graph;
mod holding;
mod names;
mod originals;
mod reading;
mod redaction;
mod v8;
mod words;

pub use analysis::{Class, ClassId, Classes, Definitions, Heap, NO_DISTANCE, Opening, Paths, SYSTEM_DISTANCE};
pub use answers::{
    Branch, Diff, DiffOptions, Differ, GrowthBranch, Report, ReportOptions, Retainers, Sort, Summary, SummaryOptions,
    Suspects, Target, Totals, diff, report, retainers, summary, suspects,
};
pub use graph::{Attachment, Edge, Graph, Incomplete, Label, Name, Node, Reader};
pub use reading::{Header, MemoryRule, Progress, Source, Stage};
pub use redaction::{KeptNames, LeftName, RedactOptions, RedactReport, Redactor, ReplacedKeys};
pub use v8::{EdgeKind, Location, NodeKind, lossy};
pub use words::Step;
