//! Which places are the same in all heaps, and of which of those there is more for each holder than before.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]
#![allow(clippy::cast_possible_truncation, reason = "no more groups than places")]
#![allow(clippy::cast_possible_wrap, reason = "counts are far below 2^63")]

use rustc_hash::{FxHashMap, FxHashSet};

use super::dominance::Dominance;
use super::places::{Held, TOP};
use super::texts::Texts;

/// The classes of what V8 makes of functions.
const CODE: [&str; 2] = ["(compiled code)", "(object shape)"];

/// Places that are the same way from a thing whose class says something: how that thing is reached may be another way in each heap.
#[derive(Debug)]
pub(crate) struct Groups {
    /// By place.
    pub(crate) of: Vec<u32>,
    /// By group, by heap: how many things.
    counts: Vec<Vec<u64>>,
    /// By place: whether there is more for each holder than there was, of its group or at this place.
    pub(crate) accumulates: Vec<bool>,
}

/// From where a group's way is.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Base {
    Class(u32),
    Group(u32),
}

impl Groups {
    pub(crate) fn find(dominance: &Dominance, texts: &Texts) -> Self {
        let places = &dominance.places;
        let mut known: FxHashMap<(Base, Held, u32), u32> = FxHashMap::default();
        let mut of = vec![0; places.len()];
        for number in places.numbers() {
            let place = places.at(number);
            let base = if places.at(place.parent).class.telling {
                Base::Class(places.at(place.parent).class.text)
            } else {
                Base::Group(of[place.parent as usize])
            };
            let next = known.len() as u32 + 1;
            of[number as usize] = *known.entry((base, place.held, place.class.text)).or_insert(next);
        }
        let heaps = dominance.sums.len();
        let mut counts = vec![vec![0; heaps]; known.len() + 1];
        let mut holders = counts.clone();
        let mut seen: FxHashSet<(u32, u32)> = FxHashSet::default();
        for number in places.numbers() {
            let (group, parent) = (of[number as usize], places.at(number).parent);
            let first = seen.insert((group, parent));
            for (heap, sums) in dominance.sums.iter().enumerate() {
                counts[group as usize][heap] += sums[number as usize].count;
                if first {
                    holders[group as usize][heap] += if parent == TOP { 1 } else { sums[parent as usize].count };
                }
            }
        }
        let mut growing: Vec<bool> =
            counts.iter().zip(&holders).map(|(counts, holders)| accumulates(counts, holders)).collect();
        if let Some(many) = &dominance.many {
            growing.fill(false);
            for place in many {
                growing[of[*place as usize] as usize] = true;
            }
        }
        let mut accumulates: Vec<bool> = of.iter().map(|group| growing[*group as usize]).collect();
        for number in places.numbers() {
            // Functions are compiled sooner or later, and objects get shapes.
            let is_code = CODE.contains(&texts.get(places.at(number).class.text));
            let accumulating = &mut accumulates[number as usize];
            *accumulating = !is_code && (*accumulating || accumulates_alone(dominance, number));
        }
        Self { of, counts, accumulates }
    }

    /// How many more things of a place's group there are.
    pub(crate) fn more(&self, place: u32) -> i64 {
        let counts = &self.counts[self.of[place as usize] as usize];
        counts.first().zip(counts.last()).map_or(0, |(first, last)| *last as i64 - *first as i64)
    }
}

/// Whether there is more at a place for each holder there, where there was some before, although elsewhere the same holders explain it:
/// one archive has more and more pages, while each of ever more books has a few.
fn accumulates_alone(dominance: &Dominance, place: u32) -> bool {
    let counts = |place: u32| -> Vec<u64> { dominance.sums.iter().map(|sums| sums[place as usize].count).collect() };
    let (here, parent) = (counts(place), dominance.places.at(place).parent);
    let was_there = here.first().is_some_and(|before| *before > 0);
    dominance.many.is_none() && was_there && parent != TOP && accumulates(&here, &counts(parent))
}

/// Whether at least half of what there is more of cannot be explained by there being more holders.
fn accumulates(counts: &[u64], holders: &[u64]) -> bool {
    let ends = |counts: &[u64]| Some((u128::from(*counts.first()?), u128::from(*counts.last()?)));
    let (Some((before, after)), Some((holders_before, holders_after))) = (ends(counts), ends(holders)) else {
        return false;
    };
    if after <= before || holders_before == 0 {
        return false;
    }
    let expected = before * holders_after / holders_before;
    after.saturating_sub(expected) * 2 >= after - before
}
