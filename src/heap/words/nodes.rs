//! What to call a node.

use super::code::Code;
use super::figures::shortened;
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

/// The names of one heap's nodes, with scopes by the code that they are of.
#[derive(Debug)]
pub(crate) struct Nodes<'a> {
    heap: &'a Heap,
    code: Code,
}

impl<'a> Nodes<'a> {
    pub(crate) fn new(heap: &'a Heap) -> Self {
        Self { heap, code: Code::find(heap.graph()) }
    }

    /// A scope as `cart.js`, or `serve() (cart.js:8)`, and so a call that was suspended; everything else as [`shown_name`] has it.
    pub(crate) fn name(&self, node: Node) -> String {
        self.code.scope(self.heap.graph(), node).map_or_else(|| shown_name(self.heap, node), |at| at.text)
    }
}
