//! Where things are held: the shortest paths of all objects, folded into one tree.
//!
//! A position in the tree is a path from a root written in references and classes, with what differs from object to object
//! folded: indices of arrays, entries of maps, keys of dictionaries, and runs of the same step (a linked list is one
//! position). So 48,000 sessions are one position, `… MemoryStore .sessions […]`, and positions of different snapshots can
//! be compared, whatever ids their objects have.

#![allow(clippy::indexing_slicing, reason = "positions, texts and ordinals are numbered by what made the columns")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use rustc_hash::FxHashMap;

use crate::heap::analysis::{Heap, label_text, shown_name};
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::names::looks_like_data;
use crate::heap::v8::{EdgeKind, NodeKind, OBJECT, OWN, lossy};

/// The position of the root, and of what nothing reaches.
pub(super) const TOP: u32 = 0;
/// What stands for all keys, indices and entries.
pub(super) const ANY: &str = "[…]";
/// The first two of the shared texts: none, and [`ANY`].
const NO_TEXT: u32 = 0;
const ANY_TEXT: u32 = 1;
/// A plain object with more properties is a dictionary: its keys are folded.
const DICTIONARY_KEYS: usize = 64;
/// Longer paths end where they are.
const MAX_DEPTH: u32 = 200;
/// More positions than this are no help to anybody; what comes then stays with its holder.
const MAX_POSITIONS: usize = 4_000_000;

/// Positions, shared by all snapshots that are compared.
#[derive(Debug)]
pub(crate) struct Holders {
    positions: Vec<Position>,
    known: FxHashMap<(u32, u32, u32), u32>,
    texts: Texts,
}

#[derive(Debug, Clone, Copy)]
struct Position {
    parent: u32,
    label: u32,
    class: u32,
    depth: u32,
    /// V8 keeps an object's parts here; a program does not know of it.
    internal: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: Vec<Box<str>>,
    known: FxHashMap<Box<str>, u32>,
}

