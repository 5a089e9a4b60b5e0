//! References that places are made of: from dominators, and to what several things hold.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Node};
use crate::heap::v8::EdgeKind;

/// What has no reference from its dominator.
pub(super) const NO_EDGE: u32 = u32::MAX;
/// So many of the places that hold a thing are remembered.
const MAX_HOLDERS: usize = 4;

/// By node, the reference from its dominator; [`NO_EDGE`] where it has none.
pub(super) fn edges_from_dominators(heap: &Heap) -> Vec<u32> {
    let graph = heap.graph();
    // Of several references, the one that a program would name.
    let rank = |edge: Edge| match graph.edge_kind(edge) {
        EdgeKind::Property => 0,
        EdgeKind::Context => 1,
        EdgeKind::Element => 2,
        EdgeKind::Internal => 3,
        _ => 4,
    };
    let mut edges = vec![NO_EDGE; graph.node_count()];
    for node in graph.nodes() {
        for edge in graph.edges(node).filter(|edge| graph.edge_kind(*edge) != EdgeKind::Weak) {
            let target = graph.target(edge);
            let known = &mut edges[target.0 as usize];
            if heap.dominator(target) == node && (*known == NO_EDGE || rank(edge) < rank(Edge(*known))) {
                *known = edge.0;
            }
        }
    }
    edges
}

/// By place of what several things hold: the places of those, those first that are on most of the shortest ways to it.
pub(super) fn holders(heap: &Heap, at: &[u32], is_shared: impl Fn(Node) -> bool) -> FxHashMap<u32, Vec<u32>> {
    let graph = heap.graph();
    let mut counts: FxHashMap<(u32, u32), (u32, u32)> = FxHashMap::default();
    for holder in graph.nodes() {
        for edge in graph.edges(holder) {
            let node = graph.target(edge);
            if graph.edge_kind(edge) != EdgeKind::Weak && is_shared(node) {
                let (on_way, all) = counts.entry((at[node.0 as usize], at[holder.0 as usize])).or_default();
                *on_way += u32::from(heap.paths().is_before(node, edge));
                *all += 1;
            }
        }
    }
    let mut ranked: Vec<_> =
        counts.into_iter().map(|((place, holder), count)| (place, Reverse(count), holder)).collect();
    ranked.sort_unstable();
    let mut holders: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (place, _, holder) in ranked {
        let known = holders.entry(place).or_default();
        if known.len() < MAX_HOLDERS {
            known.push(holder);
        }
    }
    holders
}
