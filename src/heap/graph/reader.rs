//! The reader: a scanner's nodes, edges and strings as a [`Graph`].
//!
//! Memory grows with what the file contains, never with what its header promises.

use super::columns::{Graph, Incomplete};
use super::handles::Node;
use crate::error::{Error, ErrorKind, Result};
use crate::heap::reading::{Header, NodeRow, Receive, Scanner};
use crate::heap::v8::{EdgeKind, Location, NodeKind};

/// Reads a snapshot that is pushed into it.
#[derive(Debug)]
pub struct Reader {
    scanner: Scanner<Graph>,
}

impl Receive for Graph {
    #[inline]
    fn node(&mut self, node: NodeRow) {
        let ordinal = u32::try_from(self.node_count()).unwrap_or(u32::MAX);
        if node.kind == NodeKind::Other {
            self.other_types.push((ordinal, node.raw_kind));
        }
        if node.attachment != 0 {
            self.attachments.push((ordinal, node.attachment));
        }
        self.push_node(node.kind, node.name, node.id, node.self_size);
        self.first_edges.push(node.edges_end);
    }

    #[inline]
    fn edge(&mut self, kind: EdgeKind, label: u32, to: u32) {
        self.push_edge(kind, label, to);
    }

    fn location(&mut self, node: u32, location: Location) {
        self.locations.push((node, location));
    }

    fn text(&mut self, text: &[u8]) {
        self.strings.open().extend_from_slice(text);
    }

    fn end_of_string(&mut self) {
        self.strings.close();
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the beginning of a file.
    pub fn new() -> Self {
        Self { scanner: Scanner::new(Graph::new()) }
    }

    /// Takes the next bytes of the file, decompressed.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT`, with the byte's offset. Nothing can be pushed afterwards; what came before can
    /// still be had with [`Reader::finish_partial`].
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.scanner.push(chunk)
    }

    /// What the file says of itself, as soon as that was read.
    pub fn header(&self) -> Option<&Header> {
        self.scanner.header()
    }

    /// The graph, if the file was whole.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT` if it breaks off or contradicts itself.
    pub fn finish(self) -> Result<Graph> {
        self.scanner.complete().map_err(|(reason, offset)| Error::invalid_snapshot(reason, offset))?;
        self.seal()
    }

    /// The graph of a file that breaks off: what there is of it, marked with what is missing. `error` is what ended the reading,
    /// if an error did.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT` if there is not even a node.
    pub fn finish_partial(mut self, error: Option<&Error>) -> Result<Graph> {
        let broken = match error.map(Error::kind) {
            Some(ErrorKind::InvalidSnapshot { reason, offset, .. }) => Some((reason.clone(), *offset)),
            Some(_) => error.map(|error| (error.to_string(), self.scanner.offset())),
            None => self.scanner.complete().err(),
        };
        let Some((reason, offset)) = broken else { return self.seal() };
        if self.scanner.receiver.node_count() == 0 {
            return Err(Error::invalid_snapshot(reason, offset));
        }
        if self.scanner.in_string() {
            self.scanner.receiver.end_of_string();
        }
        let graph = &mut self.scanner.receiver;
        // Nodes have only those edges that arrived.
        let edges = u32::try_from(graph.edge_count()).unwrap_or(u32::MAX);
        for first in &mut graph.first_edges {
            *first = (*first).min(edges);
        }
        graph.incomplete = Some(Incomplete { offset, reason });
        self.seal()
    }

    /// Finds the root and gives back spare memory.
    fn seal(mut self) -> Result<Graph> {
        let header = self.scanner.take_header().ok_or_else(|| Error::invalid_snapshot("it has no header", 0))?;
        let mut graph = self.scanner.receiver;
        let ordinal = header.root_index / header.node_fields.count as u64;
        let root = u32::try_from(ordinal).ok().filter(|ordinal| (*ordinal as usize) < graph.node_count());
        let Some(root) = root else {
            return Err(Error::invalid_snapshot(format!("its root is node {ordinal}, which it does not have"), 0));
        };
        graph.root = Node(root);
        graph.header = header;
        graph.shrink();
        Ok(graph)
    }
}
