//! What comes out of a scan, and who takes it.

use crate::heap::v8::{EdgeKind, Location, NodeKind};

/// One row of `nodes`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRow {
    pub(crate) kind: NodeKind,
    /// The type's number in this file.
    pub(crate) raw_kind: u8,
    pub(crate) name: u32,
    pub(crate) id: u32,
    pub(crate) self_size: u64,
    /// Edges of this node and all before it.
    pub(crate) edges_end: u32,
    /// 0 unknown, 1 attached, 2 detached.
    pub(crate) attachment: u8,
}

/// Takes the parts of a snapshot. Ordinals of nodes and edges count from 0 in the order of the calls.
pub(crate) trait Receive {
    /// Whether it takes the ids, sizes and attachment of nodes. Where it does not, they are 0, and the file's may be any numbers.
    const MEASURES: bool = true;

    /// Whether it takes the ends of edges. Where it does not, they are 0, and the file's may be any numbers.
    #[inline]
    fn follows(&self) -> bool {
        true
    }

    /// Whether it puts up with what the scanner passes over: members of the file that nobody reads. Where it does not, they may have numbers only.
    const TOLERATES: bool = true;

    fn node(&mut self, node: NodeRow);
    fn edge(&mut self, kind: EdgeKind, label: u32, to: u32);
    fn location(&mut self, _node: u32, _location: Location) {}
    /// A name that only the sections about allocations use.
    fn function_name(&mut self, _name: u32) {}
    /// Some of the text of the next string.
    fn text(&mut self, text: &[u8]);
    /// The same text as it stands in the file, with its escapes.
    fn raw_text(&mut self, _raw: &[u8]) {}
    fn end_of_string(&mut self);
    /// A whole string that has no escapes.
    #[inline]
    fn plain_string(&mut self, text: &[u8]) {
        self.text(text);
        self.raw_text(text);
        self.end_of_string();
    }
    /// All bytes of the file but those between the quotes of strings.
    fn verbatim(&mut self, _bytes: &[u8]) {}
}
