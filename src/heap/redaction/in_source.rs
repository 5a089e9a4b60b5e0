//! Which names a source has: what `strict` keeps.
//!
//! A snapshot has the beginnings of the sources only (V8 cuts every string), but it has what V8 made of them: the pools of constants of
//! compiled functions hold every name and every literal that a function mentions, and there are the names of variables, of functions, of
//! literals of objects. So a name is in a source if one of these refers to its string. What a program makes at run time (keys
//! that it reads, computes or receives) is in tables of shapes, in feedback and in the table of all unique strings, and those do not count.
//!
//! Names of nodes are texts, and texts come last. V8 names what it has read from its own image first, so the few that matter are among
//! the first strings; the redactor [holds](super::held) these back. A file in which they come later loses names, not secrets.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::uses::Spans;
use crate::heap::v8::NodeKind;

/// What V8 makes of sources, and what it has of its own.
const MAKERS: [&[u8]; 7] = [
    b"(constant pool)",
    b"(constant elements)",
    b"(context local names)",
    b"system / ScopeInfo",
    b"system / ObjectBoilerplateDescription",
    b"(Read-only roots)",
    b"(Eternal handles)",
];

/// The name of a node that is no string.
const OTHER: u32 = u32::MAX;

/// What was seen of the sources. It takes four bytes for each node, twelve for each that may be a maker, and some sixteen for each name
/// in a source.
#[derive(Debug, Default)]
pub(super) struct InSource {
    /// The names of strings.
    nodes: Vec<u32>,
    /// The edges of what may be a maker, with its name.
    may_be_makers: Spans<u32>,
    /// The name of a string, and that of what refers to it and may be a maker.
    references: FxHashSet<(u32, u32)>,
    /// The names of makers.
    makers: Vec<u32>,
    /// Texts that a source has, of those that have come: names are made of them, `<symbol NAME>`.
    texts: FxHashSet<Box<[u8]>>,
}

impl InSource {
    pub(super) fn node(&mut self, kind: NodeKind, name: u32, edges: Range<u32>) {
        self.nodes.push(if kind == NodeKind::String { name } else { OTHER });
        if matches!(kind, NodeKind::Code | NodeKind::Synthetic) && !edges.is_empty() {
            self.may_be_makers.push(edges, name);
        }
    }

    pub(super) fn edge(&mut self, to: u32) {
        self.may_be_makers.step();
        let Some(maker) = self.may_be_makers.current() else { return };
        let Some(string) = self.nodes.get(to as usize).filter(|string| **string != OTHER) else { return };
        self.references.insert((*string, maker));
    }

    /// A text of the table, which may be the name of a maker.
    pub(super) fn text(&mut self, string: usize, text: &[u8]) {
        if MAKERS.contains(&text) {
            self.makers.extend(u32::try_from(string));
        }
    }

    /// Remembers a text that a source has.
    pub(super) fn remember(&mut self, text: &[u8]) {
        self.texts.insert(text.into());
    }

    /// Whether a source has the string; `text` may be the name of an accessor.
    pub(super) fn has(&self, string: usize, text: &[u8]) -> bool {
        self.refers_to(string) || self.has_text(text)
    }

    pub(super) fn refers_to(&self, string: usize) -> bool {
        u32::try_from(string)
            .ok()
            .is_some_and(|string| self.makers.iter().any(|maker| self.references.contains(&(string, *maker))))
    }

    pub(super) fn has_text(&self, text: &[u8]) -> bool {
        self.texts.contains(text)
    }
}
