//! From a file to a heap: the one way through reading, graph and analysis.

use super::heap::Heap;
use super::interfaces::Definitions;
use crate::error::{ErrorKind, Result};
use crate::heap::graph::{Graph, Reader};
use crate::heap::reading::{Progress, Source, Stage};

impl Heap {
    /// Reads a file and works everything out. With `partial`, a file that breaks off gives what there is of it, marked by
    /// [`Graph::incomplete`]. Plain objects are counted under `interfaces`, or under those that fit this heap.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_IO`, `HEAPKIT_ERR_INVALID_SNAPSHOT`, `HEAPKIT_ERR_ABORTED`.
    pub fn open(source: &Source, partial: bool, interfaces: Option<&Definitions>, progress: &Progress) -> Result<Self> {
        let graph = read(source, partial, progress).map_err(|error| error.about(source.name()))?;
        progress.enter(Stage::Analysing);
        let heap = Self::new(graph, interfaces)?;
        progress.check()?;
        progress.enter(Stage::Done);
        Ok(heap)
    }
}

fn read(source: &Source, partial: bool, progress: &Progress) -> Result<Graph> {
    let mut reader = Reader::new();
    let read = source.each_chunk(progress.start(source), &mut |chunk| {
        progress.check()?;
        reader.push(chunk)
    });
    match read {
        Ok(()) if partial => reader.finish_partial(None),
        Ok(()) => reader.finish(),
        Err(error) if partial && matches!(error.kind(), ErrorKind::InvalidSnapshot { .. }) => {
            reader.finish_partial(Some(&error))
        }
        Err(error) => Err(error),
    }
}
