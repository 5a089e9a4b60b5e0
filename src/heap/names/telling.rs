//! Whether the name of a class tells whose its objects are.

use crate::heap::v8::is_own;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_unlike_things_tell_nothing() {
        for class in ["Object", "Array", "Map", "Promise", "", "(string)", "{url, html}", "system / Context"] {
            assert!(!is_telling(class), "{class}");
        }
        assert!(is_telling("MemoryStore") && is_telling("Mapping") && is_telling("onRequest()"));
    }
}
