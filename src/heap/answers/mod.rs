//! Questions about heaps, and their answers: plain data that serializes.
//!
//! A file or folder for each question. They say everything in [`words`](super::words).

mod diff;
mod report;
mod retainers;
mod summary;
mod suspects;

pub use diff::{Diff, DiffOptions, Differ, GrowthBranch, diff};
pub use report::{Branch, Report, ReportOptions, report};
pub use retainers::{Retainers, Target, retainers};
pub use summary::{Sort, Summary, SummaryOptions, Totals, summary};
pub use suspects::{Suspects, suspects};
