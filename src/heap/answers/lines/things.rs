//! What there is more of in a line: through functions, scopes and containers to what they are there for.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]

use super::line::Grown;
use super::view::View;
use crate::heap::holding::Kind;
use crate::heap::words::Origin;

/// Steps from what accumulates to what it is there for.
const MAX_STEPS: usize = 20;
/// So many new things are few, and so many times as many are many.
const FEW: i64 = 8;
const MANY: i64 = 8;
/// An object with so many properties, less one, is more than something around one of them.
const WRAPPED: usize = 3;

impl View<'_> {
    /// What of all that a holder accumulates is to be named: what it is held as, and what people would say that it is.
    pub(super) fn chosen(&self, most: u32, grown: &[Grown]) -> (u32, u32) {
        let many = self.multiplied(most);
        let direct = (many, self.thing(many));
        if self.says(direct.1) {
            // What else is in the line may be the application's.
            if self.is_for_application(direct.1) {
                return direct;
            }
            let others = grown.iter().map(|one| (one.place, self.thing(one.place)));
            let is_better = |thing: u32| self.says(thing) && self.is_for_application(thing);
            return others
                .into_iter()
                .find(|(_, thing)| is_better(*thing) && self.is_as_many(*thing, direct.1))
                .unwrap_or(direct);
        }
        // What containers have in them says more than what they share, and so may what functions share, such as their variables.
        let inside = self.inside(direct.1);
        let shared = grown.iter().map(|one| (self.owners.of[one.place as usize], self.thing(one.place)));
        let mut others = inside.into_iter().chain(shared.filter(|(_, thing)| self.is_as_many(*thing, direct.1)));
        others.find(|(_, thing)| self.says(*thing)).or(inside).unwrap_or(direct)
    }

    /// What has most of the bytes of containers, of whatever number: 51,000 rows in 17 lists.
    fn inside(&self, container: u32) -> Option<(u32, u32)> {
        let mut at = container;
        for _ in 0..MAX_STEPS {
            let class = self.class(at);
            if class.telling || self.says(at) {
                return None;
            }
            let has_most = |next: &u32| self.grown_below(*next).saturating_mul(2) >= self.grown_below(container);
            let in_line = |next: &u32| self.owners.of[*next as usize] == self.owners.of[container as usize];
            at = self.heaviest(at).filter(has_most).filter(in_line)?;
            let thing = self.thing(at);
            if self.says(thing) || (self.class(at).telling && self.class(at).kind == Kind::Function) {
                return Some((at, thing));
            }
        }
        None
    }

    /// Whether it is the application's, or has something of the application's.
    fn is_for_application(&self, place: u32) -> bool {
        let below = |kind| self.nearest_below(place, Origin::Application, kind).is_some();
        self.class(place).origin == Origin::Application
            || self.dominance.callbacks.contains_key(&place)
            || below(Kind::Function)
            || below(Kind::Thing)
    }

    pub(super) fn is_as_many(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.more(a), self.more(b));
        a.saturating_mul(2) >= b && b.saturating_mul(2) >= a
    }

    /// Whether it is a thing that people would name.
    fn says(&self, place: u32) -> bool {
        let class = self.class(place);
        matches!(class.kind, Kind::Thing | Kind::Module)
            && (class.telling || self.dominance.shapes.contains_key(&place))
    }

    /// Where a few new things hold many: these many.
    fn multiplied(&self, place: u32) -> u32 {
        let mut at = place;
        for _ in 0..if self.more(place) > FEW { 0 } else { MAX_STEPS } {
            let Some(next) = self.heaviest(at) else { break };
            if self.more(next) >= self.more(place).saturating_mul(MANY) {
                return next;
            }
            at = next;
        }
        place
    }

    /// What people would say there is more of, where a place accumulates: what functions and containers are there for, if that has most of
    /// their bytes and is not many times as many.
    pub(super) fn thing(&self, place: u32) -> u32 {
        let mut at = place;
        let mut shape = None;
        for _ in 0..MAX_STEPS {
            let class = self.class(at);
            if class.telling && matches!(class.kind, Kind::Thing | Kind::Module) {
                return self.of_application(at).unwrap_or(at);
            }
            if let Some(keys) = self.dominance.shapes.get(&at) {
                shape = shape.or(Some(at));
                if self.shortest.texts.get(*keys).matches(", ").count() >= WRAPPED {
                    break;
                }
            }
            match self.heaviest(at).filter(|next| self.is_as_many(*next, at)) {
                Some(next) => at = next,
                None => break,
            }
        }
        shape.unwrap_or(place)
    }

    /// Things of the application's that have most of what a package's class keeps: its nodes, pages, buckets.
    fn of_application(&self, place: u32) -> Option<u32> {
        let mut at = place;
        for _ in 0..if self.class(place).origin == Origin::Package { MAX_STEPS } else { 0 } {
            at = self.heaviest(at)?;
            if self.class(at).origin == Origin::Application && self.class(at).kind == Kind::Thing {
                return (self.more(at) > self.more(place)).then_some(at);
            }
        }
        None
    }
}
