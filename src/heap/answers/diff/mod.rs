//! What grew between snapshots of one program.
//!
//! Two views. **By retaining path** (`growth`): in lines, by who holds what (see [`holding`](crate::heap::holding)), each byte in exactly
//! one: see [`lines`](super::lines); `shown` says what of it is in the answer. **By constructor** (`classes`): counts
//! and sizes of classes. Which objects are new is known where the ids of the snapshots correspond (`identity`).
//!
//! Snapshots are read one after another (`compare`) and only their sums are kept (`differ`, `sums`). The last one comes
//! first: which interfaces plain objects are counted under is decided by it, for all of them.

mod answer;
mod classes;
mod compare;
mod differ;
mod growth;
mod identity;
mod shown;
mod sums;

pub use answer::Diff;
pub use compare::{DiffOptions, diff};
pub use differ::Differ;
