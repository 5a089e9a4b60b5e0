//! What an accumulation point holds.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::v8::lossy;

/// Classes of what an accumulation point holds that are shown.
const SHOWN_CLASSES: usize = 5;

/// Objects of one class below an accumulation point.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct Held {
    pub name: String,
    pub count: u64,
    pub retained: u64,
}

/// What the suspect is about, and what else the node immediately dominates, by class, most first.
pub(super) fn holds(heap: &Heap, node: Node, about: Option<Held>) -> Vec<Held> {
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
    let mut classes: Vec<Held> = by_class
        .into_iter()
        .map(|(class, (count, retained))| Held {
            name: lossy(&heap.classes().get(class).name).into_owned(),
            count,
            retained,
        })
        .filter(|held| about.as_ref().is_none_or(|about| about.name != held.name))
        .collect();
    classes.sort_by(|a, b| (b.retained, b.count, &a.name).cmp(&(a.retained, a.count, &b.name)));
    about.into_iter().chain(classes).take(SHOWN_CLASSES).collect()
}
