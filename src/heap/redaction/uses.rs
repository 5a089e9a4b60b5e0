//! What each string of the table is used for, gathered while nodes and edges pass. It takes one byte for each
//! string and one for each node.

use rustc_hash::FxHashMap;

use crate::heap::names::REPLACED_ABOVE;

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

/// Which node the next edge belongs to. It takes one byte for each node.
#[derive(Debug, Default)]
pub(super) struct Sources {
    counts: Vec<u8>,
    large: FxHashMap<usize, u32>,
    last_end: u32,
    node: usize,
    left: u32,
    begun: bool,
}

impl Sources {
    pub(crate) fn push(&mut self, edges_end: u32) {
        let count = edges_end - self.last_end;
        self.last_end = edges_end;
        self.counts.push(u8::try_from(count).unwrap_or(u8::MAX));
        if count >= u32::from(u8::MAX) {
            self.large.insert(self.counts.len() - 1, count);
        }
    }

    fn count(&self, node: usize) -> u32 {
        match self.counts.get(node) {
            Some(&u8::MAX) => self.large.get(&node).copied().unwrap_or_default(),
            Some(count) => (*count).into(),
            None => 0,
        }
    }

    /// The node of the edge that was counted last.
    pub(super) fn node(&self) -> usize {
        self.node
    }

    /// Counts one edge; whether it is the first of its node.
    pub(crate) fn step(&mut self) -> bool {
        let first = self.left == 0;
        if first {
            if self.begun {
                self.node += 1;
            }
            self.begun = true;
            while self.node < self.counts.len() && self.count(self.node) == 0 {
                self.node += 1;
            }
            self.left = self.count(self.node);
        }
        self.left = self.left.saturating_sub(1);
        first
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
        let at = name as usize;
        if at >= self.dense.len() {
            if at > self.marked + SLACK {
                *self.sparse.entry(name).or_default() |= bit;
                return;
            }
            self.dense.resize(at + 1, 0);
        }
        if let Some(uses) = self.dense.get_mut(at) {
            *uses |= bit;
        }
    }

    pub(crate) fn of(&self, string: usize) -> u8 {
        let dense = self.dense.get(string).copied().unwrap_or_default();
        let sparse = match self.sparse.is_empty() {
            true => None,
            false => u32::try_from(string).ok().and_then(|string| self.sparse.get(&string)).copied(),
        };
        dense | sparse.unwrap_or_default()
    }
}

/// The names of the properties of the node whose edges are coming: at most one more than makes it a dictionary.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) names: Vec<u32>,
}

impl Properties {
    pub(super) fn many(&self) -> bool {
        self.names.len() > REPLACED_ABOVE
    }
}
