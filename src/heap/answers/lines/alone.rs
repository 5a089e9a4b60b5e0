//! What is asked of the lines of one heap alone.

#![allow(clippy::indexing_slicing, reason = "places are numbered by what made the columns")]

use rustc_hash::FxHashMap;

use super::drafts::Draft;
use super::line::Said;
use super::owners::NONE;
use super::view::View;
use crate::heap::holding::{Kind, TOP};
use crate::heap::words::{Origin, thousands};

impl View<'_> {
    /// The lines of what holders have many of. Those of one list or tree are one: its branches are alike.
    pub(crate) fn many(&self) -> Vec<Draft> {
        let mut known: FxHashMap<u32, usize> = FxHashMap::default();
        let mut drafts: Vec<Draft> = Vec::new();
        for draft in self.drafts() {
            let owner = draft.places.iter().map(|place| self.owners.of[*place as usize]).next().unwrap_or(NONE);
            if owner == NONE {
                continue;
            }
            match known.get(&self.first_of(owner)) {
                Some(at) => drafts[*at].add(draft),
                None => {
                    known.insert(self.first_of(owner), drafts.len());
                    drafts.push(draft);
                }
            }
        }
        drafts
    }

    /// The place of the first of a list or tree, or the place itself.
    pub(crate) fn first_of(&self, place: u32) -> u32 {
        let mut at = place;
        loop {
            let above = self.dominance.places.at(at).parent;
            if above == TOP || !self.class(at).telling || self.class(above).text != self.class(at).text {
                return at;
            }
            at = above;
        }
    }

    /// How many things there are: where nothing but the first of a chain would be counted, all of it.
    pub(crate) fn count(&self, thing: u32, counted: u64) -> u64 {
        if counted > 1 { counted } else { self.dominance.sums[1][thing as usize].count }
    }

    /// Whether what is at a place is below another.
    pub(crate) fn is_below(&self, place: u32, above: u32) -> bool {
        self.dominance.places.above(place).any(|at| at == above)
    }

    /// Who holds what is at a place, where there is much of what is at the place `thing`.
    pub(crate) fn held_by(&self, place: u32, thing: u32) -> String {
        self.dominance.held_by(self.shortest, place, self.class(thing).text)
    }

    /// Many things that those which hold the things of a line are parts of: `85 Settings held by tenants.js: settingsByTenant`.
    pub(crate) fn outer(&self, said: &Said) -> Option<String> {
        let holder = self.dominance.places.at(said.many).parent;
        let owner = if holder == TOP { NONE } else { self.owners.of[holder as usize] };
        let is_outer = owner != NONE && owner != said.many && self.is_below(said.many, owner);
        let thing = is_outer.then(|| self.thing(owner)).filter(|thing| *thing != said.thing)?;
        let class = self.class(thing);
        if class.kind != Kind::Thing || class.origin == Origin::Node {
            return None;
        }
        let count = self.dominance.sums[1][thing as usize].counted();
        let held_by = self.dominance.held_by(self.shortest, owner, self.class(thing).text);
        Some(format!("{} {} held by {held_by}", thousands(count), self.name(thing)))
    }

    /// Whether a line is about something of Node's own, in which there is nothing of anybody else's.
    pub(crate) fn is_of_node(&self, said: &Said) -> bool {
        let of = |origin: Origin| {
            let around = self.dominance.places.above(said.many).chain([said.many, said.thing]);
            around.into_iter().any(|at| self.class(at).origin == origin)
        };
        let has = |origin: Origin| {
            [Kind::Thing, Kind::Function, Kind::Scope]
                .into_iter()
                .any(|kind| self.nearest_below(said.many, origin, kind).is_some())
        };
        of(Origin::Node)
            && ![Origin::Application, Origin::Package].into_iter().any(|origin| of(origin) || has(origin))
            && !self.dominance.callbacks.contains_key(&said.thing)
    }
}
