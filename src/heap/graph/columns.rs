//! The graph of a snapshot in columns: what one node and one edge are, behind handles that cannot be mixed up.
//!
//! Sizes are chosen for tens of millions of nodes: a node takes 17 bytes and an edge 8, where DevTools keeps rows
//! of 56 and 24 bytes. What does not fit its column (an object of 4 GiB, an array index above 2^29) goes to a
//! side table. Handles are ordinals: positions in the file, not V8's object ids.
//!
//! Invariant, checked by the reader: every node's edges are a range of the edge columns, every edge ends at a node. The
//! names of nodes and edges are strings of the table, except in a graph read from a file that breaks off; there
//! [`Graph::text`] answers with a placeholder.

// The invariant above; a slip would be a panic that is caught at the border, not wrong memory.
#![allow(clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::handles::{Edge, Label, Name, Node};
use super::sizes::Sizes;
use super::strings::Strings;
use crate::heap::reading::{Header, checkpoint};
use crate::heap::v8::{EdgeKind, Location, NodeKind, is_own};

/// Where a file broke off, if its graph was wanted all the same.
#[derive(Debug, Clone)]
pub struct Incomplete {
    /// Bytes of the decompressed file that could be used.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
}

const KIND_BITS: u32 = 3;
/// Marks a label that is in the side table.
const LARGE_LABEL: u32 = u32::MAX >> KIND_BITS;

