//! Questions about heaps, and their answers: plain data that serializes.
//!
//! A file or folder for each question; `lines` are what `diff` and `suspects` have in common. They say everything in [`words`](super::words).

mod diff;
mod lines;
mod report;
mod retainers;
mod summary;
mod suspects;

pub use diff::{Diff, DiffOptions, Differ, diff};
pub use lines::GrowthBranch;
pub use report::{Branch, Report, ReportOptions, report};
pub use retainers::{Retainers, Target, retainers};
pub use summary::{Sort, Summary, SummaryOptions, Totals, summary};
pub use suspects::{Suspects, suspects};
