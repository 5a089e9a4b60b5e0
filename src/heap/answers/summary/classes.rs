//! The table of classes.

#![allow(clippy::indexing_slicing, reason = "classes are below the count that their totals were made with")]

use std::cmp::Reverse;

use serde::Serialize;

use crate::heap::analysis::{Heap, from_user_root};
use crate::heap::v8::lossy;
use crate::heap::words::location_text;

/// How classes are sorted, from most to least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Sort {
    #[default]
    Retained,
    Shallow,
    Count,
}

/// Nodes of one class.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassSummary {
    /// The constructor's name, or DevTools' name for what has none.
    pub name: String,
    /// Where it is defined, if V8 says so: `script:line:column`, the last two from 1. The script is V8's number of it, or a source.
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

/// All classes that have a size, sorted.
pub(super) fn classes(heap: &Heap, sort: Sort) -> Vec<ClassSummary> {
    let totals = heap.class_totals();
    let mut classes: Vec<_> = heap
        .classes()
        .iter()
        .filter(|(id, _)| totals[id.0 as usize].count > 0)
        .map(|(id, class)| {
            let total = &totals[id.0 as usize];
            ClassSummary {
                name: lossy(&class.name).into_owned(),
                location: class.location.map(|location| location_text(heap.graph(), location)),
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
