//! What is in a heap: totals, classes, the largest objects, strings that are there more than once.

mod classes;
mod detached;
mod largest;
mod strings;
mod sum_up;
mod totals;
mod types;

pub use classes::Sort;
pub use sum_up::{Summary, SummaryOptions, summary};
pub use totals::Totals;
