//! Who holds one object.

use rustc_hash::FxHashMap;

use super::answer::{Retainers, RetainingPath};
use crate::heap::analysis::{Heap, Passing, Paths};
use crate::heap::graph::{Edge, Node};
use crate::heap::holding::Alike;
use crate::heap::v8::EdgeKind;
use crate::heap::words::Trails;

/// The shortest paths, and those that lead around the object.
const SHORTEST: usize = 0;
const AROUND: usize = 1;

/// A reference to the object.
#[derive(Debug, Clone, Copy)]
struct Holding {
    source: Node,
    edge: Edge,
    /// By number, the paths that `source` is reached along.
    paths: usize,
}

/// References that are alike.
struct Group {
    count: u64,
    distance: i32,
    /// The one that is nearest to a root.
    nearest: Holding,
}

/// Everything that refers to it, nearest to a root first, each with the shortest path that does not lead through the object
/// itself; those that are alike are one, and at most `limit` are in the answer.
pub(super) fn of_object(heap: &Heap, node: Node, limit: usize) -> Retainers {
    let mut holding = holding(heap, node);
    let around = holding.iter().any(|one| one.paths == AROUND).then(|| Paths::around(heap.graph(), node));
    let paths: Vec<&Paths> = std::iter::once(heap.paths()).chain(&around).collect();
    let of = |one: &Holding| paths.get(one.paths).copied().unwrap_or(heap.paths());
    // What is only reached through the object by the rule of distances, which leaves out more references than dominators do.
    holding.retain(|one| one.paths == SHORTEST || of(one).reaches(one.source));
    let groups = groups(heap, &paths, &holding);
    let mut trails = Trails::new(heap);
    Retainers {
        name: trails.name(node),
        id: Some(heap.graph().id(node)),
        count: 1,
        shallow: heap.graph().self_size(node),
        retained: heap.retained_size(node),
        distance: heap.user_distance(node),
        path_count: groups.len(),
        paths: groups
            .iter()
            .take(limit)
            .map(|Group { count, nearest, .. }| RetainingPath {
                count: *count,
                retained: heap.retained_size(node),
                steps: trails.along(of(nearest), nearest.source, Some(nearest.edge)),
            })
            .collect(),
    }
}

/// The references that keep the object alive: what it dominates itself does not.
fn holding(heap: &Heap, node: Node) -> Vec<Holding> {
    let graph = heap.graph();
    let own = heap.dominated_by(node);
    let mut passing = Passing::new(graph, heap.paths(), node);
    let mut found = Vec::new();
    for source in graph.nodes().filter(|source| !own.has(source.0)) {
        for edge in graph.edges(source) {
            if graph.target(edge) == node && graph.edge_kind(edge) != EdgeKind::Weak {
                let paths = if passing.passes(source) { AROUND } else { SHORTEST };
                found.push(Holding { source, edge, paths });
            }
        }
    }
    found
}

/// Alike ones together, nearest first.
fn groups(heap: &Heap, paths: &[&Paths], holding: &[Holding]) -> Vec<Group> {
    let mut alike = Alike::along(heap, paths);
    let mut groups: FxHashMap<(Option<u32>, u32), Group> = FxHashMap::default();
    for one in holding {
        let distance = paths.get(one.paths).map_or(i32::MAX, |paths| heap.distance_along(paths, one.source));
        let distance = if one.source == heap.graph().root() || distance < 0 { i32::MAX } else { distance };
        let key = (alike.place(one.paths, one.source), alike.reference(one.source, one.edge));
        let group = groups.entry(key).or_insert(Group { count: 0, distance, nearest: *one });
        group.count += 1;
        if (distance, one.edge) < (group.distance, group.nearest.edge) {
            (group.distance, group.nearest) = (distance, *one);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.distance, group.nearest.edge));
    groups
}
