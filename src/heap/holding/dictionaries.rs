//! Dictionaries: plain objects, and tables of Maps, whose keys come and go. One heap does not tell them from fields, all heaps together do.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::FxHashSet;

use super::dominance::{Dominance, Sum};
use super::fold::Fold;
use super::places::{Held, Places};
use super::texts::{ANY_TEXT, Texts};
use crate::heap::words::ANY;

/// Plain objects, and the tables of Maps, which are arrays.
pub(super) const PLAIN: [&str; 2] = ["Object", "(array)"];
/// So many keys that the first heap had not make a plain object a dictionary.
pub(super) const NEW_KEYS: usize = 8;

impl Dominance {
    /// Folds the keys of plain objects that turn out to be dictionaries when all heaps are looked at together, and what is only held
    /// in another way; makes all columns as long as there are places. Answers by place that which it is a part of now.
    pub(crate) fn finish(&mut self, texts: &Texts) -> Vec<u32> {
        for sums in &mut self.sums {
            sums.resize(self.places.len(), Sum::default());
        }
        // First of all, because keys of an object that is only held in another way are not new.
        let rejoined = self.rejoin();
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
        let into = fold.apply(self);
        rejoined.into_iter().map(|place| into[place as usize]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::holding::places::{Class, Kind, TOP};
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
