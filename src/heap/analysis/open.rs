//! From a file to a heap: the one way through reading, graph and analysis.

use super::heap::Heap;
use super::interfaces::Definitions;
use crate::error::{ErrorKind, Result};
use crate::heap::graph::{Graph, Reader};
use crate::heap::originals::rewrite;
use crate::heap::reading::{Header, Progress, Source, Stage};
use crate::source_maps::MapsFrom;

/// Bytes that a node, and an edge, take in the columns of a graph.
const READ: (u64, u64) = (17, 8);
/// What the analysis takes besides at its peak: some ten columns of nodes, and the edges that lead back. With both, estimates were a tenth above
/// what was taken for the text of three kinds of heaps of 1 to 8 million nodes.
const ANALYSED: (u64, u64) = (40, 2);

/// How files are opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Whether a file that breaks off gives what there is of it, marked by [`Graph::incomplete`].
    pub partial: bool,
    /// Where maps are that tell the sources of scripts.
    pub source_maps: Option<MapsFrom>,
}

impl Heap {
    /// Reads a file and works everything out. Plain objects are counted under `interfaces`, or under those that fit this heap.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_IO`, `HEAPKIT_ERR_INVALID_SNAPSHOT`, `HEAPKIT_ERR_ABORTED`, `HEAPKIT_ERR_MEMORY`; `HEAPKIT_ERR_INVALID_OPTION` for maps
    /// in no folder.
    pub fn open(
        source: &Source,
        opening: &Opening,
        interfaces: Option<&Definitions>,
        progress: &Progress,
    ) -> Result<Self> {
        let maps = opening.source_maps.as_ref();
        maps.map_or(Ok(()), MapsFrom::check)?;
        let mut graph = read(source, opening.partial, progress).map_err(|error| error.about(source.name()))?;
        progress.enter(Stage::Analysing);
        let has_room = |bytes| progress.expect(bytes, "source maps").is_ok();
        let maps_used = maps.map(|from| rewrite(&mut graph, from, &has_room));
        let (nodes, edges) = (graph.node_count() as u64, graph.edge_count() as u64);
        progress.expect(times(ANALYSED, nodes, edges), &what("the analysis of its ", nodes, edges))?;
        let mut heap = Self::new(graph, interfaces)?;
        heap.maps_used = maps_used;
        progress.check()?;
        progress.enter(Stage::Done);
        Ok(heap)
    }
}

fn read(source: &Source, partial: bool, progress: &Progress) -> Result<Graph> {
    let mut reader = Reader::new();
    let mut is_expected = false;
    let read = source.each_chunk(progress.start(source.bytes()), &mut |chunk| {
        reader.push(chunk)?;
        // What the file says it has is all that can be known so early: memory is not taken for it, but asked for.
        if let Some(header) = reader.header().filter(|_| !is_expected) {
            is_expected = true;
            expect(header, progress)?;
        }
        progress.check()
    });
    // A pipe that nobody waits for any more has broken off, too.
    progress.check_wanted()?;
    match read {
        Ok(()) if partial => reader.finish_partial(None),
        Ok(()) => reader.finish(),
        Err(error) if partial && matches!(error.kind(), ErrorKind::InvalidSnapshot { .. }) => {
            reader.finish_partial(Some(&error))
        }
        Err(error) => Err(error),
    }
}

fn expect(header: &Header, progress: &Progress) -> Result<()> {
    let (nodes, edges) = (header.node_count, header.edge_count);
    let bytes = times(READ, nodes, edges).saturating_add(times(ANALYSED, nodes, edges));
    progress.expect(bytes, &what("its ", nodes, edges))
}

fn times((node, edge): (u64, u64), nodes: u64, edges: u64) -> u64 {
    nodes.saturating_mul(node).saturating_add(edges.saturating_mul(edge))
}

fn what(whose: &str, nodes: u64, edges: u64) -> String {
    format!("{whose}{nodes} nodes and {edges} edges")
}
