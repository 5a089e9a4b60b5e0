//! Bytes by what they are for: DevTools' "Statistics".

use serde::Serialize;

use crate::heap::analysis::{Bits, Heap};
use crate::heap::graph::{Graph, Node};
use crate::heap::v8::{ARRAY, ARRAY_BUFFER_DATA, ELEMENTS, EdgeKind, NodeKind};

/// Bytes by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// All of it.
    pub total: u64,
    /// Memory outside V8's heap that objects stand for.
    pub native: u64,
    /// Of that, the contents of ArrayBuffers.
    pub typed_arrays: u64,
    /// Compiled code and its data.
    pub code: u64,
    /// Strings.
    pub strings: u64,
    /// Arrays with their elements.
    pub arrays: u64,
    /// V8's own objects.
    pub system: u64,
    /// Everything else: objects, closures …
    pub other: u64,
}

pub(super) fn totals(heap: &Heap) -> Totals {
    let graph = heap.graph();
    let mut totals =
        Totals { total: heap.total_size(), native: graph.header().extra_native_bytes, ..Totals::default() };
    let array_buffer = graph.find_text(ARRAY_BUFFER_DATA);
    let array = graph.find_text(ARRAY);
    let mut elements = Vec::new();
    for node in graph.nodes() {
        let size = graph.self_size(node);
        match graph.kind(node) {
            NodeKind::Hidden => totals.system += size,
            NodeKind::Native => {
                totals.native = totals.native.saturating_add(size);
                if Some(graph.name(node)) == array_buffer {
                    totals.typed_arrays += size;
                }
            }
            NodeKind::Code => totals.code += size,
            kind if kind.is_string() => totals.strings += size,
            _ if Some(graph.name(node)) == array => {
                totals.arrays += size;
                elements.extend(elements_of(graph, node));
            }
            _ => {}
        }
    }
    // Elements that somebody else refers to, too, are not the array's.
    let shared = shared(graph, &elements);
    for node in elements.into_iter().filter(|node| !shared.has(node.0)) {
        totals.arrays = totals.arrays.saturating_add(graph.self_size(node));
    }
    let known = [totals.native, totals.code, totals.strings, totals.arrays, totals.system];
    totals.other = known.iter().fold(totals.total, |rest, part| rest.saturating_sub(*part));
    totals
}

/// Where an array keeps its elements.
fn elements_of(graph: &Graph, array: Node) -> Option<Node> {
    graph
        .edges(array)
        .filter(|edge| graph.edge_kind(*edge) == EdgeKind::Internal)
        .find(|edge| graph.edge_name(*edge).is_some_and(|name| graph.text(name) == ELEMENTS))
        .map(|edge| graph.target(edge))
}

/// Those of the nodes that more than one edge leads to.
fn shared(graph: &Graph, nodes: &[Node]) -> Bits {
    let none = || Bits::new(graph.node_count());
    let (mut asked, mut once, mut shared) = (none(), none(), none());
    for node in nodes {
        asked.insert(node.0);
    }
    for target in graph.targets() {
        if asked.has(target.0) && !once.insert(target.0) {
            shared.insert(target.0);
        }
    }
    shared
}
