//! Questions about a heap, and their answers.

mod diff;
mod report;
mod retainers;
mod summary;
mod suspects;

pub use diff::{Diff, DiffOptions, Differ, diff};
pub use report::{Branch, Report, ReportOptions, report};
pub use retainers::{Retainers, Target, retainers};
pub use summary::{Sort, Summary, SummaryOptions, Totals, summary};
pub use suspects::{Suspects, suspects};
