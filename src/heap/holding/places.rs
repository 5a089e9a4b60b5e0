//! Places: a tree of steps, into which the objects of heaps are folded.
//!
//! A step is a reference and the class of what it leads to. What differs from object to object is folded: indices of arrays, entries of
//! maps, keys of dictionaries, and steps that repeat (lists, trees). So 48,000 sessions are one place, `… MemoryStore .sessions […]`,
//! and places of different snapshots can be compared, whatever ids their objects have.

#![allow(clippy::indexing_slicing, reason = "places are numbered here")]
#![allow(clippy::cast_possible_truncation, reason = "there are no more places than `MAX_PLACES`")]

use rustc_hash::FxHashMap;

use super::texts::NO_TEXT;
use crate::heap::words::Origin;

/// The place of the root, and of what nothing reaches.
pub(crate) const TOP: u32 = 0;
/// A step that was taken so many steps before is the same again.
const CYCLE: usize = 12;
/// Longer ways end where they are.
const MAX_DEPTH: u32 = 200;
/// More places than this are no help to anybody; what comes then stays with its holder.
const MAX_PLACES: usize = 4_000_000;

/// How a thing is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Held {
    /// By a reference of what is above it, which this is the text of.
    By(u32),
    /// By several things that what is above it holds; one of them is this.
    Shared(u32),
}

/// What a node is called, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) text: u32,
    pub(crate) origin: Origin,
    /// The package, or `node`; or [`NO_TEXT`](super::texts::NO_TEXT).
    pub(crate) home: u32,
    /// V8 keeps an object's parts here; a program does not know of it.
    pub(crate) internal: bool,
    /// Whether it says what a thing is: not so `Object`, `Array`, and what V8 numbers.
    pub(crate) telling: bool,
    pub(crate) kind: Kind,
}

/// What is said of things in another way than of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Thing,
    Function,
    /// The variables of a function, or of a module.
    Scope,
    /// A CommonJS module.
    Module,
}

/// A place in the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) parent: u32,
    pub(crate) held: Held,
    pub(crate) class: Class,
    depth: u32,
}

/// The places of all heaps that are compared.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) all: Vec<Place>,
    known: FxHashMap<(u32, Held, u32), u32>,
}

impl Places {
    pub(crate) fn new() -> Self {
        let class = Class {
            text: NO_TEXT,
            origin: Origin::Unknown,
            home: NO_TEXT,
            internal: true,
            telling: false,
            kind: Kind::Thing,
        };
        let top = Place { parent: TOP, held: Held::By(NO_TEXT), class, depth: 0 };
        Self { all: vec![top], known: FxHashMap::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// All but the top, in the order in which they were made: what is above comes first.
    pub(crate) fn numbers(&self) -> impl DoubleEndedIterator<Item = u32> + use<> {
        1..self.all.len() as u32
    }

    pub(crate) fn at(&self, place: u32) -> &Place {
        &self.all[place as usize]
    }

    /// The places above, nearest first, without the top.
    pub(crate) fn above(&self, place: u32) -> impl Iterator<Item = u32> {
        let parent = |at: u32| self.all[at as usize].parent;
        std::iter::successors(Some(parent(place)), move |at| Some(parent(*at))).take_while(|at| *at != TOP)
    }

    /// How many steps it is down from the top.
    pub(crate) fn depth(&self, place: u32) -> u32 {
        self.at(place).depth
    }

    /// How many steps it is down from `above` to `place`.
    pub(crate) fn steps(&self, above: u32, place: u32) -> u32 {
        self.at(place).depth.saturating_sub(self.at(above).depth)
    }

    /// The place that is one step on.
    pub(crate) fn step(&mut self, parent: u32, held: Held, class: Class) -> u32 {
        let key = (parent, held, class.text);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let place = self.again(parent, held, class).unwrap_or_else(|| self.grow(parent, held, class));
        self.known.insert(key, place);
        place
    }

    /// The place above where the same step was taken; where it says little, also the one before it.
    fn again(&self, parent: u32, held: Held, class: Class) -> Option<u32> {
        let same = |a: (Held, u32), b: &Place| a == (b.held, b.class.text);
        let before = self.at(parent);
        std::iter::once(parent).chain(self.above(parent)).take_while(|at| *at != TOP).take(CYCLE).find(|at| {
            let known = self.at(*at);
            same((held, class.text), known)
                && (class.telling || same((before.held, before.class.text), self.at(known.parent)))
        })
    }

    fn grow(&mut self, parent: u32, held: Held, class: Class) -> u32 {
        let depth = self.at(parent).depth + 1;
        if depth > MAX_DEPTH || self.all.len() >= MAX_PLACES {
            return parent;
        }
        self.all.push(Place { parent, held, class, depth });
        (self.all.len() - 1) as u32
    }
}
