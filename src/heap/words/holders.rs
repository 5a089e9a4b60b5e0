//! How a holder is named for people, which is what a leak hunter reads first: `MemoryStore.sessions`, `the variable cache`.

use super::references::{ANY, is_v8s, variable};
use super::steps::Step;
use crate::heap::v8::EdgeKind;

/// What is above something held, as far as words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    /// How it is reached itself.
    pub(crate) label: &'a str,
    /// What it is.
    pub(crate) class: &'a str,
    /// It is V8's own.
    pub(crate) is_internal: bool,
    /// Its class says something; naming it is enough.
    pub(crate) is_telling: bool,
}

/// Who holds what is reached over `label`, from the nearest holder whose class says something. `above` is nearest first.
pub(crate) fn held_by<'a>(label: &str, above: impl Iterator<Item = Holder<'a>>) -> String {
    let mut text = if label == ANY || is_v8s(label) { String::new() } else { label.to_owned() };
    for holder in above {
        if holder.is_telling {
            return format!("{}{text}", holder.class);
        }
        if !(is_v8s(holder.label) || (holder.is_internal && holder.label == ANY)) {
            text = format!("{}{text}", holder.label);
        }
    }
    if text.is_empty() { "V8 itself".into() } else { text }
}

/// Who holds the end of a path: the object before it and the reference, or the variable.
pub(crate) fn held_by_last(path: &[Step]) -> String {
    match path {
        [.., own] if own.edge == EdgeKind::Context.name() => format!("the variable {}", variable(&own.by)),
        [.., holder, own] => format!("{}{}", holder.name, own.by),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(label: &'static str, class: &'static str, is_internal: bool, is_telling: bool) -> Holder<'static> {
        Holder { label, class, is_internal, is_telling }
    }

    #[test]
    fn names_the_nearest_holder_that_says_something() {
        let store = holder(".store", "MemoryStore", false, true);
        let sessions = holder(".sessions", "Object", false, false);
        let table = holder("{table}", "(object elements)", true, false);
        let entry = holder(ANY, "Array", false, false);
        let part = holder(ANY, "system / Context", true, false);
        assert_eq!(held_by(".data", [store].into_iter()), "MemoryStore.data");
        assert_eq!(held_by(ANY, [table, sessions, store].into_iter()), "MemoryStore.sessions");
        assert_eq!(held_by(ANY, [part, entry, sessions, store].into_iter()), "MemoryStore.sessions[…]");
        assert_eq!(held_by("{table}", [sessions].into_iter()), ".sessions");
        assert_eq!(held_by("{table}", [table].into_iter()), "V8 itself");
    }

    #[test]
    fn names_a_variable_or_the_object_before() {
        let step = |name: &str, edge, by: &str| Step { id: 1, name: name.into(), edge, by: by.into() };
        let first = step("Cache", "", "");
        assert_eq!(held_by_last(&[first.clone(), step("Map", "property", ".entries")]), "Cache.entries");
        assert_eq!(held_by_last(&[first.clone(), step("Map", "context", "→cache")]), "the variable cache");
        assert_eq!(held_by_last(&[first]), "");
    }
}
