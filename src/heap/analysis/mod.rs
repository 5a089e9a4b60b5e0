//! All that follows from a graph.

mod bits;
mod class_totals;
mod classes;
mod distances;
mod dominators;
mod ephemerons;
mod heap;
mod interfaces;
mod open;
mod owners;
mod paths;
mod roots;
mod tree;

pub(crate) use bits::Bits;
pub use classes::{Class, ClassId, Classes};
pub(crate) use distances::{NONE, SYSTEM, from_user_root};
pub use heap::Heap;
pub use interfaces::Definitions;
pub use paths::Paths;
