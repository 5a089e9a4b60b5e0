//! Bytes by V8's types of nodes.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::graph::Graph;

/// Nodes of one of V8's types.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct TypeSummary {
    pub r#type: String,
    pub count: u64,
    pub shallow: u64,
}

/// All types that there are, those with most bytes first.
pub(super) fn types(graph: &Graph) -> Vec<TypeSummary> {
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
