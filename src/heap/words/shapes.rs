//! Plain objects by their properties: `{url, html, at}`.

use crate::heap::graph::{Graph, Node};
use crate::heap::v8::{NodeKind, lossy};

/// So many properties are named.
const SHOWN: usize = 8;

/// The properties of an object by the description of its shape. A snapshot has no references to numbers, but their names.
pub(crate) fn shape_text(graph: &Graph, object: Node) -> Option<String> {
    let map = graph.internal(object, b"map")?;
    let name_starts =
        |edge, prefix: fn(&[u8]) -> bool| graph.edge_name(edge).is_some_and(|name| prefix(graph.text(name)));
    // Shapes on the way to larger ones share the description of these.
    if graph.edges(map).any(|edge| name_starts(edge, |name| name.starts_with(b"transition"))) {
        return None;
    }
    let descriptors = graph.internal(map, b"descriptors")?;
    let keys: Vec<_> = graph
        .edges(descriptors)
        .filter(|edge| name_starts(*edge, |name| name.first().is_some_and(u8::is_ascii_digit)))
        .map(|edge| graph.target(edge))
        .filter(|key| graph.kind(*key) == NodeKind::String)
        .map(|key| lossy(graph.text(graph.name(key))))
        .collect();
    let more = if keys.len() > SHOWN { ", …" } else { "" };
    (!keys.is_empty())
        .then(|| format!("{{{}{more}}}", keys.get(..keys.len().min(SHOWN)).unwrap_or_default().join(", ")))
}
