//! What each string of the table is used for, gathered while nodes and edges pass. It takes one byte for each
//! string.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::heap::names::REPLACED_ABOVE;
use crate::heap::v8::{EdgeKind, NodeKind};

pub(super) const CONTENT: u8 = 1;
pub(super) const CONSTRUCTOR: u8 = 2;
pub(super) const FUNCTION: u8 = 4;
pub(super) const PROPERTY: u8 = 8;
pub(super) const VARIABLE: u8 = 16;
pub(super) const INTERNAL: u8 = 32;
/// A property of an object that has so many that they are keys.
pub(super) const DICTIONARY: u8 = 64;
/// What V8 made of a source: the information about a function, a script.
pub(super) const CODE: u8 = 128;
/// A string with one of these uses is a name.
pub(super) const NAMES: u8 = CONSTRUCTOR | FUNCTION | PROPERTY | VARIABLE | INTERNAL | CODE;

/// What a node's name is used for.
pub(super) fn of_node(kind: NodeKind) -> u8 {
    match kind {
        kind if kind.is_string() => CONTENT,
        // What a type that is not known has may be contents.
        NodeKind::RegExp | NodeKind::Number | NodeKind::BigInt | NodeKind::Other => CONTENT,
        NodeKind::Object => CONSTRUCTOR,
        NodeKind::Closure => FUNCTION,
        NodeKind::Code => CODE,
        _ => INTERNAL,
    }
}

/// What an edge's name is used for; 0 if it has none.
pub(super) fn of_edge(kind: EdgeKind) -> u8 {
    match kind {
        EdgeKind::Property => PROPERTY,
        EdgeKind::Context => VARIABLE,
        kind if kind.has_name() => INTERNAL,
        _ => 0,
    }
}

/// What the edges of some nodes have in common. Nodes come first, then all edges in the order of the nodes, so it is enough to know
/// with which edge the next of these nodes begins, and with which one it ends.
#[derive(Debug)]
pub(super) struct Spans<T> {
    spans: Vec<(Range<u32>, T)>,
    next: usize,
    /// The edge with which something changes.
    turn: u32,
    edge: u32,
    current: Option<T>,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self { spans: Vec::new(), next: 0, turn: u32::MAX, edge: 0, current: None }
    }
}

impl<T: Copy> Spans<T> {
    /// The edges of a node; there are some.
    pub(super) fn push(&mut self, edges: Range<u32>, what: T) {
        if self.spans.is_empty() {
            self.turn = edges.start;
        }
        self.spans.push((edges, what));
    }

    /// Counts one edge; whether it is the first one of such a node, or the first one after it.
    #[inline]
    pub(super) fn step(&mut self) -> bool {
        let turns = self.edge == self.turn;
        self.edge += 1;
        if turns {
            self.change();
        }
        turns
    }

    /// What the edge that was counted last belongs to.
    #[inline]
    pub(super) fn current(&self) -> Option<T> {
        self.current
    }

    #[cold]
    fn change(&mut self) {
        let next = self.spans.get(self.next);
        let begun = next.filter(|(edges, _)| edges.start == self.turn);
        self.current = begun.map(|(_, what)| *what);
        (self.turn, self.next) = match (begun, next) {
            (Some((edges, _)), _) => (edges.end, self.next + 1),
            (None, Some((edges, _))) => (edges.start, self.next),
            (None, None) => (u32::MAX, self.next),
        };
    }
}

/// By place in the table of strings, what the string is used for.
#[derive(Debug, Default)]
pub(super) struct Uses {
    dense: Vec<u8>,
    /// Places far beyond all seen before. V8 numbers strings as it meets them, so only a forged file has such names, and it
    /// must not cost more memory than it has bytes.
    sparse: FxHashMap<u32, u8>,
    marked: usize,
}

/// How far a place may be beyond the number of names seen before.
const SLACK: usize = 1 << 20;

impl Uses {
    #[inline]
    pub(super) fn mark(&mut self, name: u32, bit: u8) {
        self.marked += 1;
        match self.dense.get_mut(name as usize) {
            Some(uses) => *uses |= bit,
            None => self.mark_new(name, bit),
        }
    }

    #[cold]
    fn mark_new(&mut self, name: u32, bit: u8) {
        let at = name as usize;
        if at > self.marked + SLACK {
            *self.sparse.entry(name).or_default() |= bit;
            return;
        }
        self.dense.resize(at + 1, 0);
        if let Some(uses) = self.dense.get_mut(at) {
            *uses |= bit;
        }
    }

    pub(super) fn of(&self, string: usize) -> u8 {
        let dense = self.dense.get(string).copied().unwrap_or_default();
        let sparse = match self.sparse.is_empty() {
            true => None,
            false => u32::try_from(string).ok().and_then(|string| self.sparse.get(&string)).copied(),
        };
        dense | sparse.unwrap_or_default()
    }
}

/// The names of the properties of the large object whose edges are coming: at most one more than makes it a dictionary.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) names: Vec<u32>,
}

impl Properties {
    pub(super) fn many(&self) -> bool {
        self.names.len() > REPLACED_ABOVE
    }
}

/// Whether a node with so many edges may be a dictionary.
pub(super) fn is_large(edges: &Range<u32>) -> bool {
    edges.len() > REPLACED_ABOVE
}
