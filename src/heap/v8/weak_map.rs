//! The names of the edges that stand for an entry of a WeakMap:
//! `17 / part of key (Foo @33) -> value (Bar @35) pair in WeakMap (table @31)`.

use std::ops::Range;

use memchr::memmem;

/// Comes before the key.
const KEY: &[u8] = b" / part of key (";

/// Comes between the key and the value.
const ARROW: &[u8] = b") -> value (";
/// Comes after the value, before the table's id.
const TABLE: &[u8] = b") pair in WeakMap (table @";

/// The part of the name that both edges of an entry share, and the table's id; `None` if it is no such name.
pub(crate) fn entry(name: &[u8]) -> Option<(&[u8], u32)> {
    let shared = trim_digits_start(name);
    if shared.len() == name.len() {
        return None;
    }
    let (rest, table) = strip_number(shared.strip_suffix(b")")?)?;
    let (rest, _) = strip_number(rest.strip_suffix(TABLE)?)?;
    let pair = rest.strip_suffix(b" @")?.strip_prefix(KEY)?;
    // Names of objects may contain anything, so the arrow that follows an id is the one.
    memmem::find_iter(pair, ARROW)
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

/// Where in such a name those of the key and the value are; both may be contents of strings, or anything. In doubt more is taken for them, for
/// whoever must not let them out.
pub(crate) fn entry_names(name: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    // Most names are shorter, and setting a search up takes longer than these are looked at otherwise.
    let end = if name.len() < TABLE.len() { None } else { memmem::rfind(name, TABLE) }?;
    let pair = name.get(..end)?;
    let arrow = memmem::find(pair, ARROW)?;
    let start = arrow + ARROW.len();
    let value = start..memmem::rfind(pair, b" @").filter(|at| *at >= start)?;
    let key_start = memmem::find(pair.get(..arrow)?, KEY).map_or(0, |at| at + KEY.len());
    let key = pair.get(key_start..arrow)?;
    let key_end = strip_number(key).map_or(key, |(name, _)| name.strip_suffix(b" @").unwrap_or(name)).len();
    Some((key_start..key_start + key_end, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_entries() {
        let shared = b" / part of key (Foo @33) -> value (system / Bar) -> value (x @35) pair in WeakMap (table @31)";
        let shared: &[u8] = shared;
        assert_eq!(entry(&[b"17", shared].concat()), Some((shared, 31)));
        assert_eq!(entry(shared), None);
        for other in [
            "17",
            "elements",
            "17 / part of key (Foo @33) -> value (x @35) pair in WeakMap (table @31) ",
            "17 / part of key (Foo @33) -> value (x @35) pair in WeakMap (table @)",
            "17 / part of key (Foo) -> value (x @35) pair in WeakMap (table @31)",
        ] {
            assert_eq!(entry(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn knows_where_the_names_in_them_are() {
        for (key, value) in [("Foo", "a text"), ("a (b @7)", "x @35) -> value (y"), ("", "")] {
            let name = format!("17 / part of key ({key} @33) -> value ({value} @35) pair in WeakMap (table @31)");
            let (key_at, value_at) = entry_names(name.as_bytes()).unwrap_or_default();
            assert_eq!((name.get(key_at), name.get(value_at)), (Some(key), Some(value)));
        }
        assert_eq!(entry_names(b"elements"), None);
    }
}
