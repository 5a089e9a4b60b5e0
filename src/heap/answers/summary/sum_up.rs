//! What is in a heap, put together.

use serde::Serialize;

use super::classes::{ClassSummary, Sort, classes};
use super::detached::{DetachedSummary, detached};
use super::largest::{ObjectSummary, largest};
use super::strings::{StringsSummary, duplicates};
use super::totals::{Totals, totals};
use super::types::{TypeSummary, types};
use crate::heap::analysis::Heap;
use crate::source_maps::MapsUsed;

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
    /// The objects that retain most, without V8's own.
    pub largest: Vec<ObjectSummary>,
    /// Strings with the same content.
    pub strings: StringsSummary,
    /// DOM nodes that were removed from their document; only snapshots of browsers have any.
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
    /// The source maps that were found, where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_maps: Option<MapsUsed>,
}

/// Sums a heap up.
pub fn summary(heap: &Heap, options: &SummaryOptions) -> Summary {
    let graph = heap.graph();
    let classes = classes(heap, options.sort);
    Summary {
        file: FileSummary {
            nodes: graph.node_count(),
            edges: graph.edge_count(),
            strings: graph.string_count(),
            incomplete: graph
                .incomplete()
                .map(|incomplete| format!("{} (byte {})", incomplete.reason, incomplete.offset)),
            source_maps: heap.maps_used().cloned(),
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
