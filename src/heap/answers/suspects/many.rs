//! Suspects that have many of something: the lines of one heap that have a good part of it.

#![allow(clippy::indexing_slicing, reason = "places and ordinals are numbered by what made the columns")]

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use super::about::Known;
use crate::heap::analysis::Heap;
use crate::heap::answers::lines::{Draft, View};
use crate::heap::graph::Node;
use crate::heap::holding::{Dominance, Shortest};
use crate::heap::names::is_telling;
use crate::heap::v8::lossy;

/// What Node.js has of one kind in every process is less than this.
const OF_NODE: u64 = 2 << 20;

/// Lines that have the threshold or more.
pub(super) struct Lines<'a> {
    view: View<'a>,
    drafts: Vec<Draft>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(shortest: &'a Shortest, dominance: &'a Dominance, threshold: u64) -> Self {
        let view = View::new(shortest, dominance);
        let drafts = view.many().into_iter().filter(|draft| draft.sizes[1] >= threshold).collect();
        Self { view, drafts }
    }

    /// Whether what is at a place is in one of the lines.
    pub(super) fn has(&self, place: u32) -> bool {
        self.drafts.iter().any(|draft| draft.places.contains(&place))
    }

    /// Who holds what is at a place, where there is much of what is at the place `thing`.
    pub(super) fn words(&self, place: u32, thing: u32) -> String {
        self.view.held_by(place, thing)
    }

    /// What the lines say of that heap, whose nodes have these places.
    pub(super) fn many(&self, heap: &Heap, at: &[u32]) -> Vec<Known> {
        let said: Vec<_> = self
            .drafts
            .iter()
            .map(|draft| (self.view.said(draft), draft.sizes[1]))
            .filter(|(said, bytes)| *bytes >= OF_NODE || !self.view.is_of_node(said))
            .collect();
        let places: FxHashSet<u32> = said.iter().map(|(said, _)| said.many).collect();
        let holders = self.holders(heap, at, &places);
        said.into_iter()
            .filter_map(|(said, retained)| {
                let (object, objects) = holders.get(&said.many).copied()?;
                // A text of many parts is one that is large.
                if heap.graph().kind(object).is_string() {
                    return None;
                }
                Some(Known {
                    object,
                    objects,
                    retained,
                    inside: self.view.outer(&said),
                    held_by: self.words(self.view.first_of(said.many), said.thing),
                    thing: Some((said.name, self.view.count(said.thing, said.counts[1]))),
                })
            })
            .collect()
    }

    /// By place, who holds what is there: the object that retains most, and how many there are. Of a list or a tree it is that which holds
    /// the first.
    fn holders(&self, heap: &Heap, at: &[u32], places: &FxHashSet<u32>) -> FxHashMap<u32, (Node, u64)> {
        let graph = heap.graph();
        let mut holders: FxHashMap<u32, FxHashSet<Node>> = FxHashMap::default();
        let mut inside: FxHashMap<(u32, u32), bool> = FxHashMap::default();
        for node in graph.nodes() {
            let (place, outer) = (at[node.0 as usize], at[heap.dominator(node).0 as usize]);
            let is_inside = || outer == place || self.view.is_below(outer, place);
            if !places.contains(&place) || *inside.entry((outer, place)).or_insert_with(is_inside) {
                continue;
            }
            let class = heap.classes().of(node);
            let telling = is_telling(&lossy(heap.class_name(node)));
            let is_alike = |one: Node| telling && heap.classes().of(one) == class;
            let mut above = heap.dominator(node);
            while above != graph.root() && (graph.is_internal(above) || is_alike(above)) {
                above = heap.dominator(above);
            }
            holders.entry(place).or_default().insert(above);
        }
        let largest = |holders: FxHashSet<Node>| {
            let count = holders.len() as u64;
            let most = holders.into_iter().max_by_key(|node| (heap.retained_size(*node), Reverse(*node)))?;
            Some((most, count))
        };
        holders.into_iter().filter_map(|(place, found)| Some((place, largest(found)?))).collect()
    }
}
