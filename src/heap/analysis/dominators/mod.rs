//! The dominator tree and retained sizes.
//!
//! A node dominates another if every path from the root to the other leads through it: were it gone, the other would be
//! garbage. What a node retains is itself and all it dominates.
//!
//! `search` walks the graph and says which edges count; `semi_nca` makes dominators of what it found.

#![allow(clippy::indexing_slicing, reason = "numbers and ordinals are below the count that the columns were made with")]

mod search;
mod semi_nca;

use self::search::Search;
use self::semi_nca::semi_nca;
use super::bits::Bits;
use super::ephemerons::Ephemerons;
use crate::heap::graph::{Graph, Node, Sizes};
use crate::heap::reading::checkpoint;

/// Every node's immediate dominator.
#[derive(Debug)]
pub(super) struct Dominators {
    /// By ordinal; the root's is itself.
    pub(super) parent: Vec<u32>,
    /// Ordinals in the order of the search: a dominator before what it dominates. Unreached nodes are not in it.
    pub(super) order: Vec<u32>,
}

/// Finds them all.
pub(super) fn dominators(graph: &Graph, ephemerons: &Ephemerons) -> Dominators {
    let mut search = Search::new(graph, ephemerons);
    search.run();
    // Columns of tens of millions of nodes: what has done its work makes room before the next is made.
    let sources = search.sources();
    let Search { numbers, order, parents, semis, ends, stack, page_rest, .. } = search;
    drop((numbers, stack, page_rest));
    let idoms = semi_nca(parents, semis, ends, sources);
    let mut parent = vec![graph.root().0; graph.node_count()];
    for (node, idom) in order.iter().zip(&idoms) {
        parent[*node as usize] = order[*idom as usize];
    }
    Dominators { parent, order }
}

/// By ordinal: the bytes of the node and of all it dominates.
pub(super) fn retained_sizes(graph: &Graph, dominators: &Dominators) -> Sizes {
    let mut retained = graph.sizes().clone();
    let root = graph.root();
    // Those that were never reached hang on the root, one by one.
    let mut reached = Bits::new(graph.node_count());
    for node in &dominators.order {
        reached.insert(*node);
    }
    for node in graph.nodes().filter(|node| !reached.has(node.0)) {
        retained.add(root, retained.get(node));
    }
    for node in dominators.order.iter().skip(1).rev() {
        checkpoint(*node);
        let own = retained.get(Node(*node));
        retained.add(Node(dominators.parent[*node as usize]), own);
    }
    retained
}
