//! The edges that stand for an entry of a WeakMap.
//!
//! The value of an entry lives while both the map's table and the key live. V8 writes that as two edges to the value, one
//! from the table and one from the key, both of type `internal` and with a name that says so: `17 / part of key (Foo @33)
//! -> value (Bar @35) pair in WeakMap (table @31)`. DevTools counts the key's edge as the one that retains, and for
//! distances the one that is met last; so does heapkit.

use memchr::memmem;
use rustc_hash::FxHashMap;

use super::bits::Bits;
use crate::heap::graph::{Graph, Name};

/// What such a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// V8's id of the table.
    pub(super) table: u32,
    /// The same for the two edges of one entry.
    pub(super) pair: u32,
}

/// The names of the table of strings that are such names.
#[derive(Debug)]
pub(super) struct Ephemerons {
    entries: FxHashMap<u32, Entry>,
    /// Asked for every internal edge, so it has to be small.
    names: Bits,
}

impl Ephemerons {
    pub(super) fn find(graph: &Graph) -> Self {
        let mut entries = FxHashMap::default();
        let mut names = Bits::new(graph.strings.len());
        let mut pairs: FxHashMap<&[u8], u32> = FxHashMap::default();
        for (index, text) in (0..).zip(graph.strings.iter()) {
            let Some((shared, table)) = parse(text) else { continue };
            let next = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
            let pair = *pairs.entry(shared).or_insert(next);
            entries.insert(index, Entry { table, pair });
            names.insert(index);
        }
        Self { entries, names }
    }

    /// What the name of an internal edge says of a WeakMap.
    #[inline]
    pub(super) fn entry(&self, name: Name) -> Option<Entry> {
        if self.entries.is_empty() || !self.names.has(name.0) {
            return None;
        }
        self.entries.get(&name.0).copied()
    }
}

/// The part of the name that both edges share, and the table's id.
fn parse(text: &[u8]) -> Option<(&[u8], u32)> {
    let shared = trim_digits_start(text);
    if shared.len() == text.len() {
        return None;
    }
    let (rest, table) = strip_number(shared.strip_suffix(b")")?)?;
    let (rest, _) = strip_number(rest.strip_suffix(b") pair in WeakMap (table @")?)?;
    let pair = rest.strip_suffix(b" @")?.strip_prefix(b" / part of key (")?;
    // Names of objects may contain anything, so the arrow that follows an id is the one.
    let arrow = b") -> value (";
    memmem::find_iter(pair, arrow)
        .find(|at| pair.get(..*at).and_then(strip_number).is_some_and(|(name, _)| name.ends_with(b" @")))?;
    Some((shared, table))
}

fn trim_digits_start(text: &[u8]) -> &[u8] {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(digits..).unwrap_or_default()
}

/// The text before a number at its end, and the number.
fn strip_number(text: &[u8]) -> Option<(&[u8], u32)> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, number) = text.split_at_checked(text.len() - digits)?;
    Some((rest, std::str::from_utf8(number).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_entries() {
        let shared = b" / part of key (Foo @33) -> value (system / Bar) -> value (x @35) pair in WeakMap (table @31)";
        let shared: &[u8] = shared;
        assert_eq!(parse(&[b"17", shared].concat()), Some((shared, 31)));
        assert_eq!(parse(shared), None);
        for other in [
            "17",
            "elements",
            "17 / part of key (Foo @33) -> value (x @35) pair in WeakMap (table @31) ",
            "17 / part of key (Foo @33) -> value (x @35) pair in WeakMap (table @)",
            "17 / part of key (Foo) -> value (x @35) pair in WeakMap (table @31)",
        ] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }
}