impl Texts {
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = self.all.len() as u32;
        self.all.push(text.into());
        self.known.insert(text.into(), id);
        id
    }

    pub(crate) fn get(&self, id: u32) -> &str {
        &self.all[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

impl Holders {
    pub(crate) fn new() -> Self {
        let mut texts = Texts::default();
        let (none, any) = (texts.id(""), texts.id(ANY));
        debug_assert_eq!((none, any), (NO_TEXT, ANY_TEXT));
        let top = Position { parent: TOP, label: NO_TEXT, class: NO_TEXT, depth: 0, internal: true };
        Self { positions: vec![top], known: FxHashMap::default(), texts }
    }

    pub(crate) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(super) fn parent(&self, position: u32) -> u32 {
        self.positions[position as usize].parent
    }

    pub(crate) fn class(&self, position: u32) -> &str {
        self.texts.get(self.positions[position as usize].class)
    }

    /// The same for positions of one class.
    pub(crate) fn class_id(&self, position: u32) -> u32 {
        self.positions[position as usize].class
    }

    pub(super) fn label(&self, position: u32) -> &str {
        self.texts.get(self.positions[position as usize].label)
    }

    pub(crate) fn is_internal(&self, position: u32) -> bool {
        self.positions[position as usize].internal
    }

    /// By ordinal, the position of every node of a heap.
    pub(crate) fn place(&mut self, heap: &Heap) -> Vec<u32> {
        const UNKNOWN: u32 = u32::MAX;
        let graph = heap.graph();
        let mut names = Names::new();
        let mut at = vec![UNKNOWN; graph.node_count()];
        at[graph.root().0 as usize] = TOP;
        let mut way = Vec::new();
        for node in graph.nodes() {
            let mut next = node;
            while at[next.0 as usize] == UNKNOWN {
                match heap.paths().before(graph, next) {
                    Some((source, edge)) => {
                        way.push((next, source, edge));
                        next = source;
                    }
                    None => {
                        at[next.0 as usize] = TOP;
                    }
                }
            }
            let mut position = at[next.0 as usize];
            while let Some((node, source, edge)) = way.pop() {
                position = self.step(heap, &mut names, position, source, edge, node);
                at[node.0 as usize] = position;
            }
        }
        at
    }

    fn step(&mut self, heap: &Heap, names: &mut Names, parent: u32, source: Node, edge: Edge, node: Node) -> u32 {
        let graph = heap.graph();
        let class = names.class(&mut self.texts, heap, node);
        let label = if source == graph.root() { NO_TEXT } else { names.label(&mut self.texts, graph, source, edge) };
        let above = self.positions[parent as usize];
        // A list: the next is where the one before is.
        if above.class == class && above.label == label && parent != TOP {
            return parent;
        }
        if let Some(known) = self.known.get(&(parent, label, class)) {
            return *known;
        }
        if above.depth >= MAX_DEPTH || self.positions.len() >= MAX_POSITIONS {
            return parent;
        }
        let position = self.positions.len() as u32;
        self.positions.push(Position {
            parent,
            label,
            class,
            depth: above.depth + 1,
            internal: graph.is_internal(node),
        });
        self.known.insert((parent, label, class), position);
        position
    }

    /// Who holds a position, as code would say it, from the nearest object whose class says something:
    /// `MemoryStore.sessions`.
    pub(crate) fn held_by(&self, position: u32) -> String {
        let own = self.label(position);
        let mut text = if own == ANY || own.starts_with('{') { String::new() } else { own.to_owned() };
        for at in self.above(position) {
            if self.is_telling(at) {
                return format!("{}{text}", self.class(at));
            }
            let label = self.label(at);
            let of_v8 = label.starts_with('{') || (self.is_internal(at) && label == ANY);
            if !of_v8 {
                text = format!("{label}{text}");
            }
        }
        if text.is_empty() { "V8 itself".into() } else { text }
    }

    /// What tells a position from others in every snapshot: its way from the nearest object whose class says something.
    /// How that object is reached may be another way each time, over a request that is just being served, say.
    pub(super) fn key(&self, position: u32) -> String {
        let mut key = format!("{}\n{}", self.label(position), self.class(position));
        for at in self.above(position) {
            key = if self.is_telling(at) {
                return format!("{}\n{key}", self.class(at));
            } else {
                format!("{}\n{}\n{key}", self.label(at), self.class(at))
            };
        }
        key
    }

    /// The positions above, nearest first, without the top.
    pub(super) fn above(&self, position: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self.parent(position)), |at| Some(self.parent(*at))).take_while(|at| *at != TOP)
    }

    fn is_telling(&self, position: u32) -> bool {
        !self.is_internal(position) && (is_telling(self.class(position)) || self.parent(position) == TOP)
    }

    /// The whole path, in words: what a program does not know of is left out.
    pub(crate) fn path(&self, position: u32) -> Vec<String> {
        let mut steps = Vec::new();
        let mut at = position;
        while at != TOP {
            if !self.is_internal(at) || at == position {
                steps.push(format!(
                    "{}{}{}",
                    self.label(at),
                    if self.label(at).is_empty() { "" } else { " " },
                    self.class(at)
                ));
            }
            at = self.parent(at);
        }
        steps.reverse();
        steps
    }
}

/// Classes that many unlike things have.
fn is_telling(class: &str) -> bool {
    !matches!(class, "Object" | "Array" | "Map" | "Set" | "Function" | "WeakMap" | "WeakSet" | "Module" | "")
        && !class.starts_with('(')
        && !class.starts_with('{')
        && !class.starts_with(OWN)
}

/// One heap's names as the shared texts, remembered.
struct Names {
    /// By place in the heap's table of strings.
    properties: FxHashMap<(u32, EdgeKind), u32>,
    classes: FxHashMap<(NodeKind, u32), u32>,
    /// Nodes with many properties.
    dictionary: (u32, bool),
}

impl Names {
    fn new() -> Self {
        Self { properties: FxHashMap::default(), classes: FxHashMap::default(), dictionary: (u32::MAX, false) }
    }

    /// Without interfaces: which interface an object counts as depends on what else is in the heap.
    fn class(&mut self, texts: &mut Texts, heap: &Heap, node: Node) -> u32 {
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

    fn label(&mut self, texts: &mut Texts, graph: &Graph, source: Node, edge: Edge) -> u32 {
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
            let many = graph.edges(source).len() > DICTIONARY_KEYS
                && graph.text(graph.name(source)) == OBJECT
                && graph.edges(source).filter(|edge| graph.edge_kind(*edge) == EdgeKind::Property).count()
                    > DICTIONARY_KEYS;
            self.dictionary = (source.0, many);
        }
        self.dictionary.1
    }
}
