//! The way from a holder to what it holds, in words that somebody who wrote the program recognises.
//!
//! From a thing upwards to the first class that says something, and, where that is Node's or a package's, on to the first that is the
//! application's: `MemoryStore.sessions`, `cart.js: carts`, `prices.js: cache (LRUCache).keyList`.

use super::places::{Held, Kind, Places, TOP};
use super::texts::Texts;
use crate::heap::words::{Link, Origin, holder_text, way_text};

impl Places {
    /// The way from `above` down to `place`, as code would have it.
    pub(super) fn way(&self, texts: &Texts, above: u32, place: u32) -> String {
        way_text(std::iter::once(place).chain(self.above(place)).take_while(|at| *at != above).filter_map(|at| {
            let Held::By(label) = self.at(at).held else { return None };
            let class = self.at(self.at(at).parent).class;
            Some(Link {
                label: texts.get(label),
                of_internal: class.internal,
                of_module: class.kind == Kind::Module,
                is_last: at == place,
            })
        }))
    }

    /// The places above up to where the way is not certain any more: to one that several things hold, that one included, or to a root.
    fn certain(&self, place: u32) -> impl Iterator<Item = u32> {
        let shared = |at: u32| matches!(self.at(at).held, Held::Shared(_));
        let mut ended = shared(place);
        self.above(place).take_while(move |at| {
            let goes_on = !ended;
            ended |= shared(*at);
            goes_on
        })
    }

    pub(super) fn holder(&self, place: u32, thing: u32) -> Holder {
        // A widget that another widget holds is held by whoever holds that. Functions of Node's own say nothing.
        let telling = |at: &u32| {
            let class = self.at(*at).class;
            self.at(*at).class.telling
                && ![self.at(place).class.text, thing].contains(&class.text)
                && (class.kind == Kind::Thing || class.origin != Origin::Node)
        };
        let own = |at: &u32| telling(at) && self.at(*at).class.origin == Origin::Application;
        let mut holders = self.certain(place).filter(telling);
        let nearest = holders.next();
        let outer = holders.next().filter(|at| {
            let class = self.at(*at).class;
            class.kind == Kind::Thing && class.origin != Origin::Unknown
        });
        Holder { nearest, outer, own: self.certain(place).find(own) }
    }

    /// A holder and the way from it to `place`: `MemoryStore.sessions`; of one that is not the application's also who holds it:
    /// `prices.js: cache (LRUCache).keyList`.
    pub(super) fn said(&self, texts: &Texts, holder: &Holder, place: u32) -> String {
        let class = |at: u32| texts.get(self.at(at).class.text);
        match *holder {
            Holder { own: Some(own), nearest: Some(nearest), .. } if own == nearest => {
                holder_text(class(own), &self.way(texts, own, place))
            }
            Holder { own: Some(outer), nearest: Some(nearest), .. }
            | Holder { outer: Some(outer), nearest: Some(nearest), .. } => {
                let outer = holder_text(class(outer), &self.way(texts, outer, nearest));
                format!("{outer} ({}){}", class(nearest), self.way(texts, nearest, place))
            }
            Holder { nearest: Some(nearest), .. } => {
                // A function says where it is.
                let home = match texts.get(self.at(nearest).class.home) {
                    home if !home.is_empty() && self.at(nearest).class.kind == Kind::Thing => format!(" ({home})"),
                    _ => String::new(),
                };
                holder_text(&format!("{}{home}", class(nearest)), &self.way(texts, nearest, place))
            }
            _ => self.way(texts, TOP, place),
        }
    }
}

/// Who holds a place.
pub(super) struct Holder {
    /// The nearest whose class says something.
    pub(super) nearest: Option<u32>,
    /// The one above that, if it is a thing of Node's or of a package.
    pub(super) outer: Option<u32>,
    /// The nearest of those that is the application's.
    pub(super) own: Option<u32>,
}
