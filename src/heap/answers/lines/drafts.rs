//! Which places are in one line: each is in exactly one, and so is every byte.
//!
//! What accumulates (see [`Groups`](crate::heap::holding::Groups)) is in the line of who holds it, with all that is below it and the
//! holder's own growth. What is in no such line is one by itself.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]

use rustc_hash::FxHashMap;

use super::owners::NONE;
use super::view::View;
use crate::heap::holding::{NO_TEXT, TOP};

/// What places have in common that are in one line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// They are, or are below, what one holder accumulates.
    Held(String),
    /// They are of one group.
    Group(u32),
    /// V8 keeps them, and a program does not know of them.
    Internal,
}

/// A line before it has words.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) key: Key,
    /// By heap, bytes.
    pub(crate) sizes: Vec<u64>,
    pub(crate) places: Vec<u32>,
}

impl Draft {
    /// Takes in another one.
    pub(super) fn add(&mut self, other: Self) {
        for (size, more) in self.sizes.iter_mut().zip(other.sizes) {
            *size += more;
        }
        self.places.extend(other.places);
    }
}

impl View<'_> {
    pub(crate) fn drafts(&self) -> Vec<Draft> {
        let mut words: FxHashMap<u32, String> = FxHashMap::default();
        let mut known: FxHashMap<Key, usize> = FxHashMap::default();
        let mut drafts: Vec<Draft> = Vec::new();
        for place in std::iter::once(TOP).chain(self.dominance.places.numbers()) {
            let key = match self.owners.of[place as usize] {
                NONE if self.class(place).internal => Key::Internal,
                NONE => Key::Group(self.groups.of[place as usize]),
                owner => Key::Held(
                    words.entry(owner).or_insert_with(|| self.dominance.held_by(self.shortest, owner, NO_TEXT)).clone(),
                ),
            };
            let at = *known.entry(key).or_insert_with_key(|key| {
                drafts.push(Draft { key: key.clone(), sizes: vec![0; self.dominance.sums.len()], places: Vec::new() });
                drafts.len() - 1
            });
            for (size, sums) in drafts[at].sizes.iter_mut().zip(&self.dominance.sums) {
                *size += sums[place as usize].bytes;
            }
            drafts[at].places.push(place);
        }
        drafts
    }
}
