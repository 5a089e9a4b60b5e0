//! Shallow sizes as people count them.
//!
//! Much of what V8 allocates is part of something else: a Map's table, an object's property array, a string's external
//! data. DevTools gives the size of such a node (hidden, array, or external string data) to the object that owns it, if
//! exactly one does: every way to it, through other such nodes, starts at that object. Where a snapshot was taken with
//! `exposeInternals` nothing is moved: then the internals are what one wants to see.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use super::roots::user_roots;
use crate::heap::graph::{Graph, Node, Sizes};
use crate::heap::reading::checkpoint;
use crate::heap::v8::{EXTERNAL_STRING_DATA, EdgeKind, NodeKind};

const UNVISITED: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

/// Moves the size of every node that is part of one other node to that node.
pub(super) fn give_to_owners(graph: &Graph, mut sizes: Sizes) -> Sizes {
    if user_roots(graph).next().is_none() {
        return sizes;
    }
    let owners = owners(graph);
    for (part, owner) in graph.nodes().zip(owners) {
        if owner == UNVISITED || owner == SEVERAL || owner == part.0 {
            continue;
        }
        let owner = Node(owner);
        if graph.kind(owner) == NodeKind::Synthetic || owner == graph.root() {
            continue;
        }
        sizes.add(owner, sizes.get(part));
        sizes.set(part, 0);
    }
    sizes
}

fn owners(graph: &Graph) -> Vec<u32> {
    let external = graph.find_text(EXTERNAL_STRING_DATA);
    let mut owners: Vec<u32> = graph
        .nodes()
        .map(|node| match graph.kind(node) {
            NodeKind::Hidden | NodeKind::Array => UNVISITED,
            NodeKind::Native if Some(graph.name(node)) == external => UNVISITED,
            _ => node.0,
        })
        .collect();
    let mut work = Vec::new();
    for node in graph.nodes() {
        if owners[node.0 as usize] != node.0 {
            continue;
        }
        work.push(node);
        while let Some(node) = work.pop() {
            checkpoint(node.0);
            let owner = owners[node.0 as usize];
            for edge in graph.edges(node).filter(|edge| graph.edge_kind(*edge) != EdgeKind::Weak) {
                let target = graph.target(edge);
                let known = &mut owners[target.0 as usize];
                if *known == target.0 || *known == owner || *known == SEVERAL {
                    continue;
                }
                // Its first owner; or a second one, so that it has no owner any more, and its own parts may lose theirs.
                *known = if *known == UNVISITED { owner } else { SEVERAL };
                work.push(target);
            }
        }
    }
    owners
}
