//! What the page about a heap shows: everything aggregated, so that the page is small whatever the heap is.
//!
//! The picture is the part of the dominator tree that can be seen: of each node the largest children, as long as each has
//! [`SMALLEST_PART`] of the heap or more; the others together, by class where those of one class have as much.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::summary::{Sort, Summary, SummaryOptions, summary};
use super::suspects::{Suspects, suspects};
use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::v8::lossy;
use crate::heap::words::Nodes;

/// A node that retains less than this part of the heap (one 5000th) is not drawn.
const SMALLEST_PART: u64 = 5000;
/// Children of one node that are drawn.
const CHILDREN: usize = 40;
/// Classes of which the small children of one node are drawn together.
const GROUPS: usize = 8;
/// Nodes that are drawn in all.
const NODES: usize = 4000;
const DEPTH: usize = 60;
/// The share of the heap that makes a suspect.
const SUSPICIOUS: f64 = 0.1;

/// What is wanted of a report.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// How many classes, objects and strings.
    pub top: usize,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is in the heap.
    pub summary: Summary,
    /// What retains a good part of it.
    pub suspects: Suspects,
    /// The dominator tree.
    pub tree: Branch,
}

/// A node of the dominator tree, or the small children of one together.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    /// What it is called; of several nodes their class, or nothing if they are of several.
    pub name: String,
    /// V8's id; `null` for several nodes together.
    pub id: Option<u32>,
    /// How many nodes it stands for.
    pub count: u64,
    /// Bytes of the node itself.
    pub shallow: u64,
    /// Bytes that it retains.
    pub retained: u64,
    /// What it dominates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Branch>,
}

/// Aggregates a heap for a page.
pub fn report(heap: &Heap, options: &ReportOptions) -> Report {
    Report {
        summary: summary(heap, &SummaryOptions { top: options.top, sort: Sort::Retained }),
        suspects: suspects(heap, SUSPICIOUS),
        tree: tree(heap),
    }
}

fn tree(heap: &Heap) -> Branch {
    let mut drawing =
        Drawing { heap, nodes: Nodes::new(heap), smallest: (heap.total_size() / SMALLEST_PART).max(1), left: NODES };
    drawing.branch(heap.graph().root(), DEPTH)
}

/// The tree while it is drawn.
struct Drawing<'a> {
    heap: &'a Heap,
    nodes: Nodes<'a>,
    /// Bytes that a node retains at least that is drawn.
    smallest: u64,
    /// Nodes that may still be drawn.
    left: usize,
}

impl Drawing<'_> {
    fn branch(&mut self, node: Node, depth: usize) -> Branch {
        self.left = self.left.saturating_sub(1);
        let mut drawn = Branch::named(self.nodes.name(node));
        drawn.id = Some(self.heap.graph().id(node));
        drawn.add(self.heap, node);
        if depth > 0 {
            drawn.children = self.children(node, depth);
        }
        drawn
    }

    fn children(&mut self, node: Node, depth: usize) -> Vec<Branch> {
        let heap = self.heap;
        let (mut large, mut rest): (Vec<Node>, Vec<Node>) =
            heap.dominated(node).partition(|child| heap.retained_size(*child) >= self.smallest);
        large.sort_by_key(|child| (Reverse(heap.retained_size(*child)), *child));
        let mut children = Vec::new();
        for (at, child) in large.into_iter().enumerate() {
            if at < CHILDREN && self.left > 0 {
                children.push(self.branch(child, depth - 1));
            } else {
                rest.push(child);
            }
        }
        children.extend(self.together(&rest));
        children
    }

    /// Children that are not drawn by themselves: by class where there are many, and the rest of them.
    fn together(&mut self, nodes: &[Node]) -> Vec<Branch> {
        let heap = self.heap;
        let mut by_class: FxHashMap<ClassId, Branch> = FxHashMap::default();
        for node in nodes {
            let class = heap.classes().of(*node);
            let name = || Branch::named(lossy(&heap.classes().get(class).name).into_owned());
            by_class.entry(class).or_insert_with(name).add(heap, *node);
        }
        let (mut groups, others): (Vec<Branch>, Vec<Branch>) =
            by_class.into_values().partition(|group| group.count > 1 && group.retained >= self.smallest);
        groups.sort_by(|a, b| (b.retained, &a.name).cmp(&(a.retained, &b.name)));
        let mut rest = Branch::named(String::new());
        for group in others.into_iter().chain(groups.split_off(groups.len().min(GROUPS).min(self.left))) {
            rest.take_in(&group);
        }
        self.left -= groups.len();
        groups.extend((rest.count > 0).then_some(rest));
        groups
    }
}

impl Branch {
    fn named(name: String) -> Self {
        Self { name, id: None, count: 0, shallow: 0, retained: 0, children: Vec::new() }
    }

    fn add(&mut self, heap: &Heap, node: Node) {
        self.count += 1;
        self.shallow = self.shallow.saturating_add(heap.graph().self_size(node));
        self.retained = self.retained.saturating_add(heap.retained_size(node));
    }

    fn take_in(&mut self, other: &Self) {
        self.count += other.count;
        self.shallow = self.shallow.saturating_add(other.shallow);
        self.retained = self.retained.saturating_add(other.retained);
    }
}
