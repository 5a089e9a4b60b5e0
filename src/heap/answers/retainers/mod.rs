//! Who holds an object, or the objects of a class.
//!
//! Of an object: everything that refers to it, nearest to a root first, each with the shortest path to it. Of a class: the
//! places at which its objects are held (see [`holding`](crate::heap::holding)), those that retain most first. Either
//! way, paths that differ only in indices and keys are one path with a count.

mod answer;
mod class;
mod object;

use crate::heap::analysis::Heap;
pub use answer::{Retainers, Target};

/// Finds the paths, at most `limit`. `None` if the heap has no such object or class.
pub fn retainers(heap: &Heap, target: &Target, limit: usize) -> Option<Retainers> {
    match target {
        Target::Id(id) => heap.graph().find_id(*id).map(|node| object::of_object(heap, node, limit)),
        Target::Class(name) => class::of_class(heap, name, limit),
    }
}
