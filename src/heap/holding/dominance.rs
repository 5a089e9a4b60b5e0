//! What would go with what: the dominator trees of heaps, folded into places, with what each heap has there.
//!
//! Every object is at exactly one place, and so is every byte. What several things hold is below what dominates them all, and its step
//! says who holds it on the shortest way.

#![allow(clippy::indexing_slicing, reason = "places and ordinals are numbered by what made the columns")]

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::edges::{NO_EDGE, edges_from_dominators, holders};
use super::names::Names;
use super::places::{Class, Held, Kind, Places, TOP};
use super::shortest::Shortest;
use super::texts::{ANY_TEXT, NO_TEXT, Texts};
use crate::heap::analysis::Heap;
use crate::heap::graph::{Edge, Node};
use crate::heap::words::Origin;

/// What a heap has at a place.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    /// Of these, the parts of a tree that are below another of it.
    pub(crate) nested: u64,
    pub(crate) bytes: u64,
}

impl Sum {
    /// How many people would count: a tree is one.
    pub(crate) fn counted(self) -> u64 {
        self.count - self.nested
    }
}

/// What a class of the application's holds by one of its references: the class, the reference, and the class of what it leads to.
pub(super) type Part = (u32, Held, u32);

/// The dominator trees of all heaps that are compared.
#[derive(Debug)]
pub(crate) struct Dominance {
    pub(crate) places: Places,
    /// By heap, by place.
    pub(crate) sums: Vec<Vec<Sum>>,
    /// By place: where one of its objects is on the shortest ways.
    pub(crate) shortest: Vec<u32>,
    /// By place of what several things hold: the places of some of those.
    pub(crate) via: FxHashMap<u32, Vec<u32>>,
    /// By place of plain objects: as what they are counted.
    pub(crate) shapes: FxHashMap<u32, u32>,
    /// Where an earlier heap is imagined: the places of which there are many more.
    pub(super) many: Option<Vec<u32>>,
    /// By place of things that are not the application's: the function of the application's that they refer to.
    pub(crate) callbacks: FxHashMap<u32, u32>,
    /// What classes hold at several places; found when it is first asked.
    pub(super) several: OnceLock<FxHashSet<Part>>,
}

impl Dominance {
    pub(crate) fn new(heaps: usize) -> Self {
        Self {
            places: Places::new(),
            sums: vec![Vec::new(); heaps],
            shortest: vec![TOP],
            via: FxHashMap::default(),
            shapes: FxHashMap::default(),
            many: None,
            callbacks: FxHashMap::default(),
            several: OnceLock::new(),
        }
    }

    /// Takes in the heap at `index`. The last one comes first: its words are used. Answers the place of every node, by ordinal.
    pub(crate) fn add(&mut self, index: usize, heap: &Heap, shortest: &mut Shortest) -> Vec<u32> {
        let mut names = Names::new(heap);
        let reached = shortest.place_with(heap, &mut names);
        let graph = heap.graph();
        let edges = edges_from_dominators(heap);
        let mut holder_texts: FxHashMap<u32, u32> = FxHashMap::default();
        let mut sums = vec![Sum::default(); self.places.len()];
        let mut at = vec![TOP; graph.node_count()];
        let mut list = vec![graph.root()];
        sums[TOP as usize] =
            Sum { count: 1, nested: 0, bytes: graph.header().extra_native_bytes + graph.self_size(graph.root()) };
        while let Some(node) = list.pop() {
            let place = at[node.0 as usize];
            for child in heap.dominated(node) {
                let class = names.class(&mut shortest.texts, child);
                let way = reached[child.0 as usize];
                let held = match edges[child.0 as usize] {
                    NO_EDGE => Held::Shared(*holder_texts.entry(way).or_insert_with(|| shortest.holder(way))),
                    _ if place == TOP => Held::By(NO_TEXT),
                    edge => Held::By(names.label(&mut shortest.texts, node, Edge(edge))),
                };
                let known = self.places.len();
                let next = self.places.step(place, held, class);
                if next as usize >= known {
                    self.shortest.push(way);
                    self.describe(&mut names, &mut shortest.texts, next, child, class);
                }
                sums.resize(self.places.len(), Sum::default());
                let sum = &mut sums[next as usize];
                sum.count += 1;
                sum.nested += u64::from(held == Held::By(ANY_TEXT) && self.places.at(next).parent != place);
                sum.bytes += graph.self_size(child);
                at[child.0 as usize] = next;
                list.push(child);
            }
        }
        // The last heap, which has what grew, tells who holds it.
        if self.via.is_empty() {
            self.via = holders(heap, &at, |node| edges[node.0 as usize] == NO_EDGE && node != graph.root());
        }
        self.sums[index] = sums;
        at
    }

    /// What else is said of a place that is new, by its first object.
    fn describe(&mut self, names: &mut Names<'_>, texts: &mut Texts, place: u32, node: Node, class: Class) {
        let calls = class.telling && class.kind == Kind::Thing && class.origin != Origin::Application;
        if let Some(callback) = calls.then(|| names.callback(texts, node)).flatten() {
            self.callbacks.insert(place, callback);
        }
        if let Some(shape) = names.shape(texts, node, class) {
            self.shapes.insert(place, shape);
        }
    }

    /// By place: bytes at it and below it, in the first and the last heap.
    pub(crate) fn retained(&self) -> Vec<[u64; 2]> {
        let (first, last): (&[Sum], &[Sum]) = match self.sums.as_slice() {
            [first, .., last] => (first, last),
            _ => (&[], &[]),
        };
        let mut retained: Vec<[u64; 2]> =
            first.iter().zip(last).map(|(first, last)| [first.bytes, last.bytes]).collect();
        for place in self.places.numbers().rev() {
            let sum = retained[place as usize];
            let above = &mut retained[self.places.at(place).parent as usize];
            above[0] += sum[0];
            above[1] += sum[1];
        }
        retained
    }

    /// How the things there are held by what is above; empty for what several things hold.
    pub(crate) fn by<'a>(&self, texts: &'a Texts, place: u32) -> &'a str {
        match self.places.at(place).held {
            Held::By(label) => texts.get(label),
            Held::Shared(_) => "",
        }
    }

    /// As what the things there are counted.
    pub(crate) fn name<'a>(&self, texts: &'a Texts, place: u32) -> &'a str {
        texts.get(self.shapes.get(&place).copied().unwrap_or(self.places.at(place).class.text))
    }
}
