//! Leak suspects: what retains a good part of the heap, and where in it the mass is.
//!
//! The rule is that of Eclipse MAT's leak report, on V8's heaps. The dominator tree is cut at its top: V8's own roots
//! (synthetic nodes) and the global object are passed through. A node there that retains at least the threshold is a
//! suspect; of those that are smaller, all of one class are one suspect if they retain as much together. From a suspect
//! the mass is followed down the tree, always to the largest child, until it scatters: that is the accumulation point,
//! which usually is the collection that grows.

mod about;
mod accumulation;
mod find;

pub use find::{Suspects, suspects};
