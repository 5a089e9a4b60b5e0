//! What is in a heap: totals, classes, the largest objects, strings that are there more than once.

#![allow(clippy::indexing_slicing, reason = "classes are below the count that their totals were made with")]

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::totals::{Totals, totals};
use crate::heap::analysis::{Heap, from_user_root};
use crate::heap::graph::{Attachment, Graph, Name, Node};
use crate::heap::v8::{NodeKind, is_detached_element, lossy};
use crate::heap::words::{Step, location_text, path_to, shortened, shown_name};

/// Characters of a string's content that are shown.
const SHOWN_CHARACTERS: usize = 80;

/// How classes are sorted, from most to least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Sort {
    #[default]
    Retained,
    Shallow,
    Count,
}

/// What is wanted of a summary.
#[derive(Debug, Clone)]
pub struct SummaryOptions {
    /// How many classes, objects and strings.
    pub top: usize,
    /// What classes are sorted by.
    pub sort: Sort,
}

/// What is in a heap. All sizes are bytes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The file.
    pub file: FileSummary,
    /// Bytes by what they are for.
    pub totals: Totals,
    /// Bytes by V8's types of nodes, most first.
    pub types: Vec<TypeSummary>,
    /// How many classes there are; `classes` has the first of them.
    pub class_count: usize,
    /// The classes, sorted as asked.
    pub classes: Vec<ClassSummary>,
    /// The objects that retain most, without those that are only V8's.
    pub largest: Vec<ObjectSummary>,
    /// Strings with the same content.
    pub strings: StringsSummary,
    /// DOM nodes that are out of their document; browsers' snapshots only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detached: Option<DetachedSummary>,
}

/// The file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct FileSummary {
    pub nodes: usize,
    pub edges: usize,
    pub strings: usize,
    /// Why the file could not be read to its end, if it was to be read all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

/// Nodes of one of V8's types.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct TypeSummary {
    pub r#type: String,
    pub count: u64,
    pub shallow: u64,
}

/// Nodes of one class.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassSummary {
    /// The constructor's name, or DevTools' name for what has none.
    pub name: String,
    /// Where it is defined, if V8 says so: `script:line:column`, the last two from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How many.
    pub count: u64,
    /// Bytes of the objects themselves.
    pub shallow: u64,
    /// Bytes that would be free without them.
    pub retained: u64,
    /// References from a root to the nearest; `null` if only V8 itself holds them.
    pub distance: Option<i32>,
}

/// One object.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct ObjectSummary {
    pub id: u32,
    pub name: String,
    pub shallow: u64,
    pub retained: u64,
    pub distance: Option<i32>,
    /// The shortest path to it.
    pub path: Vec<Step>,
}

/// Strings with the same content.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StringsSummary {
    /// Bytes that would be free if every content were there once.
    pub wasted: u64,
    /// How many contents are there more than once.
    pub duplicated: usize,
    /// The contents that waste most.
    pub top: Vec<DuplicateSummary>,
}

/// A content that several strings have.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct DuplicateSummary {
    /// The beginning of it.
    pub text: String,
    pub count: u64,
    /// Bytes of all but one of them.
    pub wasted: u64,
}

/// DOM nodes out of their document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct DetachedSummary {
    pub count: u64,
    pub shallow: u64,
    pub retained: u64,
}

/// Sums a heap up.
pub fn summary(heap: &Heap, options: &SummaryOptions) -> Summary {
    let graph = heap.graph();
    let classes = class_summaries(heap, options.sort);
    Summary {
        file: FileSummary {
            nodes: graph.node_count(),
            edges: graph.edge_count(),
            strings: graph.string_count(),
            incomplete: graph
                .incomplete()
                .map(|incomplete| format!("{} (byte {})", incomplete.reason, incomplete.offset)),
        },
        totals: totals(heap),
        types: types(graph),
        class_count: classes.len(),
        classes: classes.into_iter().take(options.top).collect(),
        largest: largest(heap, options.top),
        strings: duplicates(graph, options.top),
        detached: detached(heap),
    }
}

