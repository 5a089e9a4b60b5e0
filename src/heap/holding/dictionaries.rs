//! Dictionaries: plain objects, and tables of Maps, whose keys come and go. One heap does not tell them from fields, all heaps together do.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::{FxHashMap, FxHashSet};

use super::dominance::{Dominance, Sum};
use super::places::{Held, Places, TOP};
use super::texts::{ANY_TEXT, Texts};
use crate::heap::words::ANY;

/// Plain objects, and the tables of Maps, which are arrays.
pub(super) const PLAIN: [&str; 2] = ["Object", "(array)"];
/// So many keys that the first heap had not make a plain object a dictionary.
pub(super) const NEW_KEYS: usize = 8;

impl Dominance {
    /// Folds the keys of plain objects that turn out to be dictionaries when all heaps are looked at together, and makes all
    /// columns as long as there are places. Answers by place that which it is a part of now.
    pub(crate) fn finish(&mut self, texts: &Texts) -> Vec<u32> {
        for sums in &mut self.sums {
            sums.resize(self.places.len(), Sum::default());
        }
        let mut fold = Fold::new(&self.places);
        // A holder was made before what it holds.
        for place in self.places.numbers() {
            if !PLAIN.contains(&texts.get(self.places.at(place).class.text)) || fold.target(place) != place {
                continue;
            }
            let keys: Vec<u32> = fold.below(place).filter(|key| is_key(&self.places, texts, *key)).collect();
            if self.is_dictionary(&keys) {
                for key in keys {
                    self.places.all[key as usize].held = Held::By(ANY_TEXT);
                }
                fold.merge(&mut self.places, place);
            }
        }
        for place in self.places.numbers() {
            let target = fold.target(place);
            if target != place {
                for sums in &mut self.sums {
                    let Sum { count, nested, bytes } = std::mem::take(&mut sums[place as usize]);
                    sums[target as usize].count += count;
                    sums[target as usize].nested += nested;
                    sums[target as usize].bytes += bytes;
                }
            }
            let parent = fold.target(self.places.at(place).parent);
            self.places.all[place as usize].parent = parent;
        }
        for via in self.via.values_mut().flatten() {
            *via = fold.target(*via);
        }
        std::iter::once(TOP).chain(self.places.numbers()).map(|place| fold.target(place)).collect()
    }

    fn is_dictionary(&self, keys: &[u32]) -> bool {
        if keys.iter().any(|key| self.places.at(*key).held == Held::By(ANY_TEXT)) {
            return keys.len() > 1;
        }
        let has = |key: u32, sums: Option<&Vec<Sum>>| sums.is_some_and(|sums| sums[key as usize].count > 0);
        let new: FxHashSet<Held> = keys
            .iter()
            .filter(|key| has(**key, self.sums.last()) && !has(**key, self.sums.first()))
            .map(|key| self.places.at(*key).held)
            .collect();
        new.len() >= NEW_KEYS
    }
}

/// Whether it is held by a property, or is an entry of a dictionary.
pub(super) fn is_key(places: &Places, texts: &Texts, place: u32) -> bool {
    match places.at(place).held {
        Held::By(label) => texts.get(label) == ANY || texts.get(label).starts_with(['.', '[']),
        Held::Shared(_) => false,
    }
}

/// Places that are made one.
struct Fold {
    below: FxHashMap<u32, Vec<u32>>,
    /// By place, that which it is a part of now.
    into: Vec<u32>,
}

impl Fold {
    fn new(places: &Places) -> Self {
        let mut below: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for place in places.numbers() {
            below.entry(places.at(place).parent).or_default().push(place);
        }
        Self { below, into: std::iter::once(TOP).chain(places.numbers()).collect() }
    }

    fn below(&self, place: u32) -> impl Iterator<Item = u32> {
        self.below.get(&place).into_iter().flatten().copied()
    }

    fn target(&self, place: u32) -> u32 {
        let mut at = place;
        while self.into[at as usize] != at {
            at = self.into[at as usize];
        }
        at
    }

    /// Merges those below a place, and what is below them, that are the same step now.
    fn merge(&mut self, places: &mut Places, place: u32) {
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
                self.into[child as usize] = same;
                let more = self.below.remove(&child).unwrap_or_default();
                for one in &more {
                    places.all[*one as usize].parent = same;
                }
                self.below.entry(same).or_default().extend(more);
                list.push(same);
            }
            self.below.insert(place, kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::holding::places::{Class, Kind};
    use crate::heap::words::Origin;

    #[test]
    fn what_is_merged_comes_after_what_holds_it() {
        let mut texts = Texts::with_first();
        let class =
            |text| Class { text, origin: Origin::Unknown, home: 0, internal: false, telling: true, kind: Kind::Thing };
        let (object, tenant, thing) = (class(texts.id("Object")), class(texts.id("Tenant")), class(texts.id("Thing")));
        let by = |texts: &mut Texts, label: &str| Held::By(texts.id(label));
        let mut dominance = Dominance::new(2);
        let places = &mut dominance.places;
        let held = by(&mut texts, ".tenants");
        let tenants = places.step(TOP, held, object);
        let keys: Vec<u32> = (0..NEW_KEYS)
            .map(|key| {
                let key = by(&mut texts, &format!(".key{key}"));
                places.step(tenants, key, tenant)
            })
            .collect();
        let (a, b) = (by(&mut texts, ".a"), by(&mut texts, ".b"));
        // The second key had its thing, and that one a thing, before the first key had one.
        let second = places.step(keys[1], a, thing);
        let below = places.step(second, b, object);
        let first = places.step(keys[0], a, thing);
        let last = places.step(first, b, object);
        for (index, sums) in dominance.sums.iter_mut().enumerate() {
            *sums = vec![Sum { count: index as u64, nested: 0, bytes: 0 }; places.len()];
        }
        dominance.finish(&texts);
        for place in dominance.places.numbers() {
            assert!(dominance.places.at(place).parent < place, "{place} in {:?}", dominance.places.all);
        }
        let counts = [second, below, first, last].map(|place| dominance.sums[1][place as usize].count);
        assert_eq!(counts, [2, 2, 0, 0]);
    }
}
