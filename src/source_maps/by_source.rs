//! What a function or a class is called where the script's text is not at hand: by the texts of the sources, which most maps have.

use super::map::Map;
use super::mappings::Mapping;
use super::names::{CLASS, ends_with_word, is_part};

/// So many mappings before a constructor are looked at for its class.
const FAR: usize = 4096;

/// The name in its source of what begins at a place of the script.
pub(super) fn name(map: &Map, line: u32, column: u32) -> Option<String> {
    let mapping = map.find(line, column)?;
    let here = from(map, mapping)?;
    if let Some(name) = map.name(mapping) {
        // A parameter is followed by something else.
        let behind = here.strip_prefix(name.as_bytes())?.trim_ascii_start();
        return matches!(behind.first(), Some(b'(' | b'<')).then(|| name.to_owned());
    }
    if let Some(name) = of_class(here) {
        return Some(name);
    }
    let is_constructor =
        here.strip_prefix(b"constructor").is_some_and(|rest| rest.first().is_none_or(|next| !is_part(*next)));
    let mut before =
        map.before(line, column).take(FAR).filter(|before| is_constructor && before.source == mapping.source);
    before.find_map(|before| map.name(before).filter(|name| is_name_of_class(map, before, name)).map(ToOwned::to_owned))
}

/// The source's text from a mapping on.
fn from<'a>(map: &'a Map, mapping: &Mapping) -> Option<&'a [u8]> {
    let text = map.content(mapping.source)?;
    text.units().get(text.offset(mapping.source_line, mapping.source_column)?..)
}

/// `CartStore` of `export abstract class CartStore {`.
fn of_class(text: &[u8]) -> Option<String> {
    let mut rest = text;
    for word in [&b"export"[..], b"default", b"abstract"] {
        rest = rest.strip_prefix(word).map_or(rest, <[u8]>::trim_ascii_start);
    }
    let behind = rest.strip_prefix(CLASS)?;
    let rest = behind.trim_ascii_start();
    let length = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
    let name = std::str::from_utf8(rest.get(..length)?).ok()?;
    (behind.len() > rest.len() && !matches!(name, "" | "extends" | "implements")).then(|| name.to_owned())
}

fn is_name_of_class(map: &Map, mapping: &Mapping, name: &str) -> bool {
    let is_class = || {
        let text = map.content(mapping.source)?;
        let at = text.offset(mapping.source_line, mapping.source_column)?;
        ends_with_word(text.units().get(..at)?, CLASS)?;
        text.units().get(at..)?.starts_with(name.as_bytes()).then_some(())
    };
    is_class().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_name_of_a_class_where_it_begins() {
        let name = |text: &str| of_class(text.as_bytes());
        assert_eq!(name("export default abstract class CartStore<T> extends A {"), Some("CartStore".into()));
        assert_eq!(name("class  A{"), Some("A".into()));
        for none in ["class {", "class extends A {", "classes A", "class\u{e9} A", "function f () {", ""] {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
