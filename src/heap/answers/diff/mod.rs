//! What grew between snapshots of one program.
//!
//! Two views. **By retaining path** (`lines`): objects grouped by where they are held (see
//! [`holding`](crate::heap::holding)). **By constructor** (`classes`): counts and sizes of classes. Which objects are new
//! is known where the ids of the snapshots correspond (`identity`).
//!
//! Snapshots are read one after another (`compare`) and only their sums are kept (`differ`, `sums`). The last one comes
//! first: which interfaces plain objects are counted under is decided by it, for all of them.

mod answer;
mod change;
mod classes;
mod compare;
mod differ;
mod identity;
mod lines;
mod sums;

pub use answer::Diff;
pub use compare::{DiffOptions, diff};
pub use differ::Differ;
