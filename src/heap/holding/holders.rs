//! Who holds a place of the dominator tree.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::FxHashSet;

use super::dominance::{Dominance, Part};
use super::places::{Held, Kind};
use super::shortest::Shortest;
use super::ways::Holder;
use crate::heap::words::Origin;

/// Steps to something of Node's or a package's from what of the application's it is said with.
const NEAR: u32 = 8;

impl Dominance {
    /// Who holds a place, where there is more of `thing`, a class.
    pub(crate) fn held_by(&self, shortest: &Shortest, place: u32, thing: u32) -> String {
        let Self { places, .. } = self;
        let reached = self.shortest[place as usize];
        let holder = places.holder(place, thing);
        if holder.own.is_some() {
            return places.said(&shortest.texts, &self.told_apart(holder, place), place);
        }
        // Several things may hold it; on the shortest way it may be the application.
        let on_the_way = shortest.places.holder(reached, thing);
        let is_near = on_the_way
            .own
            .zip(on_the_way.nearest)
            .is_some_and(|(own, nearest)| shortest.places.steps(own, nearest) <= NEAR);
        if is_near || holder.nearest.is_none() {
            return shortest.held_by(reached, thing);
        }
        places.said(&shortest.texts, &holder, place)
    }

    /// Where things of one class hold the same at several places, who holds the one here is said as well: `pages.js: archive (Page).items`.
    fn told_apart(&self, holder: Holder, place: u32) -> Holder {
        let Self { places, .. } = self;
        let Some(own) = holder.own.filter(|own| holder.nearest == Some(*own)) else { return holder };
        let part = std::iter::once(place).chain(places.above(place)).find(|at| places.at(*at).parent == own);
        if !part.and_then(|part| self.part(part)).is_some_and(|part| self.held_at_several_places().contains(&part)) {
            return holder;
        }
        let outer = places.holder(own, places.at(own).class.text);
        match outer.own.or(outer.nearest) {
            Some(outer) => Holder { own: Some(outer), ..holder },
            None => holder,
        }
    }

    fn part(&self, place: u32) -> Option<Part> {
        let at = self.places.at(place);
        let holder = self.places.at(at.parent).class;
        let is_own = holder.telling && holder.kind == Kind::Thing && holder.origin == Origin::Application;
        (is_own && matches!(at.held, Held::By(_))).then_some((holder.text, at.held, at.class.text))
    }

    fn held_at_several_places(&self) -> &FxHashSet<Part> {
        self.several.get_or_init(|| {
            let (mut once, mut several) = (FxHashSet::default(), FxHashSet::default());
            for place in self.places.numbers() {
                let is_there =
                    self.sums.last().is_some_and(|sums| sums.get(place as usize).is_some_and(|sum| sum.count > 0));
                if let Some(part) = self.part(place).filter(|part| is_there && !once.insert(*part)) {
                    several.insert(part);
                }
            }
            several
        })
    }
}
