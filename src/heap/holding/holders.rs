//! Who holds a place of the dominator tree.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use super::dominance::Dominance;
use super::shortest::Shortest;

/// Steps to something of Node's or a package's from what of the application's it is said with.
const NEAR: u32 = 8;

impl Dominance {
    /// Who holds a place, where there is more of `thing`, a class.
    pub(crate) fn held_by(&self, shortest: &Shortest, place: u32, thing: u32) -> String {
        let Self { places, .. } = self;
        let reached = self.shortest[place as usize];
        let holder = places.holder(place, thing);
        if holder.own.is_some() {
            return places.said(&shortest.texts, &holder, place);
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
}
