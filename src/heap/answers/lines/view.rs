//! All heaps side by side, place by place: how much each grew, with what it holds.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]
#![allow(clippy::cast_possible_wrap, reason = "counts and sizes are far below 2^63")]

use rustc_hash::FxHashMap;

use super::owners::{Owners, owners};
use crate::heap::holding::{Class, Dominance, Groups, Shortest, Sum};

/// Everything that is asked when lines are made.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) shortest: &'a Shortest,
    pub(crate) dominance: &'a Dominance,
    pub(super) groups: Groups,
    pub(super) owners: Owners,
    /// By place: bytes at it and below it, in the first and the last heap.
    below: Vec<[u64; 2]>,
    children: FxHashMap<u32, Vec<u32>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(shortest: &'a Shortest, dominance: &'a Dominance) -> Self {
        let groups = Groups::find(dominance, &shortest.texts);
        let mut children: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for number in dominance.places.numbers() {
            children.entry(dominance.places.at(number).parent).or_default().push(number);
        }
        let owners = owners(shortest, dominance, &groups);
        Self { shortest, dominance, groups, owners, below: dominance.retained(), children }
    }

    pub(super) fn class(&self, place: u32) -> Class {
        self.dominance.places.at(place).class
    }

    /// What a place holds.
    pub(super) fn children(&self, place: u32) -> impl Iterator<Item = u32> {
        self.children.get(&place).into_iter().flatten().copied()
    }

    /// That which a place holds and that has most of its growth.
    pub(super) fn heaviest(&self, place: u32) -> Option<u32> {
        let most = self.children(place).max_by_key(|child| self.grown_below(*child))?;
        (self.grown_below(most).saturating_mul(2) >= self.grown_below(place)).then_some(most)
    }

    /// How many more things of a place's group there are.
    pub(super) fn more(&self, place: u32) -> i64 {
        self.groups.more(place)
    }

    pub(super) fn grown(&self, place: u32) -> i64 {
        let bytes = |sums: Option<&Vec<Sum>>| sums.map_or(0, |sums| sums[place as usize].bytes as i64);
        bytes(self.dominance.sums.last()) - bytes(self.dominance.sums.first())
    }

    /// Bytes at a place and below it, in the first and the last heap.
    pub(super) fn retained(&self, place: u32) -> [u64; 2] {
        self.below[place as usize]
    }

    pub(super) fn grown_below(&self, place: u32) -> i64 {
        let [first, last] = self.below[place as usize];
        last as i64 - first as i64
    }
}
