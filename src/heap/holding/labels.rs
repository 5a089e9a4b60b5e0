//! References as texts that all heaps share, with what differs from object to object folded.

use rustc_hash::FxHashMap;

use super::texts::{ANY_TEXT, Texts};
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::names::{FOLDED_ABOVE, looks_like_data};
use crate::heap::v8::{CONTEXT, EXTENSION, EdgeKind, NodeKind, OBJECT, lossy};
use crate::heap::words::{key_text, label_text};

/// The references of one heap, remembered.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// By place in the heap's table of strings.
    properties: FxHashMap<(u32, EdgeKind), u32>,
    /// Of objects with many references, whether they are dictionaries.
    dictionaries: FxHashMap<Node, bool>,
}

impl Labels {
    /// A reference of `holder`.
    pub(super) fn label(&mut self, texts: &mut Texts, graph: &Graph, holder: Node, edge: Edge) -> u32 {
        let kind = graph.edge_kind(edge);
        let Some(name) = graph.edge_name(edge) else { return ANY_TEXT };
        if is_slot(graph, holder, edge) {
            return ANY_TEXT;
        }
        if kind == EdgeKind::Property && self.is_dictionary(graph, holder) {
            return ANY_TEXT;
        }
        if let Some(key) = map_key(graph, holder, edge) {
            return texts.id(&key);
        }
        // `17 / part of key …`, and what V8 numbers.
        let is_numbered = || graph.text(name).first().is_some_and(u8::is_ascii_digit);
        if matches!(kind, EdgeKind::Internal | EdgeKind::Weak | EdgeKind::Invisible) && is_numbered() {
            return ANY_TEXT;
        }
        *self.properties.entry((name.0, kind)).or_insert_with(|| match kind {
            EdgeKind::Property | EdgeKind::Shortcut if looks_like_data(graph.text(name)) => ANY_TEXT,
            _ => texts.id(&label_text(graph, edge)),
        })
    }

    fn is_dictionary(&mut self, graph: &Graph, node: Node) -> bool {
        if graph.edges(node).len() <= FOLDED_ABOVE {
            return false;
        }
        *self.dictionaries.entry(node).or_insert_with(|| {
            let properties = graph.edges(node).filter(|edge| graph.edge_kind(*edge) == EdgeKind::Property).count();
            properties > FOLDED_ABOVE && graph.text(graph.name(node)) == OBJECT
        })
    }
}

/// Whether it is what V8 keeps for itself in a context, as the promise in that of `resolve()`: compiled code keeps the same in a place
/// that V8 numbers.
fn is_slot(graph: &Graph, holder: Node, edge: Edge) -> bool {
    graph.edge_kind(edge) == EdgeKind::Internal
        && graph.text(graph.name(holder)) == CONTEXT
        && graph.edge_name(edge).is_some_and(|name| graph.text(name) == EXTENSION)
}

/// The key of a Map's entry, if it is a text and the Map is small: `["price"]`. V8 numbers keys and values of the table.
fn map_key(graph: &Graph, table: Node, value: Edge) -> Option<String> {
    let number = |edge: Edge| std::str::from_utf8(graph.text(graph.edge_name(edge)?)).ok()?.parse::<u32>().ok();
    let is_table = graph.kind(table) == NodeKind::Array && graph.text(graph.name(table)).is_empty();
    if !is_table || graph.edge_kind(value) != EdgeKind::Internal || graph.edges(table).len() > 2 * FOLDED_ABOVE {
        return None;
    }
    let key = graph.edges(table).take_while(|edge| *edge != value).last()?;
    let text = graph.text(graph.name(graph.target(key)));
    let is_key = number(key)?.checked_add(1)? == number(value)? && graph.kind(graph.target(key)) == NodeKind::String;
    (is_key && !looks_like_data(text)).then(|| key_text(&lossy(text)))
}
