//! The dominator trees of the first and the last heap as one: what grew, with what is below it.
//!
//! Only as much of it as a picture can show: of each place those below it that grew most, and the others that grew as one.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use std::cmp::Reverse;

use serde::Serialize;

use super::view::View;
use crate::heap::holding::{Dominance, TOP};

/// A place that has a smaller part of all growth (one 2000th) is not one by itself.
const SMALLEST_PART: i64 = 2000;
/// Places below one that are by themselves.
const CHILDREN: usize = 40;
/// Places in all.
const PLACES: usize = 4000;
const DEPTH: usize = 60;

/// A place in the dominator trees of two heaps that has more bytes, with all below it, in the last than in the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrowthBranch {
    /// What the things there are called; empty for several places.
    pub name: String,
    /// How they are held by what is above: `.sessions`, `[…]`; empty where several things hold them.
    pub by: String,
    /// How many, in the first and the last.
    pub counts: [u64; 2],
    /// Bytes, with what they retain, in the first and the last.
    pub retained: [u64; 2],
    /// What grew of what they dominate, most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<GrowthBranch>,
}

impl View<'_> {
    /// The tree from the root on; of heaps that did not grow there is nothing below it.
    pub(crate) fn tree(&self) -> GrowthBranch {
        let mut left = PLACES;
        let smallest = (self.grown_below(TOP) / SMALLEST_PART).max(1);
        GrowthBranch { name: String::new(), ..self.branch(TOP, smallest, DEPTH, &mut left) }
    }

    fn branch(&self, place: u32, smallest: i64, depth: usize, left: &mut usize) -> GrowthBranch {
        *left = left.saturating_sub(1);
        let mut grown: Vec<u32> = self.children(place).filter(|child| self.grown_below(*child) > 0).collect();
        grown.sort_by_key(|child| (Reverse(self.grown_below(*child)), *child));
        let mut rest = GrowthBranch::default();
        let mut children = Vec::new();
        for (at, child) in grown.into_iter().enumerate() {
            if at < CHILDREN && *left > 0 && depth > 0 && self.grown_below(child) >= smallest {
                children.push(self.branch(child, smallest, depth - 1, left));
            } else {
                rest.add(self.counts_at(child), self.retained(child));
            }
        }
        children.extend(Some(rest).filter(|rest| rest.retained[1] > 0));
        GrowthBranch {
            name: self.dominance.name(&self.shortest.texts, place).to_owned(),
            by: self.dominance.by(&self.shortest.texts, place).to_owned(),
            counts: self.counts_at(place),
            retained: self.retained(place),
            children,
        }
    }

    fn counts_at(&self, place: u32) -> [u64; 2] {
        let Dominance { sums, .. } = self.dominance;
        [sums.first(), sums.last()].map(|sums| sums.map_or(0, |sums| sums[place as usize].count))
    }
}

impl GrowthBranch {
    fn add(&mut self, counts: [u64; 2], retained: [u64; 2]) {
        for (sum, more) in self.counts.iter_mut().zip(counts) {
            *sum += more;
        }
        for (sum, more) in self.retained.iter_mut().zip(retained) {
            *sum += more;
        }
    }
}
