//! What to call a node.

use super::figures::shortened;
use super::scripts::ScriptPlace;
use crate::heap::analysis::Heap;
use crate::heap::graph::Node;
use crate::heap::v8::{NodeKind, lossy};

/// The longest name of one of V8's own nodes.
const MAX_NAME: usize = 60;

/// A node by its class; a function by its own name; a string by what it is.
pub(crate) fn shown_name(heap: &Heap, node: Node) -> String {
    let graph = heap.graph();
    let own = lossy(graph.text(graph.name(node)));
    match graph.kind(node) {
        NodeKind::Closure if own.is_empty() => "(anonymous function)".into(),
        NodeKind::Closure => format!("{own}()"),
        NodeKind::Object | NodeKind::Native => lossy(heap.class_name(node)).into_owned(),
        kind if kind.is_internal() && !own.is_empty() => shortened(&own, MAX_NAME),
        _ => lossy(heap.class_name(node)).into_owned(),
    }
}

/// A function by its name and its place.
pub(crate) fn function_text(name: &str, at: &ScriptPlace) -> String {
    if name.is_empty() { format!("function ({})", at.text) } else { format!("{name}() ({})", at.text) }
}

/// A class without a name by its place.
pub(crate) fn class_text(at: &ScriptPlace) -> String {
    format!("class ({})", at.text)
}
