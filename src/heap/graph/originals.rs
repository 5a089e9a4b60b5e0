//! Sources in the place of scripts: how what a map says of places and names becomes the graph's own.

#![allow(clippy::indexing_slicing, reason = "handles are below the counts of their columns")]

use rustc_hash::FxHashMap;

use super::columns::Graph;
use super::handles::{Edge, Name, Node};
use crate::heap::v8::Location;

/// Where something is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Original {
    /// In a source that the graph was given.
    pub(crate) location: Location,
    /// What it is called there, if that is known.
    pub(crate) name: Option<Name>,
}

impl Graph {
    /// Puts a text into the table.
    pub(crate) fn add_text(&mut self, text: &str) -> Option<Name> {
        let name = u32::try_from(self.strings.len()).ok()?;
        self.strings.push(text.as_bytes());
        self.added_texts += 1;
        Some(Name(name))
    }

    /// Gives a source the number of a script: the highest, because V8 counts from 1.
    pub(crate) fn add_source(&mut self, name: Name) -> Option<u32> {
        let number = u32::MAX.checked_sub(u32::try_from(self.sources.len()).ok()?)?;
        self.sources.push(name);
        Some(number)
    }

    /// The name of the source with the number of a script.
    pub(crate) fn source_text(&self, script: u32) -> Option<&[u8]> {
        self.sources.get((u32::MAX - script) as usize).map(|name| self.text(*name))
    }

    /// Renames what edges refer to: variables.
    pub(crate) fn rename_edges(&mut self, names: impl IntoIterator<Item = (Edge, Name)>) {
        for (edge, name) in names {
            self.relabel(edge, name);
        }
    }

    /// Renames a node.
    pub(crate) fn rename(&mut self, node: Node, name: Name) {
        self.names[node.0 as usize] = name.0;
    }

    /// Says where the nodes with a location are from, by where they are and what they are called.
    pub(crate) fn put_originals(&mut self, originals: &FxHashMap<(Location, Name), Original>) {
        for (node, location) in &mut self.locations {
            let name = &mut self.names[*node as usize];
            if let Some(original) = originals.get(&(*location, Name(*name))) {
                *location = original.location;
                *name = original.name.map_or(*name, |name| name.0);
            }
        }
    }
}
