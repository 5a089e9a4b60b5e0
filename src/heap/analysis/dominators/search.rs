//! The depth-first search, over the edges that count.
//!
//! Which edges count ("essential" ones) is DevTools' rule, so that retained sizes are DevTools' sizes:
//!
//! * weak edges, edges to oneself or to the root, and the table's edge of a WeakMap's entry do not;
//! * shortcuts count at the root only, where they mark the globals of pages (in Node: of contexts);
//! * what such a global reaches belongs to the page, and edges into it from what does not belong to it do not count,
//!   except the root's own. The search goes through the globals first, so that "belongs to the page" is "has a number of
//!   the first phase", and costs no search of its own.
//!
//! Nodes that the root does not reach hang on it: those that nothing essential leads to with all they reach, the rest
//! (cycles) each by itself.

#![allow(clippy::indexing_slicing, reason = "numbers and ordinals are below the count that the columns were made with")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use crate::heap::analysis::bits::Bits;
use crate::heap::analysis::ephemerons::Ephemerons;
use crate::heap::analysis::roots::is_page_root;
use crate::heap::graph::{Edge, Graph, Node};
use crate::heap::reading::checkpoint;
use crate::heap::v8::EdgeKind;

/// No number.
const NONE: u32 = u32::MAX;

/// The search, and what it finds on its way.
pub(super) struct Search<'a> {
    graph: &'a Graph,
    ephemerons: &'a Ephemerons,
    /// By ordinal: the node's number, in the order in which it was found.
    pub(super) numbers: Vec<u32>,
    /// These four by number. The ordinal; the number of the node it was found from; the least number offered as semidominator;
    /// how many edges come from higher numbers, and later where their sources end.
    pub(super) order: Vec<u32>,
    pub(super) parents: Vec<u32>,
    pub(super) semis: Vec<u32>,
    pub(super) ends: Vec<u32>,
    pub(super) stack: Vec<Frame>,
    /// Numbers below belong to the page; 0 while the search is still in it.
    page_end: u32,
    /// What belongs to the page but is reached from it only by edges that do not count.
    pub(super) page_rest: Option<Bits>,
    /// Where those edges lead.
    aside: Vec<u32>,
}

