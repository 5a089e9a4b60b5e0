//! One heap's names, as texts that all heaps share: what a node is called, and what a reference is.

use rustc_hash::FxHashMap;

use super::labels::Labels;
use super::places::{Class, Kind};
use super::texts::{NO_TEXT, Texts};
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Graph, Node, scope_info};
use crate::heap::names::is_telling;
use crate::heap::v8::{CONSTRUCTOR, CONTEXT, EdgeKind, GENERATOR, Location, MODULE, NodeKind, OBJECT, PROTO, lossy};
use crate::heap::words::{
    Aliases, Code, Origin, ScriptPlace, class_text, function_text, is_short, shape_text, shown_name,
};

/// What a node has in common with all that are called as it is.
type Key = (NodeKind, u32, Option<Location>, Option<Node>);

pub(super) struct Names<'a> {
    heap: &'a Heap,
    code: Code,
    aliases: Aliases,
    labels: Labels,
    classes: FxHashMap<Key, Class>,
    /// By what describes the scope.
    scopes: FxHashMap<Option<Node>, Class>,
}

impl<'a> Names<'a> {
    pub(super) fn new(heap: &'a Heap) -> Self {
        Self {
            heap,
            code: Code::find(heap.graph()),
            aliases: Aliases::find(heap.graph()),
            labels: Labels::default(),
            classes: FxHashMap::default(),
            scopes: FxHashMap::default(),
        }
    }

    /// A reference of `holder`.
    pub(super) fn label(&mut self, texts: &mut Texts, holder: Node, edge: Edge) -> u32 {
        self.labels.label(texts, self.heap.graph(), holder, edge)
    }

    /// Without interfaces: which interface an object counts as depends on what else is in the heap.
    pub(super) fn class(&mut self, texts: &mut Texts, node: Node) -> Class {
        let graph = self.heap.graph();
        let (kind, name) = (graph.kind(node), graph.name(node));
        let text = graph.text(name);
        if text == CONTEXT {
            let Self { scopes, code, .. } = self;
            return *scopes.entry(scope_info(graph, node)).or_insert_with(|| scope(code, graph, texts, node));
        }
        if kind == NodeKind::Object
            && text == GENERATOR
            && let Some(at) = self.code.scope(graph, node)
        {
            return of_code(texts, &at, Kind::Scope);
        }
        if kind == NodeKind::Object
            && text == MODULE
            && let Some(at) = self.code.module(graph, node)
        {
            return of_code(texts, &at, Kind::Module);
        }
        let ask = kind == NodeKind::Object && (text == OBJECT || is_short(text));
        let prototype = if ask { graph.property(node, PROTO) } else { None };
        let key = match kind {
            NodeKind::Object | NodeKind::Closure => (kind, name.0, graph.location(node), prototype),
            NodeKind::Native | NodeKind::Synthetic => (kind, name.0, None, None),
            _ => (kind, self.heap.classes().of(node).0, None, None),
        };
        if let Some(known) = self.classes.get(&key) {
            return *known;
        }
        let class = self.name(texts, node, prototype);
        self.classes.insert(key, class);
        class
    }

    fn name(&self, texts: &mut Texts, node: Node, prototype: Option<Node>) -> Class {
        let graph = self.heap.graph();
        let kind = graph.kind(node);
        // A class without a name is known by its place; its objects are called as all objects are.
        let constructor = prototype.and_then(|prototype| graph.property(prototype, CONSTRUCTOR));
        let alias = constructor.and_then(|constructor| self.aliases.of(constructor));
        let own = graph.text(alias.unwrap_or(graph.name(node)));
        let at = self.code.place(graph, constructor.unwrap_or(node));
        let text = match (kind, &at) {
            (NodeKind::Closure, Some(at)) => function_text(&lossy(own), at),
            (NodeKind::Closure, None) => shown_name(self.heap, node),
            (NodeKind::Object, Some(at)) if own.is_empty() || (prototype.is_some() && own == OBJECT) => class_text(at),
            (NodeKind::Object | NodeKind::Native | NodeKind::Synthetic, _) => lossy(own).into_owned(),
            _ => lossy(self.heap.class_name(node)).into_owned(),
        };
        let internal = graph.is_internal(node);
        Class {
            text: texts.id(&text),
            origin: at.as_ref().map_or(Origin::Unknown, |at| at.origin),
            home: at.map_or(NO_TEXT, |at| texts.id(&at.home)),
            internal,
            telling: !internal && is_telling(&text),
            kind: if kind == NodeKind::Closure { Kind::Function } else { Kind::Thing },
        }
    }

    /// The properties of a plain object, as a text: `{url, html, at}`.
    pub(super) fn shape(&self, texts: &mut Texts, node: Node, class: Class) -> Option<u32> {
        let graph = self.heap.graph();
        let is_plain = graph.kind(node) == NodeKind::Object && graph.text(graph.name(node)) == OBJECT;
        let counted = self.heap.class_name(node);
        if !is_plain || class.telling || counted == OBJECT {
            return None;
        }
        Some(texts.id(&shape_text(graph, node).unwrap_or_else(|| lossy(counted).into_owned())))
    }

    /// The function of the application's that a thing of somebody else's refers to, to be called: by a timer, say.
    pub(super) fn callback(&mut self, texts: &mut Texts, node: Node) -> Option<u32> {
        let graph = self.heap.graph();
        graph
            .edges(node)
            .filter(|edge| matches!(graph.edge_kind(*edge), EdgeKind::Property | EdgeKind::Element))
            .map(|edge| graph.target(edge))
            .filter(|to| graph.kind(*to) == NodeKind::Closure)
            .map(|to| self.class(texts, to))
            .find(|class| class.origin == Origin::Application)
            .map(|class| class.text)
    }
}

fn scope(code: &Code, graph: &Graph, texts: &mut Texts, context: Node) -> Class {
    match code.scope(graph, context) {
        Some(at) => of_code(texts, &at, Kind::Scope),
        None => Class {
            text: texts.id(&lossy(CONTEXT)),
            origin: Origin::Unknown,
            home: NO_TEXT,
            internal: true,
            telling: false,
            kind: Kind::Scope,
        },
    }
}

/// What is called by its place in a script.
fn of_code(texts: &mut Texts, at: &ScriptPlace, kind: Kind) -> Class {
    let (text, home) = (texts.id(&at.text), texts.id(&at.home));
    Class { text, origin: at.origin, home, internal: false, telling: true, kind }
}
