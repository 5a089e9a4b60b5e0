//! Strings that are there more than once.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::graph::{Graph, Name};
use crate::heap::v8::{NodeKind, lossy};
use crate::heap::words::shortened;

/// Characters of a string's content that are shown.
const SHOWN_CHARACTERS: usize = 80;

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

/// All of them added up, and the `top` contents that waste most.
pub(super) fn duplicates(graph: &Graph, top: usize) -> StringsSummary {
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
