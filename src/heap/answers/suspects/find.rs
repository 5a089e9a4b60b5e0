//! Which objects, and which classes, are suspects.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::about::{About, Suspect};
use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::names::is_telling_group;

/// What retains a good part of the heap.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspects {
    /// All of the heap, in bytes.
    pub total: u64,
    /// What a suspect retains at least, in bytes.
    pub threshold: u64,
    /// Most first.
    pub suspects: Vec<Suspect>,
}

/// Finds what retains at least `share` (0 to 1) of the heap.
pub fn suspects(heap: &Heap, share: f64) -> Suspects {
    let total = heap.total_size();
    let threshold = part(total, share);
    let (mut single, mut small): (Vec<Node>, FxHashMap<ClassId, Vec<Node>>) = Default::default();
    for node in tops(heap, threshold) {
        if heap.retained_size(node) >= threshold {
            single.push(node);
        } else {
            small.entry(heap.classes().of(node)).or_default().push(node);
        }
    }
    let about = About { heap, total };
    let mut suspects: Vec<Suspect> = single.into_iter().map(|node| about.object(node)).collect();
    for (class, mut nodes) in small {
        let retained = nodes.iter().fold(0_u64, |sum, node| sum.saturating_add(heap.retained_size(*node)));
        if retained >= threshold && nodes.len() > 1 && are_telling(heap, &nodes) {
            nodes.sort_by_key(|node| (Reverse(heap.retained_size(*node)), *node));
            suspects.push(about.group(class, &nodes, retained));
        }
    }
    suspects.sort_by(|a, b| (b.retained, &a.name).cmp(&(a.retained, &b.name)));
    Suspects { total, threshold, suspects }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a size"
)]
fn part(total: u64, share: f64) -> u64 {
    ((total as f64) * share.clamp(0.0, 1.0)).max(1.0) as u64
}

/// The top of the dominator tree, without what every program has there.
fn tops(heap: &Heap, threshold: u64) -> Vec<Node> {
    let mut tops = Vec::new();
    let mut list = vec![heap.graph().root()];
    while let Some(node) = list.pop() {
        for child in heap.dominated(node) {
            if heap.is_in_every_program(child)
                || (heap.graph().is_internal(child) && heap.retained_size(child) >= threshold)
            {
                list.push(child);
            } else {
                tops.push(child);
            }
        }
    }
    tops
}

/// Whether a group of these, all of one class, can be a suspect.
fn are_telling(heap: &Heap, nodes: &[Node]) -> bool {
    let graph = heap.graph();
    nodes
        .first()
        .is_some_and(|node| is_telling_group(graph.kind(*node), graph.is_internal(*node), heap.class_name(*node)))
}
