//! Who holds what there is more of, in lines, each byte of a heap in exactly one.
//!
//! `view` has all heaps side by side, `owners` says in whose line a place is, `drafts` makes lines of places, `things` chooses what a line
//! names, `purposes` and `line` have the words. `alone` is for one heap by itself. `tree` is
//! what grew as a picture has it.

mod alone;
mod change;
mod drafts;
mod line;
mod owners;
mod purposes;
mod things;
mod tree;
mod view;

pub(crate) use change::{delta, rose};
pub(crate) use drafts::Draft;
pub(crate) use line::PathGrowth;
pub use tree::GrowthBranch;
pub(crate) use view::View;
