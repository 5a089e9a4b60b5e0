//! How things of a line are called; those of Node's and of packages with what of the application's they are for:
//! `Timeout running expireLogin() (session.js:14), with Login`.

use std::cmp::Reverse;

use super::view::View;
use crate::heap::holding::{Dominance, Kind};
use crate::heap::words::Origin;

/// Steps from a thing of Node's to what it is there for.
const NEAR: usize = 10;
/// Half is less by this part.
const ABOUT: i64 = 64;

impl View<'_> {
    /// What the things there are called; of Node's and of packages, also what of the application's they are for.
    pub(super) fn name(&self, place: u32) -> String {
        let name = self.dominance.name(&self.shortest.texts, place).to_owned();
        let class = self.class(place);
        match (class.kind, class.origin) {
            (Kind::Scope, _) => format!("scope of {name}"),
            (Kind::Module, _) => format!("Module {name}"),
            (Kind::Thing, Origin::Node | Origin::Package | Origin::Unknown) if class.telling => {
                self.with_purpose(place, name)
            }
            _ => name,
        }
    }

    /// With the functions and things of the application's, or else of packages, that are nearest below each of those at a place.
    fn with_purpose(&self, place: u32, name: String) -> String {
        let callback = self.dominance.callbacks.get(&place).map(|text| self.shortest.texts.get(*text).to_owned());
        let below = |origin: Origin, kind: Kind| {
            self.nearest_below(place, origin, kind).map(|at| self.dominance.name(&self.shortest.texts, at).to_owned())
        };
        let own = Origin::Application;
        let (mut function, mut thing) = (callback.or_else(|| below(own, Kind::Function)), below(own, Kind::Thing));
        if function.is_none() && thing.is_none() && self.class(place).origin != Origin::Package {
            (function, thing) = (below(Origin::Package, Kind::Function), below(Origin::Package, Kind::Thing));
        }
        // What waits for a promise is known by its variables only.
        let how = if function.is_some() { "running" } else { "for" };
        let function = function.or_else(|| below(own, Kind::Scope)).or_else(|| self.suspended(place));
        match (function, thing) {
            (Some(function), Some(thing)) => format!("{name} {how} {function}, with {thing}"),
            (Some(function), None) => format!("{name} {how} {function}"),
            (None, Some(thing)) => format!("{name} with {thing}"),
            (None, None) => name,
        }
    }

    /// The call of the application's that has those at a place in its variables, one each.
    fn suspended(&self, place: u32) -> Option<String> {
        let Dominance { places, .. } = self.dominance;
        let is_own = |at: &u32| self.class(*at).kind == Kind::Scope && self.class(*at).origin == Origin::Application;
        let own = places.above(place).take(NEAR).find(is_own)?;
        self.is_as_many(own, place).then(|| self.dominance.name(&self.shortest.texts, own).to_owned())
    }

    /// The nearest place below of which there are about half as many more, or more than that.
    pub(super) fn nearest_below(&self, place: u32, origin: Origin, kind: Kind) -> Option<u32> {
        let mut level = vec![place];
        for _ in 0..NEAR {
            level = level.iter().flat_map(|at| self.children(*at)).collect();
            let half = self.more(place) / 2 - self.more(place) / ABOUT;
            level.retain(|at| self.more(*at) >= half);
            level.sort_by_key(|at| Reverse(self.grown_below(*at)));
            let class = |at: &u32| self.class(*at);
            let found =
                level.iter().find(|at| class(at).origin == origin && class(at).kind == kind && class(at).telling);
            if found.is_some() {
                return found.copied();
            }
        }
        None
    }
}
