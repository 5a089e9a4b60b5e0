//! What a line of a diff says: what there is more of, and who holds it.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::change::{delta, rose};
use super::drafts::{Draft, Key};
use super::view::View;
use crate::heap::holding::{Kind, Sum, TOP};

/// What is said of what only V8 knows of.
const INTERNAL: &str = "(compiled code, and what else V8 keeps)";

/// What has a smaller part (a 100th) than other things of its line is not what the line is about.
const SMALL: i64 = 100;

/// A line: what one holder has, or one thing that grew.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathGrowth {
    /// What there is more of: a class, with what it is there for.
    pub name: String,
    /// Who holds it: `MemoryStore.sessions`, `cart.js: carts`.
    pub held_by: String,
    /// How it is reached, from a root, with indices and keys as `[…]`.
    pub path: Vec<String>,
    /// How many there are in the line, by snapshot.
    pub counts: Vec<u64>,
    /// All bytes of the line, by snapshot: each byte of a snapshot is in one line.
    pub sizes: Vec<u64>,
    /// The last count less the first.
    pub count_delta: i64,
    /// The last size less the first.
    pub size_delta: i64,
    /// Whether count or size rose from every snapshot to the next.
    pub grew_every_time: bool,
}

/// Places of one group in a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grown {
    /// Whether the line is theirs, and not that of others which hold them, too.
    own: bool,
    bytes: i64,
    /// The one that grew most.
    pub(super) place: u32,
    most: i64,
}

/// What a line says, and of which places.
#[derive(Debug)]
pub(crate) struct Said {
    /// Where things are held.
    pub(crate) many: u32,
    /// What is named.
    pub(crate) thing: u32,
    pub(crate) counts: Vec<u64>,
    pub(crate) name: String,
    pub(crate) held_by: String,
}

impl View<'_> {
    pub(crate) fn line(&self, draft: Draft) -> PathGrowth {
        let Said { thing, counts, name, held_by, .. } = self.said(&draft);
        let path = match draft.key {
            Key::Internal => Vec::new(),
            _ => self.shortest.path(self.dominance.shortest[thing as usize]),
        };
        let sizes = draft.sizes;
        PathGrowth {
            name,
            held_by,
            path,
            count_delta: delta(&counts),
            size_delta: delta(&sizes),
            grew_every_time: rose(&counts) || rose(&sizes),
            counts,
            sizes,
        }
    }

    /// The words of a line.
    pub(crate) fn said(&self, Draft { key, places, .. }: &Draft) -> Said {
        let held = matches!(key, Key::Held(_));
        let grown = self.grown_in(places, held);
        let most = grown.first().map_or(TOP, |grown| grown.place);
        let (many, thing) = if held { self.chosen(most, &grown) } else { (most, most) };
        let (counts, name, held_by) = match key {
            Key::Internal => (self.counts_of_all(places), INTERNAL.to_owned(), "V8 itself".to_owned()),
            _ => (
                self.counts(places, thing),
                self.name(thing),
                self.dominance.held_by(self.shortest, many, self.class(thing).text),
            ),
        };
        Said { many, thing, counts, name, held_by }
    }

    /// What grew in a line, that first which has most of it; what is others', too, comes after these.
    fn grown_in(&self, places: &[u32], held: bool) -> Vec<Grown> {
        let mut grown: FxHashMap<u32, Grown> = FxHashMap::default();
        for place in places.iter().copied() {
            let accumulates = self.owners.accumulates[place as usize];
            if held != accumulates {
                continue;
            }
            let bytes = if accumulates { self.grown_below(place) } else { self.grown(place) };
            let one = grown.entry(self.groups.of[place as usize]).or_insert(Grown {
                own: false,
                bytes: 0,
                place,
                most: i64::MIN,
            });
            one.own |= self.owners.of[place as usize] == place;
            one.bytes += bytes;
            if bytes > one.most {
                (one.most, one.place) = (bytes, place);
            }
        }
        let mut grown: Vec<Grown> = grown.into_values().collect();
        let most = grown.iter().map(|one| one.bytes).max().unwrap_or_default();
        let first = |one: &Grown| one.own && one.bytes.saturating_mul(SMALL) >= most;
        grown.sort_by_key(|one| (Reverse(first(one)), Reverse(one.bytes), one.place));
        grown
    }

    /// How many things a line has, by heap, in whatever ways they are held. What such things hold farther down is not counted
    /// again; what they hold themselves is the rest of a list.
    fn counts(&self, places: &[u32], thing: u32) -> Vec<u64> {
        let group = |place: u32| self.groups.of[place as usize];
        let mut alike: FxHashSet<u32> = FxHashSet::default();
        let mut counts = vec![0; self.dominance.sums.len()];
        for place in places.iter().copied() {
            if group(place) != group(thing) && !self.is_like(place, thing) {
                continue;
            }
            alike.insert(place);
            if self.dominance.places.above(place).skip(1).any(|above| alike.contains(&above)) {
                continue;
            }
            for (count, sums) in counts.iter_mut().zip(&self.dominance.sums) {
                *count += sums[place as usize].counted();
            }
        }
        counts
    }

    fn counts_of_all(&self, places: &[u32]) -> Vec<u64> {
        let sum = |sums: &Vec<Sum>| places.iter().map(|place| sums[*place as usize].count).sum();
        self.dominance.sums.iter().map(sum).collect()
    }

    /// Whether people would count two things together.
    fn is_like(&self, a: u32, b: u32) -> bool {
        let (one, other) = (self.class(a), self.class(b));
        let shape = |place: u32| self.dominance.shapes.get(&place);
        let same = match shape(b) {
            Some(own) => shape(a) == Some(own),
            None => (one.text, one.home) == (other.text, other.home) && one.telling || one.kind == Kind::Module,
        };
        one.kind == other.kind && same
    }
}
