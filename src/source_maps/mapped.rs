//! A script with its map: what is asked about places and names in it.

use std::collections::HashMap;
use std::sync::Arc;

use super::map::Map;
use super::mappings::Mapping;
use super::text::Text;
use super::{by_source, names, read, variables};

/// Longer paths and names are none: what they stand for is called as it was.
const LONGEST: usize = 4096;

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// The source, by a path that people know: `src/cart.ts`.
    pub source: Arc<str>,
    /// From 0.
    pub line: u32,
    /// From 0.
    pub column: u32,
    /// What the function or class is called there, if the map says so.
    pub name: Option<String>,
}

/// A script with its map.
#[derive(Debug)]
pub struct Mapped {
    map: Map,
    text: Option<Text>,
}

impl Mapped {
    pub(super) fn new(map: Map, text: Option<Vec<u8>>) -> Self {
        Self { map, text: text.map(Text::new) }
    }

    /// Reads a map, for the script of that name, whose text may be at hand.
    ///
    /// # Errors
    /// What is wrong with the map.
    pub fn read(json: &[u8], script: &str, text: Option<Vec<u8>>) -> Result<Self, String> {
        let (map, _) = read::parse(json, script, text.is_none())?;
        Ok(Self::new(map, text))
    }

    /// Where a place is from; and what the function or class that begins there, and is called `name` in the script, is called in its source.
    pub fn original(&self, line: u32, column: u32, name: &str) -> Option<Original> {
        let mapping = self.map.find(line, column)?;
        let name = match &self.text {
            Some(text) => self.declared(text, line, column, name),
            None => by_source::name(&self.map, line, column),
        };
        Some(Original {
            source: self.source(mapping)?,
            line: mapping.source_line,
            column: mapping.source_column,
            name: name.filter(|name| name.len() <= LONGEST),
        })
    }

    /// The source and the line of what begins first in a line.
    pub fn line(&self, line: u32) -> Option<(Arc<str>, u32)> {
        let mapping = self.map.first_in(line)?;
        Some((self.source(mapping)?, mapping.source_line))
    }

    fn source(&self, mapping: &Mapping) -> Option<Arc<str>> {
        self.map.source(mapping).filter(|source| source.len() <= LONGEST).map(Arc::clone)
    }

    /// The original name of what the script calls `name`, by its text.
    fn declared(&self, text: &Text, line: u32, column: u32, name: &str) -> Option<String> {
        let at = names::declared(text.units(), text.offset(line, column)?, name.as_bytes())?;
        let (line, column) = text.place(at)?;
        self.map.name_at(line, column).map(ToOwned::to_owned)
    }

    /// The original names of variables, by those in the script: of the function that begins at a line and column, or of the whole script. Those of
    /// which two have the same name in the script have none. Answers also how many bytes of the script were looked through.
    pub fn variables(&self, function: Option<(u32, u32)>) -> (HashMap<String, String>, usize) {
        let Some(text) = &self.text else { return Default::default() };
        let at = function.map(|(line, column)| text.offset(line, column));
        if at == Some(None) {
            return Default::default();
        }
        let (declared, length) = variables::declared(text.units(), at.flatten());
        let mut names: HashMap<String, Option<String>> = HashMap::new();
        for (from, to) in declared {
            let own = text.units().get(from..to).and_then(|word| std::str::from_utf8(word).ok());
            let Some((own, (line, column))) = own.zip(text.place(from)) else { continue };
            let original = self.map.name_at(line, column).map(ToOwned::to_owned);
            let known = names.entry(own.to_owned()).or_insert_with(|| original.clone());
            *known = known.take().filter(|known| Some(known) == original.as_ref());
        }
        (names.into_iter().filter_map(|(own, original)| Some((own, original?))).collect(), length)
    }

    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.map.bytes() + self.text.as_ref().map_or(0, Text::bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SCRIPT: &str = include_str!("../../__test__/fixtures/shop/shop.min.js");
    const MAP: &str = include_str!("../../__test__/fixtures/shop/shop.min.js.map");

    fn shop(text: Option<&str>) -> Mapped {
        Mapped::read(MAP.as_bytes(), "/srv/shop/shop.min.js", text.map(|text| text.as_bytes().to_vec())).unwrap()
    }

    /// What V8 says begins behind `before`, and is called `name`.
    fn found(mapped: &Mapped, before: &str, name: &str) -> String {
        let column = u32::try_from(SCRIPT.find(before).unwrap() + before.len()).unwrap();
        let Original { source, line, column, name } = mapped.original(0, column, name).unwrap();
        format!("{source}:{}:{} {}", line + 1, column + 1, name.unwrap_or_default())
    }

    #[test]
    fn says_where_functions_and_classes_are_from_and_what_they_are_called() {
        for mapped in [shop(Some(SCRIPT)), shop(None)] {
            assert_eq!(found(&mapped, "class{constructor", "o"), "src/cart.ts:7:3 CustomerCart");
            assert_eq!(found(&mapped, ",r=", "r"), "src/cart.ts:21:8 Voucher");
            assert_eq!(found(&mapped, "function n", "n"), "src/sessions.ts:4:17 createSessions");
            assert_eq!(found(&mapped, "function m", "m"), "src/main.ts:9:10 serve");
            // Methods keep their names, and arrow functions have none.
            assert_eq!(found(&mapped, "begin", "begin"), "src/sessions.ts:8:5 ");
            assert_eq!(found(&mapped, "count:", "count"), "src/sessions.ts:14:12 ");
            assert_eq!(mapped.original(9, 0, "x"), None);
        }
        // By the text it is known that another thing has that name.
        assert_eq!(found(&shop(Some(SCRIPT)), "function n", "m"), "src/sessions.ts:4:17 ");
    }

    #[test]
    fn says_what_variables_are_called() {
        let names = |mapped: Mapped, before: Option<&str>| {
            let at = before.map(|before| (0, u32::try_from(SCRIPT.find(before).unwrap() + before.len()).unwrap()));
            let mut names: Vec<_> =
                mapped.variables(at).0.into_iter().map(|(own, name)| format!("{own} {name}")).collect();
            names.sort();
            names.join(", ")
        };
        assert_eq!(names(shop(Some(SCRIPT)), Some("function n")), "e vouchers, t open");
        assert_eq!(names(shop(Some(SCRIPT)), Some("begin")), "s cart, u customer");
        assert_eq!(
            names(shop(Some(SCRIPT)), None),
            "c sessions, i import_node_v8, m serve, n createSessions, o CustomerCart, r Voucher"
        );
        assert_eq!(names(shop(None), None), "");
    }
}
