//! A reference the way one would write it in code: `.sessions`, `[17]`, `→variable`; V8's own as `{table}`.

use super::figures::shortened;
use crate::heap::graph::{Edge, Graph, Label};
use crate::heap::v8::{EdgeKind, lossy};

/// What stands for all indices, keys and entries of one holder.
pub(crate) const ANY: &str = "[…]";
/// Comes before the name of a variable.
const VARIABLE: char = '→';
/// The longest name of a property that is no identifier, or of a reference of V8's.
const MAX_NAME: usize = 60;

/// A reference as code would have it.
pub(crate) fn label_text(graph: &Graph, edge: Edge) -> String {
    let name = match graph.label(edge) {
        Label::Index(index) => return format!("[{index}]"),
        Label::Named(name) => lossy(graph.text(name)),
    };
    match graph.edge_kind(edge) {
        EdgeKind::Property | EdgeKind::Shortcut if is_identifier(&name) => format!(".{name}"),
        EdgeKind::Property | EdgeKind::Shortcut => key_text(&name),
        EdgeKind::Context => format!("{VARIABLE}{name}"),
        _ => format!("{{{}}}", shortened(&name, MAX_NAME)),
    }
}

/// A property, or an entry of a Map, whose name is no identifier.
pub(crate) fn key_text(key: &str) -> String {
    format!("[{}]", serde_json::to_string(&shortened(key, MAX_NAME)).unwrap_or_default())
}

/// Whether the reference is one of V8's own, which no code could write.
pub(super) fn is_v8s(label: &str) -> bool {
    label.starts_with('{')
}

/// The name in a reference from a context.
pub(super) fn variable(label: &str) -> Option<&str> {
    label.strip_prefix(VARIABLE)
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '$' | '#'))
}
