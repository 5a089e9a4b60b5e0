//! What becomes of a name: the rules, by what the name is used for.

use std::ops::Range;

use super::in_source::InSource;
use super::scripts;
use super::uses::{CODE, CONSTRUCTOR, CONTENT, FUNCTION, INTERNAL, PROPERTY, VARIABLE};
use crate::heap::names::{Look, is_dotted, is_identifier, look};
use crate::heap::v8::{is_global, is_own_class, is_own_kind, is_well_known_symbol, weak_map_entry_names};

/// Why a name is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Look(Look),
    /// A URL, or an absolute path.
    Located,
    /// No identifier, where a program has identifiers.
    NoIdentifier,
    /// In no source; with `strict` only.
    NotInSource,
    /// Names of a WeakMap's entry.
    WeakMap,
}

/// What becomes of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Replace(Why),
    /// These parts of it go.
    ReplaceParts(Why, Vec<Range<usize>>),
}

/// `code` has the names of the sources, where only those stay.
pub(super) fn judge(text: &[u8], string: usize, uses: u8, code: Option<&InSource>) -> Verdict {
    // Whatever it is used for: a file may be anybody's.
    if let Some((key, value)) = weak_map_entry_names(text) {
        return weak_map_entry(text, key, value, code);
    }
    if uses & INTERNAL != 0 {
        // An index: V8 numbers what is in its own arrays. A string of the program may have the same digits.
        if text.iter().all(u8::is_ascii_digit) {
            return if uses & CONTENT == 0 { Verdict::Keep } else { Verdict::Replace(Why::Look(Look::Digits)) };
        }
    }
    if uses & CODE != 0 {
        if scripts::is_nodes_own(text) || is_own_kind(text) {
            return Verdict::Keep;
        }
        if scripts::is_located(text) {
            return script(text, code);
        }
        if let Some(function) = function_of(text) {
            return function_code(text, function, string, uses, code);
        }
    }
    match refusal(text, string, uses, code) {
        None => Verdict::Keep,
        Some(why) => Verdict::Replace(why),
    }
}

fn refusal(text: &[u8], string: usize, uses: u8, code: Option<&InSource>) -> Option<Why> {
    if let Some(look) = look(text) {
        return Some(Why::Look(look));
    }
    if scripts::is_located(text) || scripts::has_scheme(text) {
        return Some(Why::Located);
    }
    if uses & (FUNCTION | VARIABLE) != 0 {
        // These are from a source, whoever else uses them.
        return None;
    }
    if uses & (INTERNAL | CODE) != 0 {
        if uses & CODE == 0 && !is_plain(text) {
            return Some(Why::NoIdentifier);
        }
        let code = code?;
        let is_own = (uses & INTERNAL != 0 && is_plain(text)) || is_own_code(text);
        return (!is_own && !code.has(string, text)).then_some(Why::NotInSource);
    }
    let name = match uses & CONSTRUCTOR {
        0 => property(text),
        _ => constructor(text).or_else(|| property(text).filter(|_| uses & PROPERTY != 0)),
    };
    let Some(name) = name else { return Some(Why::NoIdentifier) };
    match (name, code) {
        (Named::ByV8, _) | (_, None) => None,
        (Named::By(name), Some(code)) => (!code.has(string, text) && !code.has_text(name)).then_some(Why::NotInSource),
    }
}

/// Who gave a name.
enum Named<'a> {
    ByV8,
    /// The program, with this word.
    By(&'a [u8]),
}

/// `user`, `get user`, `<symbol kUser>`.
fn property(text: &[u8]) -> Option<Named<'_>> {
    let name = text.strip_prefix(b"get ").or_else(|| text.strip_prefix(b"set ")).unwrap_or(text);
    match name.strip_prefix(b"<symbol ").and_then(|rest| rest.strip_suffix(b">")) {
        Some(description) if is_well_known_symbol(description) => Some(Named::ByV8),
        Some(description) if is_dotted(description) && description.starts_with(b"nodejs.") => {
            Some(Named::By(description))
        }
        Some(description) => is_identifier(description).then_some(Named::By(description)),
        None if name == b"<symbol>" => Some(Named::ByV8),
        None => is_identifier(name).then_some(Named::By(name)),
    }
}

/// `Customer`, `Intl.Collator`, `system / Context`.
fn constructor(text: &[u8]) -> Option<Named<'_>> {
    if is_own_kind(text) || is_global(text) || is_own_class(text) {
        return Some(Named::ByV8);
    }
    is_dotted(text).then_some(Named::By(text))
}

/// A text that code in C++ has: V8's and Node's own kinds of things. Those of a browser may have the attributes of an element.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b" /()_-:*<>,.+".contains(byte))
}

