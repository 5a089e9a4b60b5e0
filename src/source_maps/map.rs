//! A source map that was read: where a place in a script is from.

use std::sync::Arc;

use super::mappings::{Mapping, NONE};
use super::text::Text;

/// The mappings of a script, and what they refer to.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Sorted by line and column.
    mappings: Vec<Mapping>,
    /// Sources without a name are empty.
    pub(super) sources: Vec<Arc<str>>,
    /// The texts of the sources, where the map has them and they were wanted.
    contents: Vec<Option<Text>>,
    names: Vec<Box<str>>,
}

impl Map {
    pub(super) fn new(
        mut mappings: Vec<Mapping>,
        sources: Vec<Arc<str>>,
        contents: Vec<Option<Text>>,
        names: Vec<Box<str>>,
    ) -> Self {
        let place = |mapping: &Mapping| (mapping.line, mapping.column);
        if !mappings.is_sorted_by_key(place) {
            mappings.sort_by_key(place);
        }
        mappings.shrink_to_fit();
        Self { mappings, sources, contents, names }
    }

    /// The mapping that a place belongs to: the last in its line that does not begin behind it.
    pub(super) fn find(&self, line: u32, column: u32) -> Option<&Mapping> {
        let behind = self.mappings.partition_point(|mapping| (mapping.line, mapping.column) <= (line, column));
        let mapping = self.mappings.get(behind.checked_sub(1)?)?;
        (mapping.line == line && !self.source(mapping)?.is_empty()).then_some(mapping)
    }

    /// The first mapping in a line that has a source.
    pub(super) fn first_in(&self, line: u32) -> Option<&Mapping> {
        let from = self.mappings.partition_point(|mapping| mapping.line < line);
        let own = self.mappings.iter().skip(from).take_while(|mapping| mapping.line == line);
        own.into_iter().find(|mapping| self.source(mapping).is_some_and(|source| !source.is_empty()))
    }

    pub(super) fn source(&self, mapping: &Mapping) -> Option<&Arc<str>> {
        self.sources.get(mapping.source as usize)
    }

    /// The text of a source.
    pub(super) fn content(&self, source: u32) -> Option<&Text> {
        self.contents.get(source as usize)?.as_ref()
    }

    pub(super) fn name(&self, mapping: &Mapping) -> Option<&str> {
        (mapping.name != NONE).then(|| self.names.get(mapping.name as usize).map(|name| &**name)).flatten()
    }

    /// The name that the script's word at exactly this place has in its source.
    pub(super) fn name_at(&self, line: u32, column: u32) -> Option<&str> {
        self.find(line, column).filter(|mapping| mapping.column == column).and_then(|mapping| self.name(mapping))
    }

    /// The mappings before a place, nearest first, with the one that it belongs to.
    pub(super) fn before(&self, line: u32, column: u32) -> impl Iterator<Item = &Mapping> {
        let behind = self.mappings.partition_point(|mapping| (mapping.line, mapping.column) <= (line, column));
        self.mappings.get(..behind).unwrap_or_default().iter().rev()
    }

    /// Bytes of memory that it takes, but for a few.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.names.iter().map(|name| name.len() + size_of::<Box<str>>()).sum::<usize>()
            + self.contents.iter().flatten().map(Text::bytes).sum::<usize>();
        self.mappings.len() * size_of::<Mapping>() + texts
    }
}
