//! Which objects of one heap, and which references, are alike: those are whose places are.

use super::names::Names;
use super::shortest::{Placed, Shortest};
use crate::heap::analysis::{Heap, Paths};
use crate::heap::graph::{Edge, Node};

/// The places that some objects have along the shortest ways, or along others.
pub(crate) struct Alike<'a> {
    shortest: Shortest,
    names: Names<'a>,
    placed: Vec<Placed<'a>>,
}

impl<'a> Alike<'a> {
    /// Along these paths, which are called by their number.
    pub(crate) fn along(heap: &'a Heap, paths: &[&'a Paths]) -> Self {
        let placed = paths.iter().map(|paths| Placed::new(heap, paths)).collect();
        Self { shortest: Shortest::new(), names: Names::new(heap), placed }
    }

    /// The place of a node; of one that is not asked for along any of the paths, none.
    pub(crate) fn place(&mut self, paths: usize, node: Node) -> Option<u32> {
        let Self { shortest, names, placed } = self;
        placed.get_mut(paths).map(|placed| placed.place(shortest, names, node))
    }

    /// What is the same for references of `source` that are alike.
    pub(crate) fn reference(&mut self, source: Node, edge: Edge) -> u32 {
        self.names.label(&mut self.shortest.texts, source, edge)
    }
}
