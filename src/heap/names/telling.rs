//! Whether the name of a class tells whose its objects are.

use crate::heap::v8::{NodeKind, OBJECT, is_own};

/// Whether the class is one that a program named, rather than one that many unlike things have.
pub(crate) fn is_telling(class: &str) -> bool {
    const VAGUE: [&str; 12] = [
        "",
        "Object",
        "Array",
        "Map",
        "Set",
        "Function",
        "WeakMap",
        "WeakSet",
        "Module",
        "Promise",
        "Generator",
        "ArrayBuffer",
    ];
    !VAGUE.contains(&class) && !class.starts_with('(') && !class.starts_with('{') && !is_own(class.as_bytes())
}

/// Whether many objects of this kind and class can be somebody's leak: functions, contexts and plain objects are many in
/// every heap.
pub(crate) fn is_telling_group(kind: NodeKind, is_internal: bool, class: &[u8]) -> bool {
    matches!(kind, NodeKind::Object | NodeKind::Native | NodeKind::RegExp) && !is_internal && class != OBJECT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_unlike_things_tell_nothing() {
        for class in ["Object", "Array", "Map", "Promise", "", "(string)", "{url, html}", "system / Context"] {
            assert!(!is_telling(class), "{class}");
        }
        assert!(is_telling("MemoryStore") && is_telling("Mapping") && is_telling("onRequest()"));
        assert!(is_telling_group(NodeKind::Object, false, b"Session"));
        for (kind, is_internal, class) in [
            (NodeKind::Closure, false, &b"Function"[..]),
            (NodeKind::Object, true, b"system / Context"),
            (NodeKind::Object, false, OBJECT),
        ] {
            assert!(!is_telling_group(kind, is_internal, class));
        }
    }
}
