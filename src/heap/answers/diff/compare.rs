//! A comparison from file to answer.

use super::answer::Diff;
use super::differ::Differ;
use crate::error::{ErrorKind, Result};
use crate::heap::analysis::{Heap, Opening};
use crate::heap::reading::{Progress, Source};

/// What is wanted of a comparison.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// How many constructors and paths.
    pub top: usize,
    /// Whether the answer has the tree of what grew.
    pub tree: bool,
    /// How the files are opened.
    pub opening: Opening,
}

/// Compares files, in the order in which they were taken.
///
/// # Errors
/// Those of [`Heap::open`]; `HEAPKIT_ERR_INVALID_OPTION` for fewer than two files.
pub fn diff(sources: &[Source], options: &DiffOptions, progress: &Progress) -> Result<Diff> {
    let Some((last, earlier)) = sources.split_last().filter(|(_, earlier)| !earlier.is_empty()) else {
        let reason = "needs at least two snapshots, the earlier one first".to_owned();
        return Err(ErrorKind::InvalidOption { option: "paths", reason }.into());
    };
    let mut differ = Differ::new(sources.len());
    let heap = Heap::open(last, &options.opening, None, progress)?;
    let definitions = heap.definitions();
    differ.add(sources.len() - 1, last, &heap);
    drop(heap);
    for (index, source) in earlier.iter().enumerate() {
        differ.add(index, source, &Heap::open(source, &options.opening, Some(&definitions), progress)?);
    }
    Ok(differ.finish(options.top, options.tree))
}
