//! Which DOM nodes are detached from their document, and what hangs on them. Only snapshots of browsers say so.
//!
//! DevTools' rule: what an attached node refers to is attached; what a detached one refers to, and no attached one, is
//! detached, and gets "Detached " before its name. Neither goes through JavaScript: every node of the embedder that
//! JavaScript can reach knows its own state.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use rustc_hash::FxHashMap;

use super::columns::Graph;
use super::handles::Node;
use crate::heap::v8::{DETACHED as DETACHED_NAME, EdgeKind, NodeKind};

/// Whether a DOM node is in its document, as far as V8's embedder knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Attachment {
    Unknown,
    Attached,
    Detached,
}

/// What the file has for the two.
const ATTACHED: u8 = 1;
const DETACHED: u8 = 2;

/// Extends what the file says of some nodes to all nodes that it is true of.
pub(crate) fn spread(graph: &mut Graph) {
    if graph.attachments.is_empty() {
        return;
    }
    let mut spread = Spread {
        states: vec![0; graph.node_count()],
        visited: vec![false; graph.node_count()],
        lists: [Vec::new(), Vec::new()],
    };
    let mut renamed = Vec::new();
    for (ordinal, state) in std::mem::take(&mut graph.attachments) {
        spread.states[ordinal as usize] = state;
        spread.visit(graph, Node(ordinal), state, &mut renamed);
    }
    while let Some(node) = spread.lists[0].pop() {
        spread.pass_on(graph, node, ATTACHED, &mut renamed);
    }
    while let Some(node) = spread.lists[1].pop() {
        if spread.states[node.0 as usize] != ATTACHED {
            spread.pass_on(graph, node, DETACHED, &mut renamed);
        }
    }
    let mut names = FxHashMap::default();
    for node in renamed {
        let before = graph.name(node);
        let after = *names.entry(before).or_insert_with(|| {
            let name = [DETACHED_NAME, graph.text(before)].concat();
            graph.strings.push(&name);
            u32::try_from(graph.strings.len() - 1).unwrap_or(u32::MAX)
        });
        graph.names[node.0 as usize] = after;
    }
    graph.attachments = (0..).zip(spread.states).filter(|(_, state)| *state != 0).collect();
}

struct Spread {
    states: Vec<u8>,
    visited: Vec<bool>,
    /// Attached and detached nodes whose references are still to be followed.
    lists: [Vec<Node>; 2],
}

impl Spread {
    fn visit(&mut self, graph: &Graph, node: Node, state: u8, renamed: &mut Vec<Node>) {
        let at = node.0 as usize;
        if std::mem::replace(&mut self.visited[at], true) || graph.kind(node) != NodeKind::Native {
            return;
        }
        self.states[at] = state;
        match state {
            ATTACHED => self.lists[0].push(node),
            DETACHED => {
                renamed.push(node);
                self.lists[1].push(node);
            }
            _ => {}
        }
    }

    fn pass_on(&mut self, graph: &Graph, node: Node, state: u8, renamed: &mut Vec<Node>) {
        for edge in graph.edges(node) {
            if !matches!(graph.edge_kind(edge), EdgeKind::Hidden | EdgeKind::Invisible | EdgeKind::Weak) {
                self.visit(graph, graph.target(edge), state, renamed);
            }
        }
    }
}

impl Graph {
    /// The nodes whose state is known.
    pub fn attached_or_detached(&self) -> impl Iterator<Item = Node> {
        self.attachments.iter().map(|entry| Node(entry.0))
    }

    /// Whether the node is in its document; known after [`spread`].
    pub fn attachment(&self, node: Node) -> Attachment {
        match self.attachments.binary_search_by_key(&node.0, |entry| entry.0).map(|at| self.attachments[at].1) {
            Ok(ATTACHED) => Attachment::Attached,
            Ok(DETACHED) => Attachment::Detached,
            _ => Attachment::Unknown,
        }
    }
}
