//! One shortest path to every node: the one that DevTools' distances are counted along.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the column was made with")]

use super::bits::Bits;
use super::distances::{self, NO_EDGE};
use super::ephemerons::Ephemerons;
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::reading::checkpoint;

/// One shortest path to every node.
#[derive(Debug)]
pub struct Paths {
    /// By ordinal, the edge over which the path comes.
    via: Vec<u32>,
    /// By ordinal, how long the path is; `None` where the heap's distances say it.
    distances: Option<Vec<i32>>,
}

impl Paths {
    /// Finds them all; [`Heap::paths`](super::Heap::paths) does so once.
    pub(super) fn find(graph: &Graph) -> Self {
        Self { via: distances::shortest_edges(graph, &Ephemerons::find(graph)), distances: None }
    }

    /// Finds those that do not lead through a node.
    pub(crate) fn around(graph: &Graph, avoided: Node) -> Self {
        let (distances, via) = distances::around(graph, &Ephemerons::find(graph), avoided);
        Self { via, distances: Some(distances) }
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

    /// Whether there is a path to `node`.
    pub(crate) fn reaches(&self, node: Node) -> bool {
        self.via[node.0 as usize] != NO_EDGE
    }

    /// How long the path to `node` is, where that is not what the heap's distances say.
    pub(super) fn own_distance(&self, node: Node) -> Option<i32> {
        self.distances.as_ref().map(|distances| distances[node.0 as usize])
    }
}

/// Tells which paths lead through one node. Each node is walked over once, however many are asked for.
#[derive(Debug)]
pub(crate) struct Passing<'a> {
    paths: &'a Paths,
    graph: &'a Graph,
    through: Node,
    known: Bits,
    passes: Bits,
    way: Vec<Node>,
}

impl<'a> Passing<'a> {
    pub(crate) fn new(graph: &'a Graph, paths: &'a Paths, through: Node) -> Self {
        let none = || Bits::new(graph.node_count());
        Self { paths, graph, through, known: none(), passes: none(), way: Vec::new() }
    }

    /// Whether the path to `node`, which is another one, leads through it.
    pub(crate) fn passes(&mut self, node: Node) -> bool {
        let mut at = node;
        let answer = loop {
            if at == self.through {
                break true;
            }
            if !self.known.insert(at.0) {
                break self.passes.has(at.0);
            }
            self.way.push(at);
            match self.paths.before(self.graph, at) {
                Some((source, _)) => at = source,
                None => break false,
            }
        };
        for at in self.way.drain(..) {
            if answer {
                self.passes.insert(at.0);
            }
        }
        answer
    }
}
