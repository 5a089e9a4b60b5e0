//! How functions lead to their scripts: by what V8 calls the references of a function, of its code and of a script.

use super::columns::Graph;
use super::handles::{Name, Node};

/// The names of these references in one heap, as V8 11 to 14 have them.
#[derive(Debug)]
pub(crate) struct Functions {
    shared: Vec<Name>,
    script: Vec<Name>,
}

impl Functions {
    pub(crate) fn of(graph: &Graph) -> Self {
        Self { shared: graph.find_texts(&[b"shared"]), script: graph.find_texts(&[b"script", b"script_or_debug_info"]) }
    }

    /// What all functions of the same code share.
    pub(crate) fn shared(&self, graph: &Graph, function: Node) -> Option<Node> {
        graph.internal_of(function, &self.shared)
    }

    /// The name of the script that the code is in.
    pub(crate) fn script(&self, graph: &Graph, shared: Node) -> Option<Name> {
        graph.internal_of(shared, &self.script).map(|script| graph.name(script))
    }
}
