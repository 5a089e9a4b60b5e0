//! The objects that retain most.

use std::cmp::Reverse;

use serde::Serialize;

use crate::heap::analysis::Heap;
use crate::heap::graph::Node;
use crate::heap::words::{Step, Trails};

/// One object.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct ObjectSummary {
    pub id: u32,
    pub name: String,
    pub shallow: u64,
    pub retained: u64,
    pub distance: Option<i32>,
    /// The shortest path to it.
    pub path: Vec<Step>,
}

/// At most `top` of them, without those that are V8's own or that V8 alone holds.
pub(super) fn largest(heap: &Heap, top: usize) -> Vec<ObjectSummary> {
    let graph = heap.graph();
    let mut nodes: Vec<Node> = graph.nodes().filter(|node| is_users(heap, *node)).collect();
    let key = |node: &Node| (Reverse(heap.retained_size(*node)), *node);
    if nodes.len() > top && top > 0 {
        nodes.select_nth_unstable_by_key(top - 1, key);
    }
    nodes.truncate(top);
    nodes.sort_by_key(key);
    let mut trails = Trails::new(heap);
    nodes
        .into_iter()
        .map(|node| ObjectSummary {
            id: graph.id(node),
            name: trails.name(node),
            shallow: graph.self_size(node),
            retained: heap.retained_size(node),
            distance: heap.user_distance(node),
            path: trails.to(node),
        })
        .collect()
}

/// Whether the node is something that a program made, rather than V8 for itself.
fn is_users(heap: &Heap, node: Node) -> bool {
    !heap.graph().kind(node).is_internal() && heap.user_distance(node).is_some()
}
