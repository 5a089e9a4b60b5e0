//! What a position is told apart by: the class of the object there and the reference to it, with everything folded that
//! differs from object to object.

use rustc_hash::FxHashMap;

use super::texts::Texts;
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::names::{FOLDED_ABOVE, looks_like_data};
use crate::heap::v8::{EdgeKind, NodeKind, OBJECT, lossy};
use crate::heap::words::{ANY, label_text, shown_name};

/// The first two of the shared texts: none, and [`ANY`].
pub(super) const NO_TEXT: u32 = 0;
pub(super) const ANY_TEXT: u32 = 1;

/// The texts that all positions begin with.
pub(super) fn first_texts() -> Texts {
    let mut texts = Texts::default();
    let (none, any) = (texts.id(""), texts.id(ANY));
    debug_assert_eq!((none, any), (NO_TEXT, ANY_TEXT));
    texts
}

/// One heap's names as the shared texts, remembered.
pub(super) struct Labels {
    /// By place in the heap's table of strings.
    properties: FxHashMap<(u32, EdgeKind), u32>,
    classes: FxHashMap<(NodeKind, u32), u32>,
    /// The last node asked about, and whether it is a dictionary.
    dictionary: (u32, bool),
}

impl Labels {
    pub(super) fn new() -> Self {
        Self { properties: FxHashMap::default(), classes: FxHashMap::default(), dictionary: (u32::MAX, false) }
    }

    /// The class of a node, without interfaces: which interface an object counts as depends on what else is in the heap.
    pub(super) fn class(&mut self, texts: &mut Texts, heap: &Heap, node: Node) -> u32 {
        let graph = heap.graph();
        let kind = graph.kind(node);
        let key = match kind {
            NodeKind::Object | NodeKind::Native | NodeKind::Synthetic | NodeKind::Closure => (kind, graph.name(node).0),
            _ => (kind, heap.classes().of(node).0),
        };
        *self.classes.entry(key).or_insert_with(|| match kind {
            NodeKind::Closure if !graph.text(graph.name(node)).is_empty() => texts.id(&shown_name(heap, node)),
            NodeKind::Object | NodeKind::Native | NodeKind::Synthetic => texts.id(&lossy(graph.text(graph.name(node)))),
            _ => texts.id(&lossy(heap.class_name(node))),
        })
    }

    /// The reference to it.
    pub(super) fn label(&mut self, texts: &mut Texts, graph: &Graph, source: Node, edge: Edge) -> u32 {
        let kind = graph.edge_kind(edge);
        let Some(name) = graph.edge_name(edge) else { return ANY_TEXT };
        if kind == EdgeKind::Property && self.is_dictionary(graph, source) {
            return ANY_TEXT;
        }
        *self.properties.entry((name.0, kind)).or_insert_with(|| {
            let text = graph.text(name);
            match kind {
                EdgeKind::Property | EdgeKind::Shortcut if looks_like_data(text) => ANY_TEXT,
                // `17 / part of key …`, and what V8 numbers.
                EdgeKind::Internal | EdgeKind::Weak | EdgeKind::Invisible
                    if text.first().is_some_and(u8::is_ascii_digit) =>
                {
                    ANY_TEXT
                }
                _ => texts.id(&label_text(graph, edge)),
            }
        })
    }

    fn is_dictionary(&mut self, graph: &Graph, source: Node) -> bool {
        if self.dictionary.0 != source.0 {
            let many = graph.edges(source).len() > FOLDED_ABOVE
                && graph.text(graph.name(source)) == OBJECT
                && graph.edges(source).filter(|edge| graph.edge_kind(*edge) == EdgeKind::Property).count()
                    > FOLDED_ABOVE;
            self.dictionary = (source.0, many);
        }
        self.dictionary.1
    }
}
