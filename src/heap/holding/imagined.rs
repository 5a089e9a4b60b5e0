//! One heap alone: an earlier one is imagined, in which each holder had one of what it has many of now, and everything else was as it is.
//!
//! So what one heap has much of is what grew, and is found and said in the same way.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::{FxHashMap, FxHashSet};

use super::dictionaries::{NEW_KEYS, PLAIN, is_key};
use super::dominance::{Dominance, Sum};
use super::places::TOP;
use super::texts::Texts;

/// So many of one kind with each of their holders are many.
const MANY: u64 = 8;

impl Dominance {
    /// As [`finish`](Self::finish), of two heaps of which there is the second.
    pub(crate) fn imagine(&mut self, texts: &Texts) -> Vec<u32> {
        self.sums[1].resize(self.places.len(), Sum::default());
        self.sums[0] = self.sums[1].clone();
        for key in self.keys_of_alike(texts) {
            self.sums[0][key as usize] = Sum::default();
        }
        let into = self.finish(texts);
        let (earlier, many) = self.earlier();
        self.sums[0] = earlier;
        self.many = Some(many);
        into
    }

    /// Of plain objects that have many things of one class under keys: all those keys but one.
    fn keys_of_alike(&self, texts: &Texts) -> FxHashSet<u32> {
        let mut alike: FxHashMap<(u32, u32), Vec<u32>> = FxHashMap::default();
        for place in self.places.numbers() {
            let known = self.places.at(place);
            let is_plain = PLAIN.contains(&texts.get(self.places.at(known.parent).class.text));
            if is_plain && known.parent != TOP && is_key(&self.places, texts, place) {
                alike.entry((known.parent, known.class.text)).or_default().push(place);
            }
        }
        alike.into_values().filter(|keys| keys.len() > NEW_KEYS).flat_map(|keys| keys.into_iter().skip(1)).collect()
    }

    /// By place, what the imagined heap has there; and the places of which there are many now.
    fn earlier(&self) -> (Vec<Sum>, Vec<u32>) {
        let sums = &self.sums[1];
        let mut earlier = sums.clone();
        // By place: how many times as many as their holders the most numerous things above it are.
        let mut most = vec![0; sums.len()];
        let mut many = Vec::new();
        earlier[TOP as usize].count = 1;
        for place in self.places.numbers() {
            let parent = self.places.at(place).parent;
            let holders = if parent == TOP { 1 } else { sums[parent as usize].count.max(1) };
            let Sum { count, nested, bytes } = sums[place as usize];
            let (each, above) = (count / holders, most[parent as usize]);
            // Where sessions have ten items each, there are many sessions; where rooms have a thousand members each, members.
            let is_many = each >= MANY && each.saturating_mul(2) > above;
            most[place as usize] = each.max(above);
            many.extend(is_many.then_some(place));
            let before = earlier[parent as usize].count;
            let expected = if is_many { before } else { (before * count).div_ceil(holders) };
            let part = |of: u64| scaled(of, expected.min(count), count);
            earlier[place as usize] = Sum { count: expected.min(count), nested: part(nested), bytes: part(bytes) };
        }
        (earlier, many)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "it is not more than it was")]
fn scaled(value: u64, part: u64, of: u64) -> u64 {
    if of == 0 { 0 } else { (u128::from(value) * u128::from(part) / u128::from(of)) as u64 }
}
