//! How things are reached: the shortest ways from a root, folded into places.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use super::names::Names;
use super::places::{Held, Kind, Places, TOP};
use super::texts::{NO_TEXT, Texts};
use crate::heap::analysis::{Heap, Paths};
use crate::heap::graph::{Edge, Node};
use crate::heap::v8::{GLOBAL_HANDLES, SYMBOL_REGISTRY};

/// The place of a node that was not asked for.
const UNKNOWN: u32 = u32::MAX;

/// What V8's own roots are there for.
const ROOTS: [(&str, &str); 2] =
    [(SYMBOL_REGISTRY, "the registry of Symbol.for()"), (GLOBAL_HANDLES, "a native handle")];

/// The shortest ways of all heaps that are compared.
#[derive(Debug)]
pub(crate) struct Shortest {
    pub(crate) places: Places,
    pub(crate) texts: Texts,
}

/// The places of one heap's nodes, found as they are asked for. Each node is walked over once.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    heap: &'a Heap,
    paths: &'a Paths,
    /// By ordinal.
    at: Vec<u32>,
    way: Vec<(Node, Node, Edge)>,
}

impl<'a> Placed<'a> {
    /// Along these paths.
    pub(super) fn new(heap: &'a Heap, paths: &'a Paths) -> Self {
        let mut at = vec![UNKNOWN; heap.graph().node_count()];
        at[heap.graph().root().0 as usize] = TOP;
        Self { heap, paths, at, way: Vec::new() }
    }

    pub(super) fn place(&mut self, shortest: &mut Shortest, names: &mut Names<'_>, node: Node) -> u32 {
        let Self { heap, paths, at, way } = self;
        let graph = heap.graph();
        let mut next = node;
        while at[next.0 as usize] == UNKNOWN {
            match paths.before(graph, next) {
                Some((source, edge)) => {
                    way.push((next, source, edge));
                    next = source;
                }
                None => at[next.0 as usize] = TOP,
            }
        }
        let Shortest { places, texts } = shortest;
        let mut place = at[next.0 as usize];
        while let Some((node, source, edge)) = way.pop() {
            let label = if source == graph.root() { NO_TEXT } else { names.label(texts, source, edge) };
            place = places.step(place, Held::By(label), names.class(texts, node));
            at[node.0 as usize] = place;
        }
        place
    }
}

impl Shortest {
    pub(crate) fn new() -> Self {
        Self { places: Places::new(), texts: Texts::with_first() }
    }

    /// By ordinal, the place of every node of a heap.
    pub(super) fn place_with(&mut self, heap: &Heap, names: &mut Names<'_>) -> Vec<u32> {
        let mut placed = Placed::new(heap, heap.paths());
        for node in heap.graph().nodes() {
            placed.place(self, names, node);
        }
        placed.at
    }

    /// Who holds a place.
    pub(super) fn held_by(&self, place: u32, thing: u32) -> String {
        let text = self.places.said(&self.texts, &self.places.holder(place, thing), place);
        if !text.is_empty() {
            return text;
        }
        let root = |name: &str| {
            std::iter::once(place).chain(self.places.above(place)).any(|at| {
                let (Held::By(label) | Held::Shared(label)) = self.places.at(at).held;
                let class = self.texts.get(self.places.at(at).class.text);
                class == name || self.texts.get(label).trim_matches(['{', '}']) == name
            })
        };
        let known = ROOTS.iter().find(|(name, _)| root(name));
        known.map_or("V8 itself", |(_, words)| words).to_owned()
    }

    /// The text that tells holders apart in all heaps: how a holder is itself reached may differ, and so may which of a thing's own
    /// references are the shortest.
    pub(crate) fn holder(&mut self, place: u32) -> u32 {
        let telling = self.places.above(place).find(|at| self.places.at(*at).class.telling);
        let text = match telling {
            Some(at) if matches!(self.places.at(at).class.kind, Kind::Scope | Kind::Module) => {
                let variable = std::iter::once(place)
                    .chain(self.places.above(place))
                    .find(|below| self.places.at(*below).parent == at);
                format!(
                    "{}{}",
                    self.texts.get(self.places.at(at).class.text),
                    variable.map_or(String::new(), |below| self.places.way(&self.texts, at, below))
                )
            }
            Some(at) => self.texts.get(self.places.at(at).class.text).to_owned(),
            None => self.places.way(&self.texts, TOP, place),
        };
        self.texts.id(&text)
    }

    /// How a place is reached from a root, step by step; what a program does not know of is left out.
    pub(crate) fn path(&self, place: u32) -> Vec<String> {
        let mut steps: Vec<String> = std::iter::once(place)
            .chain(self.places.above(place))
            .filter(|at| *at != TOP && (*at == place || !self.places.at(*at).class.internal))
            .map(|at| {
                let (Held::By(label) | Held::Shared(label)) = self.places.at(at).held;
                format!("{} {}", self.texts.get(label), self.texts.get(self.places.at(at).class.text))
                    .trim_start()
                    .to_owned()
            })
            .collect();
        steps.reverse();
        steps
    }
}
