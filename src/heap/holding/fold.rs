//! Places that turn out to be one when all heaps are there.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::FxHashMap;

use super::dominance::{Dominance, Sum};
use super::places::{Held, Places, TOP};

/// Places that are made one.
pub(super) struct Fold {
    below: FxHashMap<u32, Vec<u32>>,
    /// By place, that which it is a part of now.
    into: Vec<u32>,
}

impl Fold {
    pub(super) fn new(places: &Places) -> Self {
        let mut below: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for place in places.numbers() {
            below.entry(places.at(place).parent).or_default().push(place);
        }
        Self { below, into: std::iter::once(TOP).chain(places.numbers()).collect() }
    }

    pub(super) fn below(&self, place: u32) -> impl Iterator<Item = u32> {
        self.below.get(&place).into_iter().flatten().copied()
    }

    pub(super) fn target(&self, place: u32) -> u32 {
        let mut at = place;
        while self.into[at as usize] != at {
            at = self.into[at as usize];
        }
        at
    }

    /// Makes a place, with all below it, one with another that was made before it.
    pub(super) fn join(&mut self, places: &mut Places, place: u32, into: u32) {
        if let Some(others) = self.below.get_mut(&places.at(place).parent) {
            others.retain(|other| *other != place);
        }
        self.take(places, place, into);
        self.merge(places, into);
    }

    /// Merges those below a place, and what is below them, that are the same step now.
    pub(super) fn merge(&mut self, places: &mut Places, place: u32) {
        let mut list = vec![place];
        while let Some(place) = list.pop() {
            let mut first: FxHashMap<(Held, u32), u32> = FxHashMap::default();
            let mut kept = Vec::new();
            let mut children = self.below.remove(&place).unwrap_or_default();
            // The first of those that are merged has the least number, so that a holder's number stays below its things'.
            children.sort_unstable();
            for child in children {
                let step = (places.at(child).held, places.at(child).class.text);
                let same = *first.entry(step).or_insert(child);
                if same == child {
                    kept.push(child);
                    continue;
                }
                self.take(places, child, same);
                list.push(same);
            }
            self.below.insert(place, kept);
        }
    }

    /// What is below a place is below the other now.
    fn take(&mut self, places: &mut Places, place: u32, into: u32) {
        self.into[place as usize] = into;
        let more = self.below.remove(&place).unwrap_or_default();
        for one in &more {
            places.all[*one as usize].parent = into;
        }
        self.below.entry(into).or_default().extend(more);
    }

    /// Adds up what is one now. Answers by place that which it is a part of.
    pub(super) fn apply(self, dominance: &mut Dominance) -> Vec<u32> {
        let Dominance { places, sums, via, .. } = dominance;
        for place in places.numbers() {
            let target = self.target(place);
            if target != place {
                for sums in sums.iter_mut() {
                    let Sum { count, nested, bytes } = std::mem::take(&mut sums[place as usize]);
                    sums[target as usize].count += count;
                    sums[target as usize].nested += nested;
                    sums[target as usize].bytes += bytes;
                }
            }
            let parent = self.target(places.at(place).parent);
            places.all[place as usize].parent = parent;
        }
        for via in via.values_mut().flatten() {
            *via = self.target(*via);
        }
        std::iter::once(TOP).chain(places.numbers()).map(|place| self.target(place)).collect()
    }
}