#[derive(Clone, Copy)]
pub(super) struct Frame {
    number: u32,
    next: u32,
    end: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(graph: &'a Graph, ephemerons: &'a Ephemerons) -> Self {
        let count = graph.node_count();
        Self {
            graph,
            ephemerons,
            numbers: vec![NONE; count],
            order: Vec::with_capacity(count),
            parents: Vec::with_capacity(count),
            semis: Vec::with_capacity(count),
            ends: Vec::with_capacity(count),
            stack: Vec::new(),
            page_end: 0,
            page_rest: None,
            aside: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        let graph = self.graph;
        let root = graph.root();
        self.number(root.0, 0);
        for edge in graph.edges(root).filter(|edge| is_page_root(graph, *edge)) {
            self.follow(root, 0, edge);
            self.descend();
        }
        self.page_end = self.order.len() as u32;
        self.mark_page_rest();
        for edge in graph.edges(root) {
            self.follow(root, 0, edge);
            self.descend();
        }
        if self.order.len() < graph.node_count() {
            self.orphans();
        }
    }

    /// Nodes that nothing essential leads to hang on the root, and so does what they reach.
    fn orphans(&mut self) {
        let graph = self.graph;
        let mut retained = Bits::new(graph.node_count());
        for node in graph.nodes() {
            for edge in graph.edges(node) {
                let target = graph.target(edge).0;
                if self.numbers[target as usize] == NONE && self.is_essential(node, edge) {
                    retained.insert(target);
                }
            }
        }
        for node in graph.nodes() {
            if self.numbers[node.0 as usize] == NONE && !retained.has(node.0) {
                self.meet(0, node.0);
                self.descend();
            }
        }
    }

    fn number(&mut self, ordinal: u32, parent: u32) {
        let number = self.order.len() as u32;
        checkpoint(number);
        self.numbers[ordinal as usize] = number;
        self.order.push(ordinal);
        self.parents.push(parent);
        self.semis.push(parent);
        self.ends.push(0);
    }

    /// An essential edge from the node numbered `from` to `target`.
    #[inline]
    fn meet(&mut self, from: u32, target: u32) {
        let number = self.numbers[target as usize];
        if number == NONE {
            self.number(target, from);
            let range = self.graph.edge_range(Node(target));
            self.stack.push(Frame { number: self.order.len() as u32 - 1, next: range.start, end: range.end });
        } else if number > from {
            let semi = &mut self.semis[number as usize];
            *semi = (*semi).min(from);
        } else {
            self.ends[number as usize] += 1;
        }
    }

    /// Follows one edge of a node that has the number `from`.
    #[inline]
    fn follow(&mut self, source: Node, from: u32, edge: Edge) {
        let target = self.graph.target(edge).0;
        if self.is_essential(source, edge) {
            self.meet(from, target);
        } else if self.page_end == 0 && self.graph.edge_kind(edge) != EdgeKind::Weak {
            self.aside.push(target);
        }
    }

    /// Searches from what was just met, until there is no more.
    fn descend(&mut self) {
        while let Some(frame) = self.stack.last_mut() {
            if frame.next == frame.end {
                self.stack.pop();
                continue;
            }
            let (number, edge) = (frame.number, Edge(frame.next));
            frame.next += 1;
            self.follow(Node(self.order[number as usize]), number, edge);
        }
    }

    /// The sources of all edges from higher numbers, by the number of the target; `ends` becomes where each one's end.
    pub(super) fn sources(&mut self) -> Vec<u32> {
        let mut total = 0;
        for end in &mut self.ends {
            // Where they begin; each source that is put in moves it on, to the end.
            total += std::mem::replace(end, total);
        }
        let mut sources = vec![0; total as usize];
        let graph = self.graph;
        for node in graph.nodes() {
            let from = self.numbers[node.0 as usize];
            if from == NONE {
                continue;
            }
            for edge in graph.edges(node) {
                let number = self.numbers[graph.target(edge).0 as usize];
                if number < from && self.is_essential(node, edge) {
                    let place = &mut self.ends[number as usize];
                    sources[*place as usize] = from;
                    *place += 1;
                }
            }
        }
        sources
    }

    /// Whether the edge counts; what belongs to the page shows as the search goes on.
    #[inline]
    fn is_essential(&self, source: Node, edge: Edge) -> bool {
        let graph = self.graph;
        let target = graph.target(edge);
        let kind = graph.edge_kind(edge);
        if kind == EdgeKind::Weak || target == source || target == graph.root() {
            return false;
        }
        if kind == EdgeKind::Internal && is_table_edge(graph, self.ephemerons, source, edge) {
            return false;
        }
        source == graph.root() || (kind != EdgeKind::Shortcut && (!self.is_page(target) || self.is_page(source)))
    }

    fn is_page(&self, node: Node) -> bool {
        let number = self.numbers[node.0 as usize];
        (number != 0 && number < self.page_end) || self.page_rest.as_ref().is_some_and(|rest| rest.has(node.0))
    }

    /// Closes the page under all edges but weak ones, from what edges that do not count led to.
    fn mark_page_rest(&mut self) {
        let mut list = std::mem::take(&mut self.aside);
        list.retain(|ordinal| self.numbers[*ordinal as usize] == NONE);
        if list.is_empty() {
            return;
        }
        let graph = self.graph;
        let mut rest = Bits::new(graph.node_count());
        while let Some(ordinal) = list.pop() {
            if self.numbers[ordinal as usize] != NONE || !rest.insert(ordinal) {
                continue;
            }
            for edge in graph.edges(Node(ordinal)).filter(|edge| graph.edge_kind(*edge) != EdgeKind::Weak) {
                list.push(graph.target(edge).0);
            }
        }
        self.page_rest = Some(rest);
    }
}

/// Whether the internal edge is the table's of a WeakMap's entry.
fn is_table_edge(graph: &Graph, ephemerons: &Ephemerons, source: Node, edge: Edge) -> bool {
    let entry = graph.edge_name(edge).and_then(|name| ephemerons.entry(name));
    entry.is_some_and(|entry| entry.table == graph.id(source))
}
