//! Who holds a node: the shortest way to it from a root, in the words of a programmer.
//!
//! A path is a list of steps; a step is an object and the reference to it. [`Paths`] knows one shortest path to every
//! node (the one DevTools' distances are counted along). [`label_text`] writes a reference the way one would write it in code:
//! `MemoryStore.sessions`, `[17]`, `Map` entries as `[…]`.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use serde::Serialize;

use super::distances::{self, NO_EDGE};
use super::ephemerons::Ephemerons;
use super::heap::Heap;
use crate::heap::graph::{Edge, Graph, Label, Node};
use crate::heap::v8::{EdgeKind, NodeKind, lossy};

/// One shortest path to every node.
#[derive(Debug)]
pub struct Paths {
    via: Vec<u32>,
}

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

impl Paths {
    /// Finds them all; [`Heap::paths`] does so once.
    pub(super) fn find(graph: &Graph) -> Self {
        Self { via: distances::shortest_edges(graph, &Ephemerons::find(graph)) }
    }

    /// The reference over which the path to `node` comes, and the node that has it. `None` for the root, and for what
    /// nothing reaches.
    pub fn before(&self, graph: &Graph, node: Node) -> Option<(Node, Edge)> {
        match self.via[node.0 as usize] {
            NO_EDGE => None,
            edge => Some((graph.source(Edge(edge)), Edge(edge))),
        }
    }

    /// The path, from the first object that is not the root to `node`.
    pub fn to(&self, heap: &Heap, node: Node) -> Vec<Step> {
        let graph = heap.graph();
        let mut steps = Vec::new();
        let mut at = node;
        loop {
            let before = self.before(graph, at);
            let first = before.is_none_or(|(source, _)| source == graph.root());
            steps.push(step(heap, at, before.map(|(_, edge)| edge).filter(|_| !first)));
            match before {
                Some((source, _)) if !first => at = source,
                _ => break,
            }
        }
        steps.reverse();
        steps
    }
}

/// A node as one step, reached over `edge`.
pub(crate) fn step(heap: &Heap, node: Node, edge: Option<Edge>) -> Step {
    let graph = heap.graph();
    Step {
        id: graph.id(node),
        name: shown_name(heap, node),
        edge: edge.map_or("", |edge| graph.edge_kind(edge).name()),
        by: edge.map_or(String::new(), |edge| label_text(graph, edge)),
    }
}

/// What to call a node: its class; a function by its own name; a string by what it is.
pub(crate) fn shown_name(heap: &Heap, node: Node) -> String {
    let graph = heap.graph();
    let own = lossy(graph.text(graph.name(node)));
    match graph.kind(node) {
        NodeKind::Closure if own.is_empty() => "(anonymous function)".into(),
        NodeKind::Closure => format!("{own}()"),
        NodeKind::Object | NodeKind::Native => lossy(heap.class_name(node)).into_owned(),
        kind if kind.is_internal() && !own.is_empty() => shortened(&own, 60),
        _ => lossy(heap.class_name(node)).into_owned(),
    }
}

/// A reference as code would have it.
pub(crate) fn label_text(graph: &Graph, edge: Edge) -> String {
    let name = match graph.label(edge) {
        Label::Index(index) => return format!("[{index}]"),
        Label::Named(name) => lossy(graph.text(name)),
    };
    match graph.edge_kind(edge) {
        EdgeKind::Property | EdgeKind::Shortcut if is_identifier(&name) => format!(".{name}"),
        EdgeKind::Property | EdgeKind::Shortcut => {
            format!("[{}]", serde_json::to_string(&shortened(&name, 60)).unwrap_or_default())
        }
        EdgeKind::Context => format!("→{name}"),
        _ => format!("{{{}}}", shortened(&name, 60)),
    }
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '$' | '#'))
}

/// At most `length` characters, with the last one saying that there were more.
pub(crate) fn shortened(text: &str, length: usize) -> String {
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}
