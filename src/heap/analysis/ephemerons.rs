//! The edges that stand for an entry of a WeakMap.
//!
//! The value of an entry lives while both the map's table and the key live. V8 writes that as two edges to the value, one
//! from the table and one from the key, both of type `internal` and with a name that says so: `17 / part of key (Foo @33)
//! -> value (Bar @35) pair in WeakMap (table @31)`. DevTools counts the key's edge as the one that retains, and for
//! distances the one that is met last; so does heapkit.

use rustc_hash::FxHashMap;

use super::bits::Bits;
use crate::heap::graph::{Graph, Name};
use crate::heap::v8::weak_map_entry;

/// What such a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// V8's id of the table.
    pub(super) table: u32,
    /// The same for the two edges of one entry.
    pub(super) pair: u32,
}

/// The names of the table of strings that are such names.
#[derive(Debug)]
pub(super) struct Ephemerons {
    entries: FxHashMap<u32, Entry>,
    /// Asked for every internal edge, so it has to be small.
    names: Bits,
}

impl Ephemerons {
    pub(super) fn find(graph: &Graph) -> Self {
        let mut entries = FxHashMap::default();
        let mut names = Bits::new(graph.string_count());
        let mut pairs: FxHashMap<&[u8], u32> = FxHashMap::default();
        for (name, text) in graph.texts() {
            let Some((shared, table)) = weak_map_entry(text) else { continue };
            let next = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
            let pair = *pairs.entry(shared).or_insert(next);
            entries.insert(name.0, Entry { table, pair });
            names.insert(name.0);
        }
        Self { entries, names }
    }

    /// What the name of an internal edge says of a WeakMap.
    #[inline]
    pub(super) fn entry(&self, name: Name) -> Option<Entry> {
        if self.entries.is_empty() || !self.names.has(name.0) {
            return None;
        }
        self.entries.get(&name.0).copied()
    }
}
