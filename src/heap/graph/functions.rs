//! How functions lead to their scripts and scopes: by what V8 calls the references of a function, of its code and of a scope.

use super::columns::Graph;
use super::handles::{Name, Node};
use crate::heap::v8::SCOPE_INFO;

/// The names of these references in one heap, as V8 11 to 14 have them.
#[derive(Debug)]
pub(crate) struct Functions {
    shared: Vec<Name>,
    script: Vec<Name>,
    context: Vec<Name>,
    own_scope: Vec<Name>,
    outer_scope: Vec<Name>,
    previous: Vec<Name>,
}

impl Functions {
    pub(crate) fn of(graph: &Graph) -> Self {
        Self {
            shared: graph.find_texts(&[b"shared"]),
            script: graph.find_texts(&[b"script", b"script_or_debug_info"]),
            context: graph.find_texts(&[b"context"]),
            own_scope: graph.find_texts(&[b"name_or_scope_info"]),
            outer_scope: graph.find_texts(&[b"raw_outer_scope_info_or_feedback_metadata"]),
            previous: graph.find_texts(&[b"previous"]),
        }
    }

    /// What all functions of the same code share.
    pub(crate) fn shared(&self, graph: &Graph, function: Node) -> Option<Node> {
        graph.internal_of(function, &self.shared)
    }

    /// The name of the script that the code is in.
    pub(crate) fn script(&self, graph: &Graph, shared: Node) -> Option<Name> {
        graph.internal_of(shared, &self.script).map(|script| graph.name(script))
    }

    /// What describes the scope in which a function was made.
    pub(crate) fn scope_around(&self, graph: &Graph, function: Node) -> Option<Node> {
        graph.internal_of(function, &self.context).and_then(|context| scope_info(graph, context))
    }

    /// What describes the scope of the function that has the code.
    pub(crate) fn own_scope(&self, graph: &Graph, shared: Node) -> Option<Node> {
        graph.internal_of(shared, &self.own_scope).filter(|info| is_scope_info(graph, *info))
    }

    /// What describes the scope around the function that has the code.
    pub(crate) fn outer_scope(&self, graph: &Graph, shared: Node) -> Option<Node> {
        graph.internal_of(shared, &self.outer_scope).filter(|info| is_scope_info(graph, *info))
    }

    /// The scope around a scope.
    pub(crate) fn previous(&self, graph: &Graph, context: Node) -> Option<Node> {
        graph.internal_of(context, &self.previous)
    }
}

/// What describes a scope; the same for all scopes of a function.
pub(crate) fn scope_info(graph: &Graph, context: Node) -> Option<Node> {
    graph.edges(context).map(|edge| graph.target(edge)).find(|to| is_scope_info(graph, *to))
}

fn is_scope_info(graph: &Graph, node: Node) -> bool {
    graph.text(graph.name(node)) == SCOPE_INFO
}
