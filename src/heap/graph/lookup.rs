//! References by their names.

use super::columns::Graph;
use super::handles::{Edge, Name, Node};
use crate::heap::v8::EdgeKind;

impl Graph {
    /// What a node's property of that name refers to.
    pub(crate) fn property(&self, node: Node, name: &[u8]) -> Option<Node> {
        // The prototype, which is asked for most, comes after all other properties.
        self.edges(node).rev().find(|edge| self.is_named(*edge, EdgeKind::Property, name)).map(|edge| self.target(edge))
    }

    /// What a node's reference of that name refers to, which is V8's own.
    pub(crate) fn internal(&self, node: Node, name: &[u8]) -> Option<Node> {
        self.edges(node).find(|edge| self.is_named(*edge, EdgeKind::Internal, name)).map(|edge| self.target(edge))
    }

    /// Those of these texts that the table has.
    pub(crate) fn find_texts(&self, texts: &[&[u8]]) -> Vec<Name> {
        texts.iter().filter_map(|text| self.find_text(text)).collect()
    }

    /// What a node's reference of one of those names refers to, which is V8's own.
    pub(crate) fn internal_of(&self, node: Node, names: &[Name]) -> Option<Node> {
        self.edges(node)
            .filter(|edge| self.edge_kind(*edge) == EdgeKind::Internal)
            .find(|edge| self.edge_name(*edge).is_some_and(|name| names.contains(&name)))
            .map(|edge| self.target(edge))
    }

    fn is_named(&self, edge: Edge, kind: EdgeKind, name: &[u8]) -> bool {
        self.edge_kind(edge) == kind && self.edge_name(edge).is_some_and(|own| self.text(own) == name)
    }
}
