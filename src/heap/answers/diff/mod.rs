//! What grew between snapshots of one program.
//!
//! Two views. **By retaining path** (`growth`): in lines, by who holds what (see [`holding`](crate::heap::holding)), each byte in exactly
//! one. `view` has all heaps side by side, `owners` says in whose line a place is, `drafts` makes lines of places, `things` chooses what a
//! line names, `purposes` and `lines` have the words, and `shown` says what of it is in the answer; `tree` is the same as a picture has it.
//! **By constructor** (`classes`): counts and sizes of classes. Which objects are new is known where the ids of the snapshots correspond (`identity`).
//!
//! Snapshots are read one after another (`compare`) and only their sums are kept (`differ`, `sums`). The last one comes
//! first: which interfaces plain objects are counted under is decided by it, for all of them.

mod answer;
mod change;
mod classes;
mod compare;
mod differ;
mod drafts;
mod growth;
mod identity;
mod lines;
mod owners;
mod purposes;
mod shown;
mod sums;
mod things;
mod tree;
mod view;

pub use answer::Diff;
pub use compare::{DiffOptions, diff};
pub use differ::Differ;
pub use tree::GrowthBranch;