/// `(constant pool)`
fn is_own_code(text: &[u8]) -> bool {
    text.is_empty() || (text.starts_with(b"(") && text.ends_with(b")") && is_plain(text))
}

/// The function's name in `(code for NAME)`.
fn function_of(text: &[u8]) -> Option<Range<usize>> {
    const BEFORE: [&[u8]; 4] =
        [b"(code for ", b"(instruction stream for ", b"(code deopt data for ", b"(bytecode for "];
    let start = BEFORE.iter().find(|before| text.starts_with(before))?.len();
    Some(start..text.strip_suffix(b")")?.len().max(start))
}

fn function_code(text: &[u8], function: Range<usize>, string: usize, uses: u8, code: Option<&InSource>) -> Verdict {
    let name = text.get(function.clone()).unwrap_or_default();
    let refusal = match code {
        Some(code) if !code.has_text(name) && !name.is_empty() => Some(Why::NotInSource),
        _ => refusal(name, string, uses | FUNCTION, None),
    };
    match refusal {
        None => Verdict::Keep,
        Some(why) => Verdict::ReplaceParts(why, vec![function]),
    }
}

fn script(text: &[u8], code: Option<&InSource>) -> Verdict {
    if code.is_some() {
        return Verdict::Replace(Why::NotInSource);
    }
    let places = scripts::places(text);
    let mut kept = text.to_vec();
    for place in &places {
        if let Some(bytes) = kept.get_mut(place.clone()) {
            bytes.fill(b'/');
        }
    }
    match look(&kept) {
        Some(look) => Verdict::Replace(Why::Look(look)),
        None if places.is_empty() => Verdict::Keep,
        None => Verdict::ReplaceParts(Why::Located, places),
    }
}

/// The value goes, because it may be a string; the key stays if it is the name of a class.
fn weak_map_entry(text: &[u8], key: Range<usize>, value: Range<usize>, code: Option<&InSource>) -> Verdict {
    let name = text.get(key.clone()).unwrap_or_default();
    // Of a text that another text was taken for, nothing is known.
    let string = usize::MAX;
    match refusal(name, string, CONSTRUCTOR, code) {
        None => Verdict::ReplaceParts(Why::WeakMap, vec![value]),
        Some(_) => Verdict::ReplaceParts(Why::WeakMap, vec![key, value]),
    }
}

/// How much a name that stays looks like data all the same; the more, the higher, and below 3,000.
pub(super) fn shape(text: &[u8], uses: u8) -> u32 {
    let class = |byte: u8| (byte.is_ascii_lowercase(), byte.is_ascii_uppercase(), byte.is_ascii_digit());
    // Of words there are few in a row.
    let turns = text.iter().zip(text.iter().skip(1)).filter(|(a, b)| class(**a) != class(**b)).count();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let looks = u32::try_from((turns + digits) * 200 / text.len().max(8)).unwrap_or(0) + u32::from(text.len() > 20);
    let weight = match uses & !CONTENT {
        uses if uses & (INTERNAL | CODE | VARIABLE | FUNCTION) != 0 => 0,
        uses if uses & CONSTRUCTOR != 0 => 1000,
        _ => 2000,
    };
    looks + weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(text: &str, uses: u8) -> bool {
        judge(text.as_bytes(), 0, uses, None) == Verdict::Keep
    }

    #[test]
    fn what_a_program_calls_as_v8_calls_its_own_is_the_program_s() {
        for own in ["system / Context", "system / Map (ConsOneByteString)", "system / JSArrayBufferData"] {
            assert!(stays(own, CONSTRUCTOR) && stays(own, CODE), "{own}");
        }
        for own in ["system / my password", "system / hunter2", "system / Map (a password)", "system / "] {
            assert!(!stays(own, CONSTRUCTOR), "{own}");
        }
        assert!(stays("<symbol Symbol.toStringTag>", PROPERTY));
        let code = InSource::default();
        let strict = |text: &str| judge(text.as_bytes(), 0, PROPERTY, Some(&code));
        assert_eq!(strict("<symbol Symbol.iterator>"), Verdict::Keep);
        assert_eq!(strict("<symbol Symbol.hunter>"), Verdict::Replace(Why::NoIdentifier));
    }

    #[test]
    fn an_element_s_attributes_go_and_its_tag_stays() {
        assert!(
            stays("<div>", INTERNAL)
                && stays("Detached <article>", INTERNAL)
                && stays("Node / node::Environment", INTERNAL)
        );
        assert!(!stays("3 / part of key (Foo @3) -> value (hunter @5) pair in WeakMap (table @7)", VARIABLE));
        assert!(!stays("<input name=\"password\" value=\"hunter\">", INTERNAL));
    }
}
