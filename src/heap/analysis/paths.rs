//! One shortest path to every node: the one that DevTools' distances are counted along.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the column was made with")]

use super::distances::{self, NO_EDGE};
use super::ephemerons::Ephemerons;
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::reading::checkpoint;

/// One shortest path to every node.
#[derive(Debug)]
pub struct Paths {
    /// By ordinal, the edge over which the path comes.
    via: Vec<u32>,
}

impl Paths {
    /// Finds them all; [`Heap::paths`](super::Heap::paths) does so once.
    pub(super) fn find(graph: &Graph) -> Self {
        Self { via: distances::shortest_edges(graph, &Ephemerons::find(graph)) }
    }

    /// The reference over which the path to `node` comes, and the node that has it. `None` for the root, and for what
    /// nothing reaches.
    pub fn before(&self, graph: &Graph, node: Node) -> Option<(Node, Edge)> {
        // Whoever asks follows paths, as long as they are.
        checkpoint(node.0);
        match self.via[node.0 as usize] {
            NO_EDGE => None,
            edge => Some((graph.source(Edge(edge)), Edge(edge))),
        }
    }

    /// Whether the path to `node` comes over `edge`.
    pub(crate) fn is_before(&self, node: Node, edge: Edge) -> bool {
        self.via[node.0 as usize] == edge.0
    }

    /// Whether the path to `node` leads through `through`.
    pub(crate) fn passes(&self, graph: &Graph, node: Node, through: Node) -> bool {
        let mut sources = std::iter::successors(self.before(graph, node), |(source, _)| self.before(graph, *source));
        sources.any(|(source, _)| source == through)
    }
}
