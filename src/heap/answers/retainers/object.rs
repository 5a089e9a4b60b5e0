//! Who holds one object.

#![allow(clippy::indexing_slicing, reason = "paths are numbered here")]

use rustc_hash::FxHashMap;

use super::answer::{Retainers, RetainingPath};
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Node};
use crate::heap::v8::EdgeKind;
use crate::heap::words::{Step, path_to, pattern, shown_name};

/// Everything that refers to it, nearest to a root first, each with the shortest path; at most `limit` paths.
pub(super) fn of_object(heap: &Heap, node: Node, limit: usize) -> Retainers {
    let graph = heap.graph();
    let paths = heap.paths();
    let mut holding: Vec<(Node, Edge)> = graph
        .nodes()
        .filter(|source| *source != node)
        .flat_map(|source| graph.edges(source).map(move |edge| (source, edge)))
        .filter(|(_, edge)| graph.target(*edge) == node && graph.edge_kind(*edge) != EdgeKind::Weak)
        // A source that is only reached through the object does not keep it alive.
        .filter(|(source, _)| *source == graph.root() || !paths.passes(graph, *source, node))
        .collect();
    holding.sort_by_key(|(source, edge)| (heap.user_distance(*source).unwrap_or(i32::MAX), *edge));
    let mut alike: Vec<RetainingPath> = Vec::new();
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    for (source, edge) in holding {
        let mut steps = if source == graph.root() { Vec::new() } else { path_to(heap, source) };
        steps.push(Step::over(heap, node, (source != graph.root()).then_some(edge)));
        match known.get(&pattern(&steps)) {
            Some(at) => alike[*at].count += 1,
            None => {
                known.insert(pattern(&steps), alike.len());
                alike.push(RetainingPath { count: 1, retained: heap.retained_size(node), steps });
            }
        }
    }
    let path_count = alike.len();
    alike.truncate(limit);
    Retainers {
        name: shown_name(heap, node),
        id: Some(graph.id(node)),
        count: 1,
        shallow: graph.self_size(node),
        retained: heap.retained_size(node),
        distance: heap.user_distance(node),
        path_count,
        paths: alike,
    }
}
