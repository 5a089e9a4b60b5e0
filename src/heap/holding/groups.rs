//! Positions that are the same in every snapshot: the same way from the nearest object whose class says something.

#![allow(clippy::indexing_slicing, reason = "positions and groups are numbered here")]

use rustc_hash::FxHashMap;

use super::positions::{Positions, TOP};

/// The group of the root, and of what nothing reaches.
pub(crate) const TOP_GROUP: u32 = 0;

/// Positions that are the same way from a holder, wherever that is reached from.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    known: FxHashMap<String, u32>,
    /// By position.
    pub(crate) of: Vec<u32>,
    /// By group, one of its positions.
    pub(crate) examples: Vec<u32>,
    /// By group, the bytes that its example had when it was chosen.
    weights: Vec<u64>,
}

impl Groups {
    /// Takes in positions that are new.
    pub(crate) fn extend(&mut self, positions: &Positions) {
        for position in self.of.len()..positions.len() {
            let next = at(self.examples.len());
            let group = *self.known.entry(positions.key(at(position))).or_insert(next);
            if group == next {
                self.examples.push(at(position));
                self.weights.push(0);
            }
            self.of.push(group);
        }
    }

    /// Makes of each group the position with most bytes its example.
    pub(crate) fn choose(&mut self, sizes: &[u64]) {
        for (position, bytes) in sizes.iter().enumerate() {
            let group = self.of[position] as usize;
            if *bytes > self.weights[group] {
                self.weights[group] = *bytes;
                self.examples[group] = at(position);
            }
        }
    }
}

/// Positions are counted in 32 bits.
pub(crate) fn at(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(TOP)
}
