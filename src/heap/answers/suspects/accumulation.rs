//! Where the mass of a suspect is: the last object on the way down before it scatters.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::v8::lossy;
use crate::heap::words::{Trails, held_by_last, shown_name};

/// A child that has less than this part of what its parent retains does not carry the mass on.
const CARRIES: f64 = 0.7;
/// Classes of what an accumulation point holds that are shown.
const SHOWN_CLASSES: usize = 5;

/// The object below which the mass scatters.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accumulation {
    /// V8's id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Bytes that it retains.
    pub retained: u64,
    /// How it is reached from the object before: `MemoryStore.sessions`.
    pub held_by: String,
    /// What it immediately dominates, by class, most first.
    pub holds: Vec<Held>,
}

/// Objects of one class below an accumulation point.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct Held {
    pub name: String,
    pub count: u64,
    pub retained: u64,
}

/// From `node` always to the child that retains most, until the mass scatters.
pub(super) fn accumulation_point(heap: &Heap, node: Node) -> Node {
    let mut at = node;
    let mut named = node;
    while let Some(next) = heap.dominated(at).max_by_key(|child| (heap.retained_size(*child), Reverse(*child))) {
        if ratio(heap.retained_size(next), heap.retained_size(at)) < CARRIES {
            break;
        }
        at = next;
        // The table of a Map is a part of it: the last object that a program knows is the one to name.
        if !heap.graph().is_internal(at) {
            named = at;
        }
    }
    named
}

/// What there is to say of an accumulation point.
pub(super) fn accumulation(heap: &Heap, node: Node) -> Accumulation {
    let mut by_class: FxHashMap<ClassId, (u64, u64)> = FxHashMap::default();
    let mut list: Vec<Node> = heap.dominated(node).collect();
    while let Some(child) = list.pop() {
        // What V8 keeps an object's parts in is passed through.
        if heap.graph().is_internal(child) && heap.dominated(child).next().is_some() {
            list.extend(heap.dominated(child));
            continue;
        }
        let entry = by_class.entry(heap.classes().of(child)).or_default();
        entry.0 += 1;
        entry.1 = entry.1.saturating_add(heap.retained_size(child));
    }
    let mut holds: Vec<Held> = by_class
        .into_iter()
        .map(|(class, (count, retained))| Held {
            name: lossy(&heap.classes().get(class).name).into_owned(),
            count,
            retained,
        })
        .collect();
    holds.sort_by(|a, b| (b.retained, b.count, &a.name).cmp(&(a.retained, a.count, &b.name)));
    holds.truncate(SHOWN_CLASSES);
    Accumulation {
        id: heap.graph().id(node),
        name: shown_name(heap, node),
        retained: heap.retained_size(node),
        held_by: held_by_last(&Trails::new(heap).to(node)),
        holds,
    }
}

/// What part the one is of the other, 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a share of a size")]
pub(super) fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