/// A heap snapshot's nodes, edges and strings.
#[derive(Debug)]
pub struct Graph {
    pub(super) header: Header,
    pub(super) kinds: Vec<NodeKind>,
    /// The file's own type numbers where a type is not known: (ordinal, type).
    pub(super) other_types: Vec<(u32, u8)>,
    pub(super) names: Vec<u32>,
    pub(super) ids: Vec<u32>,
    sizes: Sizes,
    /// By ordinal, where a node's edges begin; one more than there are nodes.
    pub(super) first_edges: Vec<u32>,
    labels: Vec<u32>,
    large_labels: FxHashMap<u32, u32>,
    targets: Vec<u32>,
    pub(super) strings: Strings,
    /// Sorted by node.
    pub(super) locations: Vec<(u32, Location)>,
    /// Sources that a map has put in the place of scripts.
    pub(super) sources: Vec<Name>,
    /// How many texts the file does not have.
    pub(super) added_texts: usize,
    /// Nodes whose attachment the file states, sorted: (ordinal, 1 attached or 2 detached).
    pub(super) attachments: Vec<(u32, u8)>,
    pub(super) root: Node,
    pub(super) incomplete: Option<Incomplete>,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self {
            header: Header::default(),
            kinds: Vec::new(),
            other_types: Vec::new(),
            names: Vec::new(),
            ids: Vec::new(),
            sizes: Sizes::default(),
            first_edges: vec![0],
            labels: Vec::new(),
            large_labels: FxHashMap::default(),
            targets: Vec::new(),
            strings: Strings::default(),
            locations: Vec::new(),
            sources: Vec::new(),
            added_texts: 0,
            attachments: Vec::new(),
            root: Node(0),
            incomplete: None,
        }
    }

    /// What the file says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where the file broke off, if it did.
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.incomplete.as_ref()
    }

    /// The node from which everything is counted.
    pub fn root(&self) -> Node {
        self.root
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.kinds.len()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// All nodes, in the file's order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.kinds.len() as u32).inspect(|ordinal| checkpoint(*ordinal)).map(Node)
    }

    /// What the node is.
    pub fn kind(&self, node: Node) -> NodeKind {
        self.kinds[node.0 as usize]
    }

    /// What the file calls the node's type.
    pub fn type_name(&self, node: Node) -> &str {
        let kind = self.kind(node);
        let raw = match kind {
            NodeKind::Other => self
                .other_types
                .binary_search_by_key(&node.0, |entry| entry.0)
                .ok()
                .map(|at| usize::from(self.other_types[at].1)),
            _ => self.header.node_kinds.iter().position(|known| *known == kind),
        };
        raw.and_then(|raw| self.header.node_type_names.get(raw)).map_or("unknown", String::as_str)
    }

    /// The node's name: a constructor, a function, the beginning of a string's content …
    pub fn name(&self, node: Node) -> Name {
        Name(self.names[node.0 as usize])
    }

    /// Whether the node is V8's own: it keeps other things there, and a program does not know of it.
    pub(crate) fn is_internal(&self, node: Node) -> bool {
        // Contexts of functions, say, are of kind `object` since V8 12.
        self.kind(node).is_internal() || is_own(self.text(self.name(node)))
    }

    /// V8's id of the object.
    pub fn id(&self, node: Node) -> u32 {
        self.ids[node.0 as usize]
    }

    /// The node with this id of V8's.
    pub fn find_id(&self, id: u32) -> Option<Node> {
        self.ids.iter().position(|own| *own == id).map(|at| Node(at as u32))
    }

    /// Bytes of the object itself.
    pub fn self_size(&self, node: Node) -> u64 {
        self.sizes.get(node)
    }

    pub(crate) fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// Takes the sizes out, so that they can be changed while others read the graph.
    pub(crate) fn take_sizes(&mut self) -> Sizes {
        std::mem::take(&mut self.sizes)
    }

    pub(crate) fn put_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }

    /// The node's edges.
    pub fn edges(&self, node: Node) -> impl DoubleEndedIterator<Item = Edge> + ExactSizeIterator + use<> {
        self.edge_range(node).map(Edge)
    }

    pub(crate) fn edge_range(&self, node: Node) -> Range<u32> {
        let at = node.0 as usize;
        self.first_edges[at]..self.first_edges[at + 1]
    }

    /// What kind of reference the edge is.
    pub fn edge_kind(&self, edge: Edge) -> EdgeKind {
        EdgeKind::ALL[(self.labels[edge.0 as usize] & 7) as usize]
    }

    /// The node that has the edge.
    pub fn source(&self, edge: Edge) -> Node {
        // The last node whose edges begin at or before it, and that has any.
        Node(self.first_edges.partition_point(|first| *first <= edge.0).saturating_sub(1) as u32)
    }

    /// Where the edge leads.
    pub fn target(&self, edge: Edge) -> Node {
        Node(self.targets[edge.0 as usize])
    }

    /// Where all edges lead, in the file's order.
    pub(crate) fn targets(&self) -> impl Iterator<Item = Node> {
        (0..).inspect(|edge| checkpoint(*edge)).zip(&self.targets).map(|(_, target)| Node(*target))
    }

    /// What the edge is called.
    pub fn label(&self, edge: Edge) -> Label {
        let packed = self.labels[edge.0 as usize];
        let value = match packed >> KIND_BITS {
            LARGE_LABEL => self.large_labels.get(&edge.0).copied().unwrap_or_default(),
            value => value,
        };
        if EdgeKind::ALL[(packed & 7) as usize].has_name() { Label::Named(Name(value)) } else { Label::Index(value) }
    }

    /// The edge's name, if it is a string.
    pub fn edge_name(&self, edge: Edge) -> Option<Name> {
        match self.label(edge) {
            Label::Named(name) => Some(name),
            Label::Index(_) => None,
        }
    }

    /// A string's text, as WTF-8.
    pub fn text(&self, name: Name) -> &[u8] {
        self.strings.get(name.0).unwrap_or(b"(cut off)")
    }

    /// All strings of the table with their texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (Name, &[u8])> {
        (0..).inspect(|name| checkpoint(*name)).map(Name).zip(self.strings.iter())
    }

    /// How many strings the file has.
    pub fn string_count(&self) -> usize {
        self.strings.len() - self.added_texts
    }

    /// The string of the table that is `text`.
    pub(crate) fn find_text(&self, text: &[u8]) -> Option<Name> {
        self.texts().find(|(_, own)| *own == text).map(|(name, _)| name)
    }

    /// Where the node's constructor is defined.
    pub fn location(&self, node: Node) -> Option<Location> {
        self.locations.binary_search_by_key(&node.0, |entry| entry.0).ok().map(|at| self.locations[at].1)
    }

    /// All nodes that have a location, in the file's order.
    pub(crate) fn locations(&self) -> impl Iterator<Item = (Node, Location)> {
        self.locations.iter().map(|(node, location)| (Node(*node), *location))
    }

    pub(super) fn push_node(&mut self, kind: NodeKind, name: u32, id: u32, size: u64) {
        self.kinds.push(kind);
        self.names.push(name);
        self.ids.push(id);
        self.sizes.push(size);
    }

    pub(super) fn push_edge(&mut self, kind: EdgeKind, label: u32, to: u32) {
        let packed = self.packed(Edge(self.targets.len() as u32), kind, label);
        self.labels.push(packed);
        self.targets.push(to);
    }

    /// Gives an edge with a name another one.
    pub(super) fn relabel(&mut self, edge: Edge, name: Name) {
        self.labels[edge.0 as usize] = self.packed(edge, self.edge_kind(edge), name.0);
    }

    fn packed(&mut self, edge: Edge, kind: EdgeKind, label: u32) -> u32 {
        let packed = if label >= LARGE_LABEL {
            self.large_labels.insert(edge.0, label);
            LARGE_LABEL
        } else {
            label
        };
        packed << KIND_BITS | kind as u32
    }

    /// Bytes that the columns take.
    pub(crate) fn bytes(&self) -> usize {
        let of = |capacity: usize, each: usize| capacity.saturating_mul(each);
        of(self.kinds.capacity(), 1)
            + of(self.names.capacity() + self.ids.capacity() + self.first_edges.capacity(), 4)
            + of(self.labels.capacity() + self.targets.capacity(), 4)
            + of(self.locations.capacity(), size_of::<(u32, Location)>())
            + of(self.large_labels.capacity(), size_of::<(u32, u32)>())
            + self.sizes.bytes()
            + self.strings.bytes()
    }

    /// Gives back memory that was reserved for more.
    pub(crate) fn shrink(&mut self) {
        self.kinds.shrink_to_fit();
        self.names.shrink_to_fit();
        self.ids.shrink_to_fit();
        self.sizes.shrink();
        self.first_edges.shrink_to_fit();
        self.labels.shrink_to_fit();
        self.targets.shrink_to_fit();
        self.strings.shrink();
        self.locations.sort_unstable_by_key(|entry| entry.0);
        self.locations.shrink_to_fit();
    }
}
