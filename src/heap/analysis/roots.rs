//! What a root is: where a program's memory begins, and what is only V8's way of writing that down.
//!
//! A snapshot has one root node. Below it are V8's own collections of roots (synthetic nodes such as `(GC roots)`), and
//! what the user sees as roots: the global objects and, in a browser, the documents.

use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::v8::{DOCUMENT_TREES, EdgeKind, NodeKind, is_global};

/// Global objects are at the roots, or held by their contexts.
const GLOBAL_DISTANCE: i32 = 2;

/// Whether the root's target is a user root: anything but V8's own collections of roots. DevTools counts distances from
/// these.
pub(super) fn is_user_root(graph: &Graph, node: Node) -> bool {
    graph.kind(node) != NodeKind::Synthetic || is_document_trees(graph, node)
}

/// The references from the root to user roots; there are none where a snapshot was taken with `exposeInternals`.
pub(super) fn user_roots(graph: &Graph) -> impl Iterator<Item = Edge> {
    graph.edges(graph.root()).filter(|edge| is_user_root(graph, graph.target(*edge)))
}

/// Whether the root's edge leads to a page's global object (in Node: a context's), or to its documents.
pub(super) fn is_page_root(graph: &Graph, edge: Edge) -> bool {
    match graph.edge_kind(edge) {
        EdgeKind::Shortcut => true,
        EdgeKind::Element => is_document_trees(graph, graph.target(edge)),
        _ => false,
    }
}

/// Whether every program has the node at the top of its dominator tree: V8's own roots, and the global object, which
/// retains most of any program.
pub(super) fn is_in_every_program(graph: &Graph, node: Node, distance: i32) -> bool {
    match graph.kind(node) {
        NodeKind::Synthetic => true,
        NodeKind::Object => is_global(graph.text(graph.name(node))) && distance <= GLOBAL_DISTANCE,
        _ => false,
    }
}

/// Chromium's own root of all documents.
fn is_document_trees(graph: &Graph, node: Node) -> bool {
    graph.kind(node) == NodeKind::Synthetic && graph.text(graph.name(node)) == DOCUMENT_TREES
}
