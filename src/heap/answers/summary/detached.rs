//! DOM nodes that were removed from their document and are still in memory.

use serde::Serialize;

use crate::heap::analysis::Heap;
use crate::heap::graph::Attachment;
use crate::heap::v8::is_detached_element;

/// DOM nodes that were removed from their document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct DetachedSummary {
    pub count: u64,
    pub shallow: u64,
    pub retained: u64,
}

/// Counts them; `None` if there are none.
pub(super) fn detached(heap: &Heap) -> Option<DetachedSummary> {
    let graph = heap.graph();
    let mut found = DetachedSummary { count: 0, shallow: 0, retained: 0 };
    for node in graph.attached_or_detached() {
        // Node.js marks native objects of its own, too; those are no leak.
        let is_element = is_detached_element(graph.text(graph.name(node)));
        if is_element && graph.attachment(node) == Attachment::Detached {
            found.count += 1;
            found.shallow += graph.self_size(node);
            if graph.attachment(heap.dominator(node)) != Attachment::Detached {
                found.retained += heap.retained_size(node);
            }
        }
    }
    (found.count > 0).then_some(found)
}
