//! Distances: how many references away from a user root a node is.
//!
//! DevTools' rule, so that the numbers are DevTools' numbers: first breadth-first from the root's own targets that are
//! not V8's (distance 1), then from the root itself for what only V8 holds, starting at [`SYSTEM_DISTANCE`]. Weak references are
//! not followed, nor are a few references that say nothing: from the native context to a map of functions, from arrays of
//! descriptors to maps that may not use them, and the first of the two edges of a WeakMap's entry.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use rustc_hash::FxHashSet;

use super::ephemerons::Ephemerons;
use super::roots::user_roots;
use crate::heap::graph::{Edge, Graph, Label, Name, Node};
use crate::heap::reading::checkpoint;
use crate::heap::v8::{EdgeKind, MAP_DESCRIPTORS, NATIVE_CONTEXT, NodeKind, SLOPPY_FUNCTION_MAP};

/// The distance of a node that nothing reaches.
pub const NO_DISTANCE: i32 = -5;
/// What is reached from V8's own roots only has this distance or a greater one.
pub const SYSTEM_DISTANCE: i32 = 100_000_000;

/// The distance, if it is from a user root; `None` for what only V8 itself holds, and for what nothing reaches.
pub(crate) fn from_user_root(distance: i32) -> Option<i32> {
    (0..SYSTEM_DISTANCE).contains(&distance).then_some(distance)
}

/// How many references from the first node of a path, that included.
pub(super) fn steps(distance: i32) -> u64 {
    u64::try_from(if distance >= SYSTEM_DISTANCE { distance - SYSTEM_DISTANCE } else { distance }).unwrap_or(0)
}

/// That of a node that no path is to lead through.
const AVOIDED: i32 = NO_DISTANCE + 1;
/// No edge.
pub(super) const NO_EDGE: u32 = u32::MAX;

/// By ordinal, the distance.
pub(super) fn distances(graph: &Graph, ephemerons: &Ephemerons) -> Vec<i32> {
    walk(graph, ephemerons, None, None).0
}

/// By ordinal, the edge over which a shortest path comes; [`NO_EDGE`] where a path begins, and where there is none.
pub(super) fn shortest_edges(graph: &Graph, ephemerons: &Ephemerons) -> Vec<u32> {
    walk(graph, ephemerons, Some(vec![NO_EDGE; graph.node_count()]), None).1.unwrap_or_default()
}

/// Distances, and the edges of shortest paths, as if `avoided` were not there.
pub(super) fn around(graph: &Graph, ephemerons: &Ephemerons, avoided: Node) -> (Vec<i32>, Vec<u32>) {
    let (distances, via) = walk(graph, ephemerons, Some(vec![NO_EDGE; graph.node_count()]), Some(avoided));
    (distances, via.unwrap_or_default())
}

fn walk(
    graph: &Graph,
    ephemerons: &Ephemerons,
    via: Option<Vec<u32>>,
    avoided: Option<Node>,
) -> (Vec<i32>, Option<Vec<u32>>) {
    let mut walk = Walk {
        graph,
        ephemerons,
        distances: vec![NO_DISTANCE; graph.node_count()],
        via,
        queue: Vec::new(),
        pending: FxHashSet::default(),
        native_context: graph.find_text(NATIVE_CONTEXT),
        sloppy_function_map: graph.find_text(SLOPPY_FUNCTION_MAP),
        map_descriptors: graph.find_text(MAP_DESCRIPTORS),
    };
    let root = graph.root();
    if let Some(node) = avoided {
        walk.distances[node.0 as usize] = AVOIDED;
    }
    for edge in user_roots(graph).filter(|edge| Some(graph.target(*edge)) != avoided) {
        let target = graph.target(edge);
        walk.distances[target.0 as usize] = 1;
        walk.came_over(target, edge);
        walk.queue.push(target);
    }
    let user = !walk.queue.is_empty();
    walk.run();
    walk.distances[root.0 as usize] = if user { SYSTEM_DISTANCE } else { 0 };
    // An object may refer to the root; no path leads over that.
    if let Some(via) = &mut walk.via {
        via[root.0 as usize] = NO_EDGE;
    }
    walk.queue.push(root);
    walk.run();
    (walk.distances, walk.via)
}

struct Walk<'a> {
    graph: &'a Graph,
    ephemerons: &'a Ephemerons,
    distances: Vec<i32>,
    via: Option<Vec<u32>>,
    /// The nodes of the next level.
    queue: Vec<Node>,
    /// Entries of WeakMaps of which one edge was met.
    pending: FxHashSet<u32>,
    native_context: Option<Name>,
    sloppy_function_map: Option<Name>,
    map_descriptors: Option<Name>,
}

impl Walk<'_> {
    fn run(&mut self) {
        // Level by level, which is the order of a queue, and never holds more than two levels.
        let mut level = std::mem::take(&mut self.queue);
        while !level.is_empty() {
            for node in level.drain(..) {
                self.visit(node);
            }
            std::mem::swap(&mut level, &mut self.queue);
        }
    }

    fn visit(&mut self, node: Node) {
        checkpoint(node.0);
        let next = self.distances[node.0 as usize] + 1;
        let kind = self.graph.kind(node);
        let name = Some(self.graph.name(node));
        let context = kind == NodeKind::Hidden && name == self.native_context;
        let descriptors = kind == NodeKind::Array && name == self.map_descriptors;
        for edge in self.graph.edges(node) {
            let edge_kind = self.graph.edge_kind(edge);
            if edge_kind == EdgeKind::Weak {
                continue;
            }
            let target = self.graph.target(edge);
            if self.distances[target.0 as usize] != NO_DISTANCE {
                continue;
            }
            let skipped = (context
                && self.graph.edge_name(edge).is_some()
                && self.graph.edge_name(edge) == self.sloppy_function_map)
                || (descriptors && is_descriptor(self.graph, edge))
                || (!descriptors && edge_kind == EdgeKind::Internal && self.is_first_of_pair(edge));
            if !skipped {
                self.distances[target.0 as usize] = next;
                self.came_over(target, edge);
                self.queue.push(target);
            }
        }
    }

    #[inline]
    fn came_over(&mut self, target: Node, edge: Edge) {
        if let Some(via) = &mut self.via {
            via[target.0 as usize] = edge.0;
        }
    }

    fn is_first_of_pair(&mut self, edge: Edge) -> bool {
        let Some(entry) = self.graph.edge_name(edge).and_then(|name| self.ephemerons.entry(name)) else { return false };
        if self.pending.remove(&entry.pair) {
            return false;
        }
        self.pending.insert(entry.pair);
        true
    }
}

/// Descriptor arrays hold, from 2 on, a key, a type and a descriptor each; the descriptors may be another map's.
fn is_descriptor(graph: &Graph, edge: Edge) -> bool {
    match graph.label(edge) {
        Label::Index(index) => index >= 2 && index % 3 == 1,
        // V8 names them by their number in some versions.
        Label::Named(name) => {
            let digits: Vec<u8> = graph.text(name).iter().copied().take_while(u8::is_ascii_digit).collect();
            std::str::from_utf8(&digits)
                .ok()
                .and_then(|digits| digits.parse::<u64>().ok())
                .is_some_and(|index| index >= 2 && index % 3 == 1)
        }
    }
}
