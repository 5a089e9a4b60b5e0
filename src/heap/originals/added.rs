//! Texts and sources that a graph is given, each once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::heap::graph::{Graph, Name};

#[derive(Default)]
pub(super) struct Added {
    texts: FxHashMap<Arc<str>, Name>,
    sources: FxHashMap<Arc<str>, u32>,
}

impl Added {
    /// The name that is this text.
    pub(super) fn text(&mut self, graph: &mut Graph, text: &Arc<str>) -> Option<Name> {
        if let Some(known) = self.texts.get(text) {
            return Some(*known);
        }
        let name = graph.add_text(text)?;
        self.texts.insert(Arc::clone(text), name);
        Some(name)
    }

    /// The number of a source.
    pub(super) fn source(&mut self, graph: &mut Graph, source: &Arc<str>) -> Option<u32> {
        if let Some(known) = self.sources.get(source) {
            return Some(*known);
        }
        let name = self.text(graph, source)?;
        let number = graph.add_source(name)?;
        self.sources.insert(Arc::clone(source), number);
        Some(number)
    }
}
