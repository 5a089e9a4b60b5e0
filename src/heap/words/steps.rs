//! A path as a list of steps; a step is an object and the reference to it.

use serde::Serialize;

use super::nodes::Nodes;
use super::references::label_text;
use crate::heap::graph::{Edge, Graph, Node};

/// One step of a path: an object, and how it is reached from the one before; or several, of which only the number is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// V8's id of the object; of several, that of the first.
    pub id: u32,
    /// The name of its class, or of itself where that says more (a function's name).
    pub name: String,
    /// The type of the reference to it: `property`, `element`, `context` …; empty for the first.
    pub edge: &'static str,
    /// The reference: `.sessions`, `[3]`, `{table}`; empty for the first.
    pub by: String,
    /// So many more objects, each reached like this from the one before; without name and reference, so many of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Step {
    /// A node, reached over `edge`.
    pub(super) fn over(graph: &Graph, nodes: &Nodes, node: Node, edge: Option<Edge>) -> Self {
        Self {
            id: graph.id(node),
            name: nodes.name(node),
            edge: edge.map_or("", |edge| graph.edge_kind(edge).name()),
            by: edge.map_or(String::new(), |edge| label_text(graph, edge)),
            count: None,
        }
    }
}
