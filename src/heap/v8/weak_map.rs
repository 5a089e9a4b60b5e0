//! The names of the edges that stand for an entry of a WeakMap:
//! `17 / part of key (Foo @33) -> value (Bar @35) pair in WeakMap (table @31)`.

use memchr::memmem;

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
    let pair = rest.strip_suffix(b" @")?.strip_prefix(b" / part of key (")?;
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

/// Such a name, taken apart around the name of the value, which may be a string's content. In doubt more is taken for the
/// value, for whoever must not let it out.
pub(crate) fn entry_value(name: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let end = memmem::rfind(name, TABLE)?;
    let pair = name.get(..end)?;
    let start = memmem::find(pair, ARROW)? + ARROW.len();
    let at = memmem::rfind(pair, b" @").filter(|at| *at >= start)?;
    Some((name.get(..start)?, name.get(start..at)?, name.get(at..)?))
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
}
