//! Where things are held: the shortest paths of all objects, folded into one tree.
//!
//! A position in the tree is a path from a root written in references and classes, with what differs from object to object
//! folded: indices of arrays, entries of maps, keys of dictionaries, and runs of the same step (a linked list is one
//! position). So 48,000 sessions are one position, `… MemoryStore .sessions […]`, and positions of different snapshots can
//! be compared, whatever ids their objects have.

#![allow(clippy::indexing_slicing, reason = "positions, texts and ordinals are numbered by what made the columns")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use rustc_hash::FxHashMap;

use super::labels::{Labels, NO_TEXT, first_texts};
use super::texts::Texts;
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Node};
use crate::heap::names::is_telling;
use crate::heap::words::{self, Holder};

/// The position of the root, and of what nothing reaches.
pub(super) const TOP: u32 = 0;
/// What is held over more steps than this has the position at which they end.
const MAX_DEPTH: u32 = 200;
/// More positions help nobody: once there are so many, an object gets the position of its holder.
const MAX_POSITIONS: usize = 4_000_000;

/// Positions, shared by all snapshots that are compared.
#[derive(Debug)]
pub(crate) struct Positions {
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
    /// V8 keeps parts of an object here, which the program does not know of.
    internal: bool,
}

impl Positions {
    pub(crate) fn new() -> Self {
        let top = Position { parent: TOP, label: NO_TEXT, class: NO_TEXT, depth: 0, internal: true };
        Self { positions: vec![top], known: FxHashMap::default(), texts: first_texts() }
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
        let mut labels = Labels::new();
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
                position = self.step(heap, &mut labels, position, source, edge, node);
                at[node.0 as usize] = position;
            }
        }
        at
    }

    fn step(&mut self, heap: &Heap, labels: &mut Labels, parent: u32, source: Node, edge: Edge, node: Node) -> u32 {
        let graph = heap.graph();
        let class = labels.class(&mut self.texts, heap, node);
        let label = if source == graph.root() { NO_TEXT } else { labels.label(&mut self.texts, graph, source, edge) };
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
        let above = self.above(position).map(|at| Holder {
            label: self.label(at),
            class: self.class(at),
            is_internal: self.is_internal(at),
            is_telling: self.is_telling(at),
        });
        words::held_by(self.label(position), above)
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

    /// The whole path, in words, without what a program does not know of.
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
