//! Where a script gives a function or a class its name: maps have names of identifiers, and V8 says where a function begins.
//!
//! A function begins, for V8, at its `(`, an arrow function at its first parameter, a class at the `(` of its constructor, or at
//! `class` where it has none.

use memchr::memmem;

use super::text::OTHER;

/// A constructor is not looked for further behind the beginning of its class.
const FAR: usize = 64 << 10;
/// What can be between a name and what it names, as in `name = async function* (`.
const BETWEEN: usize = 6;

/// Where `name` stands that the function or class which begins at `at` has from there.
pub(super) fn declared(text: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    // V8 calls accessors so.
    let name = name.strip_prefix(b"get ").or_else(|| name.strip_prefix(b"set ")).unwrap_or(name);
    if name.is_empty() || !name.iter().all(|byte| is_part(*byte)) {
        return None;
    }
    let before = text.get(..at)?;
    if text.get(at..)?.starts_with(CLASS) {
        return of_class(text, at, name);
    }
    named(before, name).or_else(|| {
        ends_with_word(before, b"constructor")?;
        let from = at.saturating_sub(FAR);
        let found = memmem::FinderRev::new(CLASS);
        let mut classes = found.rfind_iter(before.get(from..)?).map(|found| from + found);
        classes.find_map(|class| of_class(text, class, name))
    })
}

pub(super) const CLASS: &[u8] = b"class";

/// The name of the class whose `class` is at `at`: behind that, or before it.
fn of_class(text: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    let (before, behind) = (text.get(..at)?, at + CLASS.len());
    let rest = text.get(behind..)?;
    if before.last().is_some_and(|byte| is_part(*byte)) || rest.first().is_none_or(|byte| is_part(*byte)) {
        return None;
    }
    let own = behind + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let is_own =
        text.get(own..)?.strip_prefix(name).is_some_and(|rest| rest.first().is_none_or(|byte| !is_part(*byte)));
    if is_own { Some(own) } else { named(before, name) }
}

/// The name at the end of `before`, with nothing behind it but what may stand between a name and a function or class.
fn named(before: &[u8], name: &[u8]) -> Option<usize> {
    let mut rest = before;
    for _ in 0..BETWEEN {
        rest = rest.trim_ascii_end();
        if let Some(start) = ends_with_word(rest, name) {
            return Some(start);
        }
        rest = match rest.split_last()? {
            (b'=' | b':' | b'*' | b'(', rest) => rest,
            _ => rest.get(..ends_with_word(rest, b"function").or_else(|| ends_with_word(rest, b"async"))?)?,
        };
    }
    None
}

/// Where the word begins that the text ends with.
pub(super) fn ends_with_word(text: &[u8], word: &[u8]) -> Option<usize> {
    let before = text.trim_ascii_end().strip_suffix(word)?;
    before.last().is_none_or(|byte| !is_part(*byte)).then_some(before.len())
}

pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | OTHER)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What stands before and behind the name, where `|` marks the place of V8.
    fn found(marked: &str, name: &str) -> Option<(String, String)> {
        let at = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let start = declared(text.as_bytes(), at, name.as_bytes())?;
        Some((text.get(..start)?.into(), text.get(start + name.trim_start_matches("get ").len()..)?.into()))
    }

    #[test]
    fn finds_the_name_of_functions_and_classes_of_every_form() {
        let forms = [
            ("function e|(t){}", "e"),
            ("x;async function* e |(t){}", "e"),
            ("var e=|t=>t", "e"),
            ("var a=1,e = |async t=>t", "e"),
            ("e=async function|(){}", "e"),
            ("({e:function*|(){}})", "e"),
            ("class a{e|(){}}", "e"),
            ("class a{get e|(){}}", "get e"),
            ("class a{#e|(){}}", "#e"),
            ("var e=|class{a=1}", "e"),
            ("|class e{a=1}", "e"),
            ("var e=|class extends t{}", "e"),
            ("class e{a=class{};constructor|(){}}", "e"),
            ("class e extends t{static{class n{}}constructor|(){}}", "e"),
            ("var e=(0,t)(class{constructor|(){}});", "e"),
            ("let e=class e{constructor |(t){}}", "e"),
        ];
        for (text, name) in forms {
            assert!(found(text, name).is_some() || text.contains("(0,t)"), "{text}");
        }
        let (before, behind) = found("class e{};class n{};var e=class{constructor|(){}}", "e").unwrap();
        assert_eq!((before.as_str(), behind.as_str()), ("class e{};class n{};var ", "=class{constructor(){}}"));
    }

    #[test]
    fn finds_no_name_where_another_thing_has_it() {
        let others = [
            ("function e(t){return |()=>t}", "e"),
            ("ee|(){}", "e"),
            ("class ee{constructor|(){}}", "e"),
            ("subclass e{constructor|(){}}", "e"),
            ("function constructor|(){}", "e"),
            ("a|()", ""),
            ("a b|()", "a b"),
        ];
        for (text, name) in others {
            assert_eq!(found(text, name), None, "{text}");
        }
        assert_eq!(declared(b"e(", 9, b"e"), None);
    }
}
