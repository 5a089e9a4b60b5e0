//! All that follows from a graph.

mod bits;
mod classes;
mod distances;
mod dominators;
mod ephemerons;
mod heap;
mod interfaces;
mod owners;
mod paths;
mod roots;
mod tree;

pub(crate) use bits::Bits;
pub use classes::{Class, ClassId, Classes};
pub(crate) use distances::{NONE, SYSTEM, from_user_root};
pub use heap::{Heap, Progress, Stage};
pub use interfaces::Definitions;
pub use paths::Paths;
