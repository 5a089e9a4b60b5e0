//! Source maps as JSON: plain ones, and index maps, which have a map for each section of a script.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use super::map::Map;
use super::mappings::{Base, Mapping, decode};
use super::sources::shown;
use super::text::Text;

/// A list of a map may have so many entries, however small they are: they take more memory than they have bytes.
const MOST_ENTRIES: usize = 2 << 20;

/// Reads a map; `script` is what it is of. Answers also what file the map says that it is of.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(json: &[u8], script: &str, contents: bool) -> Result<(Map, Option<String>), String> {
    let json = without_guard(json);
    let mut raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| format!("is no source map: {error}"))?;
    if raw.version != Some(3) {
        return Err("is no source map of version 3".into());
    }
    let file = raw.file.take().map(Into::into);
    let sections = std::mem::take(&mut raw.sections.0);
    let mut all = Parts { wants_contents: contents, ..Parts::default() };
    if sections.is_empty() {
        all.add(raw, Base::default(), script)?;
    }
    for Section { offset, map } in sections {
        all.add(map, Base { line: offset.line, column: offset.column, ..Base::default() }, script)?;
    }
    Ok((Map::new(all.mappings, all.sources, all.contents, all.names), file))
}

/// Without the line `)]}'` that keeps browsers from running JSON as a script.
fn without_guard(json: &[u8]) -> &[u8] {
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    if !json.starts_with(b")]}") {
        return json;
    }
    memchr::memchr(b'\n', json).and_then(|end| json.get(end..)).unwrap_or_default()
}

#[derive(Default)]
struct Parts {
    mappings: Vec<Mapping>,
    sources: Vec<Arc<str>>,
    wants_contents: bool,
    contents: Vec<Option<Text>>,
    names: Vec<Box<str>>,
}

impl Parts {
    fn add(&mut self, raw: Raw<'_>, at: Base, script: &str) -> Result<(), String> {
        let count = |length: usize| u32::try_from(length).map_err(|_| "has too many names".to_owned());
        let base = Base {
            source: count(self.sources.len())?,
            sources: count(raw.sources.0.len())?,
            name: count(self.names.len())?,
            names: count(raw.names.0.len())?,
            ..at
        };
        let root = raw.source_root.as_deref().unwrap_or_default();
        let named = |source: &Option<Box<str>>| shown(source.as_deref().unwrap_or_default(), root, script).into();
        self.sources.extend(raw.sources.0.iter().map(named));
        if self.wants_contents {
            let text = |content: Option<Box<str>>| content.map(|text| Text::new(text.into_string().into_bytes()));
            self.contents.extend(raw.contents.0.into_iter().take(raw.sources.0.len()).map(text));
            self.contents.resize_with(self.sources.len(), || None);
        }
        self.names.extend(raw.names.0);
        decode(&raw.mappings, base, &mut self.mappings)
    }
}

#[derive(Deserialize)]
struct Section<'a> {
    offset: Offset,
    #[serde(borrow)]
    map: Raw<'a>,
}

#[derive(Deserialize)]
struct Offset {
    line: u32,
    column: u32,
}

#[derive(Deserialize)]
struct Raw<'a> {
    version: Option<u32>,
    file: Option<Box<str>>,
    #[serde(rename = "sourceRoot")]
    source_root: Option<Box<str>>,
    #[serde(default)]
    sources: Bounded<Option<Box<str>>>,
    #[serde(rename = "sourcesContent", default)]
    contents: Bounded<Option<Box<str>>>,
    #[serde(default)]
    names: Bounded<Box<str>>,
    #[serde(borrow, default)]
    mappings: Cow<'a, str>,
    #[serde(borrow, default)]
    sections: Bounded<Section<'a>>,
}

/// A list of not too many; `null` is an empty one.
struct Bounded<T>(Vec<T>);

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Bounded<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Bounded::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = list.next_element()? {
            if all.len() == MOST_ENTRIES {
                return Err(A::Error::custom(format!("a list has more than {MOST_ENTRIES} entries")));
            }
            all.push(entry);
        }
        Ok(Bounded(all))
    }
}
