//! What was held in one way in the first heap and is held in another in the last, and is no growth: a module that something else leads to
//! now has another dominator, or another shortest way.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::dominance::{Dominance, Sum};
use super::fold::Fold;
use super::places::{Places, TOP};

/// Unless there is no other, it is the same if one is by less than this part larger than the other, with all that they hold.
const PART: u64 = 4;

/// What is in one heap only: by class and number, the bytes of each place, with what is below it.
type Only = FxHashMap<(u32, u64), BTreeSet<(u64, u32)>>;

impl Dominance {
    /// Makes one of a place that only the first heap has and one that only the last has, where as many things of the same class are.
    /// Answers by place that which it is a part of now.
    pub(super) fn rejoin(&mut self) -> Vec<u32> {
        let mut fold = Fold::new(&self.places);
        let retained = self.retained();
        let sums = |heap: Option<&Vec<Sum>>, place: u32| heap.map_or(0, |sums| sums[place as usize].count);
        let mut gone = Only::default();
        let mut new = Vec::new();
        for place in self.places.numbers() {
            let text = self.places.at(place).class.text;
            match (sums(self.sums.first(), place), sums(self.sums.last(), place)) {
                (count @ 1.., 0) => {
                    gone.entry((text, count)).or_default().insert((retained[place as usize][0], place));
                }
                (0, count @ 1..) => new.push((place, (text, count))),
                _ => {}
            }
        }
        // What is in a thing that was found is found with it.
        let mut found: FxHashSet<u32> = FxHashSet::default();
        let is_found = |places: &Places, found: &FxHashSet<u32>, place: u32| {
            std::iter::once(place).chain(places.above(place)).any(|at| found.contains(&at))
        };
        for (place, kin) in new {
            let bytes = retained[place as usize][1];
            let Some(candidates) = gone.get_mut(&kin).filter(|_| !is_found(&self.places, &found, place)) else {
                continue;
            };
            while let Some((size, other)) = nearest(candidates, bytes) {
                let is_only = candidates.len() == 1 && self.places.at(place).class.telling;
                if !is_only && size.abs_diff(bytes) > size.max(bytes) / PART {
                    break;
                }
                candidates.remove(&(size, other));
                // What the last heap has was made first.
                if other > place && !is_found(&self.places, &found, other) {
                    fold.join(&mut self.places, other, place);
                    found.extend([place, other]);
                    break;
                }
            }
        }
        fold.apply(self)
    }
}

/// The place that has most nearly so many bytes.
fn nearest(candidates: &BTreeSet<(u64, u32)>, bytes: u64) -> Option<(u64, u32)> {
    let above = candidates.range((bytes, TOP)..).next();
    let below = candidates.range(..(bytes, TOP)).next_back();
    above.into_iter().chain(below).min_by_key(|(size, _)| size.abs_diff(bytes)).copied()
}
