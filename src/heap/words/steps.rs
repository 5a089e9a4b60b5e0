//! A path as a list of steps; a step is an object and the reference to it.

use serde::Serialize;

use super::nodes::shown_name;
use super::references::{ANY, label_text};
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Node};
use crate::heap::names::looks_like_data;
use crate::heap::v8::EdgeKind;

/// One step of a path: an object, and how it is reached from the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// V8's id of the object.
    pub id: u32,
    /// The name of its class, or of itself where that says more (a function's name).
    pub name: String,
    /// The type of the reference to it: `property`, `element`, `context` …; empty for the first.
    pub edge: &'static str,
    /// The reference: `.sessions`, `[3]`, `{table}`; empty for the first.
    pub by: String,
}

impl Step {
    /// A node, reached over `edge`.
    pub(crate) fn over(heap: &Heap, node: Node, edge: Option<Edge>) -> Self {
        let graph = heap.graph();
        Self {
            id: graph.id(node),
            name: shown_name(heap, node),
            edge: edge.map_or("", |edge| graph.edge_kind(edge).name()),
            by: edge.map_or(String::new(), |edge| label_text(graph, edge)),
        }
    }

    /// The reference, without what differs between alike ones.
    fn folded(&self) -> &str {
        let numbered = [EdgeKind::Element, EdgeKind::Hidden].iter().any(|kind| kind.name() == self.edge);
        if numbered || looks_like_data(self.by.as_bytes()) { ANY } else { &self.by }
    }
}

/// The shortest path, from the first object that is not the root to `node`.
pub fn path_to(heap: &Heap, node: Node) -> Vec<Step> {
    let graph = heap.graph();
    let paths = heap.paths();
    let mut steps = Vec::new();
    let mut at = node;
    loop {
        let before = paths.before(graph, at);
        let first = before.is_none_or(|(source, _)| source == graph.root());
        steps.push(Step::over(heap, at, before.map(|(_, edge)| edge).filter(|_| !first)));
        match before {
            Some((source, _)) if !first => at = source,
            _ => break,
        }
    }
    steps.reverse();
    steps
}

/// The same for paths that differ in indices and keys only.
pub(crate) fn pattern(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("{} {}\n", step.folded(), step.name)).collect()
}