fn types(graph: &Graph) -> Vec<TypeSummary> {
    let mut by_type: FxHashMap<&str, (u64, u64)> = FxHashMap::default();
    for node in graph.nodes() {
        let entry = by_type.entry(graph.type_name(node)).or_default();
        entry.0 += 1;
        entry.1 += graph.self_size(node);
    }
    let mut types: Vec<_> = by_type
        .into_iter()
        .map(|(name, (count, shallow))| TypeSummary { r#type: name.to_owned(), count, shallow })
        .collect();
    types.sort_by(|a, b| (b.shallow, b.count, &a.r#type).cmp(&(a.shallow, a.count, &b.r#type)));
    types
}

/// All classes that have a size, sorted.
fn class_summaries(heap: &Heap, sort: Sort) -> Vec<ClassSummary> {
    let totals = heap.class_totals();
    let mut classes: Vec<_> = heap
        .classes()
        .iter()
        .filter(|(id, _)| totals[id.0 as usize].count > 0)
        .map(|(id, class)| {
            let total = &totals[id.0 as usize];
            ClassSummary {
                name: lossy(&class.name).into_owned(),
                location: class.location.map(location_text),
                count: total.count,
                shallow: total.shallow,
                retained: total.retained,
                distance: from_user_root(total.distance),
            }
        })
        .collect();
    // Stable: of the same size, the class met first comes first.
    classes.sort_by_key(|class| {
        let by = match sort {
            Sort::Retained => class.retained,
            Sort::Shallow => class.shallow,
            Sort::Count => class.count,
        };
        (Reverse(by), Reverse(class.shallow))
    });
    classes
}

fn largest(heap: &Heap, top: usize) -> Vec<ObjectSummary> {
    let graph = heap.graph();
    let mut nodes: Vec<Node> = graph.nodes().filter(|node| is_users(heap, *node)).collect();
    let key = |node: &Node| (Reverse(heap.retained_size(*node)), *node);
    if nodes.len() > top && top > 0 {
        nodes.select_nth_unstable_by_key(top - 1, key);
    }
    nodes.truncate(top);
    nodes.sort_by_key(key);
    nodes
        .into_iter()
        .map(|node| ObjectSummary {
            id: graph.id(node),
            name: shown_name(heap, node),
            shallow: graph.self_size(node),
            retained: heap.retained_size(node),
            distance: heap.user_distance(node),
            path: path_to(heap, node),
        })
        .collect()
}

/// Whether the node is something that a program made, rather than V8 for itself.
fn is_users(heap: &Heap, node: Node) -> bool {
    !heap.graph().kind(node).is_internal() && heap.user_distance(node).is_some()
}

fn duplicates(graph: &Graph, top: usize) -> StringsSummary {
    // The file has only the beginning of a long string, so strings of other sizes are other strings.
    let mut contents: FxHashMap<(u32, u64), u64> = FxHashMap::default();
    for node in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::String) {
        let size = graph.self_size(node);
        if size > 0 {
            *contents.entry((graph.name(node).0, size)).or_default() += 1;
        }
    }
    let mut repeated: Vec<_> = contents
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|((name, size), count)| (size.saturating_mul(count - 1), count, name))
        .collect();
    repeated.sort_unstable_by(|a, b| b.cmp(a));
    StringsSummary {
        wasted: repeated.iter().fold(0, |sum, entry| sum.saturating_add(entry.0)),
        duplicated: repeated.len(),
        top: repeated
            .into_iter()
            .take(top)
            .map(|(wasted, count, name)| DuplicateSummary {
                text: shortened(&lossy(graph.text(Name(name))), SHOWN_CHARACTERS),
                count,
                wasted,
            })
            .collect(),
    }
}

fn detached(heap: &Heap) -> Option<DetachedSummary> {
    let graph = heap.graph();
    let mut found = DetachedSummary { count: 0, shallow: 0, retained: 0 };
    for node in graph.attached_or_detached() {
        // Node marks its own native objects, too; those are no leak.
        let is_element = is_detached_element(graph.text(graph.name(node)));
        if is_element && graph.attachment(node) == Attachment::Detached {
            found.count += 1;
            found.shallow += graph.self_size(node);
            if graph.attachment(heap.dominator(node)) != Attachment::Detached {
                found.retained += heap.retained_size(node);
            }
        }
    }
    (found.count > 0).then_some(found)
}
