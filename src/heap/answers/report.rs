//! What the page about a heap shows: everything aggregated, so that the page is small whatever the heap is.
//!
//! The picture is the part of the dominator tree that can be seen: of each node the largest children, as long as each has
//! [`SMALLEST_PART`] of the heap or more, and the others together: by class where those can be seen.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::summary::{Sort, Summary, SummaryOptions, summary};
use super::suspects::{Suspects, suspects};
use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::v8::lossy;
use crate::heap::words::shown_name;

/// A node that retains less than this part of the heap (one 5000th) is not drawn.
const SMALLEST_PART: u64 = 5000;
/// Children of one node that are drawn.
const CHILDREN: usize = 40;
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

/// A node of the dominator tree, or small children of one together.
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
    let smallest = heap.total_size() / SMALLEST_PART;
    let mut left = NODES;
    branch(heap, heap.graph().root(), smallest, DEPTH, &mut left)
}

fn branch(heap: &Heap, node: Node, smallest: u64, depth: usize, left: &mut usize) -> Branch {
    *left = left.saturating_sub(1);
    let mut large: Vec<Node> = Vec::new();
    let mut small: FxHashMap<ClassId, Branch> = FxHashMap::default();
    let mut add = |child: Node| small.entry(heap.classes().of(child)).or_insert_with(Branch::none).add(heap, child);
    for child in heap.dominated(node) {
        if heap.retained_size(child) >= smallest.max(1) {
            large.push(child);
        } else {
            add(child);
        }
    }
    large.sort_by_key(|child| (Reverse(heap.retained_size(*child)), *child));
    let mut children = Vec::new();
    for (at, child) in large.into_iter().enumerate() {
        if at < CHILDREN && *left > 0 && depth > 0 {
            children.push(branch(heap, child, smallest, depth - 1, left));
        } else {
            add(child);
        }
    }
    children.extend(together(heap, small, smallest));
    Branch {
        name: shown_name(heap, node),
        id: Some(heap.graph().id(node)),
        count: 1,
        shallow: heap.graph().self_size(node),
        retained: heap.retained_size(node),
        children,
    }
}

/// Those that are small one by one: by class where they are many enough to be seen, the others as one.
fn together(heap: &Heap, small: FxHashMap<ClassId, Branch>, smallest: u64) -> Vec<Branch> {
    let mut rest = Branch::none();
    let mut children = Vec::new();
    for (class, mut group) in small {
        if group.count > 1 && group.retained >= smallest.max(1) {
            group.name = lossy(&heap.classes().get(class).name).into_owned();
            children.push(group);
        } else {
            rest.count += group.count;
            rest.shallow = rest.shallow.saturating_add(group.shallow);
            rest.retained = rest.retained.saturating_add(group.retained);
        }
    }
    children.sort_by(|a, b| (b.retained, &a.name).cmp(&(a.retained, &b.name)));
    children.extend(Some(rest).filter(|rest| rest.count > 0));
    children
}

impl Branch {
    fn none() -> Self {
        Self { name: String::new(), id: None, count: 0, shallow: 0, retained: 0, children: Vec::new() }
    }

    fn add(&mut self, heap: &Heap, node: Node) {
        self.count += 1;
        self.shallow = self.shallow.saturating_add(heap.graph().self_size(node));
        self.retained = self.retained.saturating_add(heap.retained_size(node));
    }
}
