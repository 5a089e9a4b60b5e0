//! What follows from a graph. All rules are DevTools', so that all numbers are.
//!
//! [`Heap`] is a graph with all of it, and the one thing that every question is asked of; `open` makes one from a file.
//! `roots` says what a root is, `ephemerons` which edges are of WeakMaps. From these follow `dominators` (and the `tree`
//! of them), `owners` (shallow sizes), `distances` and `paths`. `classes` and `interfaces` say what nodes are counted as,
//! and `class_totals` adds them up.

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
pub(crate) use distances::from_user_root;
pub use distances::{NO_DISTANCE, SYSTEM_DISTANCE};
pub use heap::Heap;
pub use interfaces::Definitions;
pub use open::Opening;
pub(crate) use paths::Passing;
pub use paths::Paths;
