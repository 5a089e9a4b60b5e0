//! Leak suspects: what retains a good part of the heap, and who holds it.
//!
//! Two rules. **Many**: the heap is compared with an imagined one in which each holder had one of what it has many of now (see
//! [`Dominance::imagine`](crate::heap::holding::Dominance::imagine)). A line of that comparison that has the threshold or more is a
//! suspect: so they are found, counted and named as what grew is in a diff, whatever holds the mass: a collection, a list by its head, a
//! tree by its root. What only leads there, such as modules and functions, is no suspect. **Large**: an object that has as much by itself.
//!
//! What Node.js has in every process is no suspect, as long as it is not larger than that.

mod about;
mod find;
mod holds;
mod large;
mod many;

pub use find::{Suspects, suspects};
