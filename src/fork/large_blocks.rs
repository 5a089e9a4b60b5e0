//! Large blocks of memory that a snapshot does not need: the contents of Buffers, above all.
//!
//! `fork(2)` copies a page-table entry for each page that a process has, and the contents of a gigabyte of Buffers are a quarter of a
//! million of them. A snapshot has only their sizes. So blocks of some megabytes that the C library's allocator has mapped for somebody
//! are left out of the child, all but their beginning: what the allocator, or V8, reads of a block that it only frees or names lies
//! there.
//!
//! Nobody can tell whether a block is a Buffer's, and nobody has to. The child has no access where a block is left out
//! (`sys::pages`), so it cannot read anything wrong there; touching it ends the child, and the next attempt leaves nothing out, nor does
//! any later one in this process.
//!
//! Source: `malloc/malloc.c` of glibc, "malloc_chunk": a block that was mapped for itself begins a page, with a word that is 0 and one that
//! is its size, a multiple of the page size, plus 2. Other allocators' blocks are not recognized, and stay.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::smaps::Mapping;

/// Smaller blocks cost as much to leave out as they save.
const LEAST_BLOCK_BYTES: usize = 3 << 20;
/// Less than this in all is not worth it.
const LEAST_BYTES: usize = 64 << 20;
/// The most blocks that are left out: each costs two system calls, and splits a mapping.
const MOST_BLOCKS: usize = 1000;
/// What stays of a block: its header, and what V8 reads of a string, whose first 1,024 characters are its name in a snapshot.
const KEPT_BYTES: usize = 16 << 10;
const IS_MAPPED: usize = 2;
const FLAGS: usize = 7;

/// A child has needed what was left out of it.
static NEEDED: AtomicBool = AtomicBool::new(false);

/// From now on nothing is left out.
pub(super) fn keep_all() {
    NEEDED.store(true, Ordering::Relaxed);
}

/// Collects the blocks of one mapping after another.
#[derive(Debug, Default)]
pub(super) struct LargeBlocks {
    memory: Option<File>,
    found: Vec<Range<usize>>,
}

impl LargeBlocks {
    pub(super) fn new() -> Self {
        let memory = if NEEDED.load(Ordering::Relaxed) { None } else { File::open("/proc/self/mem").ok() };
        Self { memory, found: Vec::new() }
    }

    /// Looks through a mapping, which may have changed meanwhile: what is read is a hint, and nothing breaks if it is wrong.
    pub(super) fn add(&mut self, mapping: &Mapping) {
        let is_heap = mapping.is_private_anonymous() && mapping.name.is_empty() && mapping.is_writable();
        if !is_heap || mapping.is_left_out_of_forks() || mapping.range.len() < LEAST_BLOCK_BYTES {
            return;
        }
        let Some(memory) = &self.memory else { return };
        let mut at = mapping.range.start;
        while let Some(bytes) = block_at(memory, at).filter(|bytes| *bytes <= mapping.range.end - at) {
            if bytes >= LEAST_BLOCK_BYTES {
                self.found.push(at + KEPT_BYTES..at + bytes);
            }
            at += bytes;
            if at == mapping.range.end {
                return;
            }
        }
    }

    /// The parts to leave out.
    pub(super) fn end(mut self) -> Vec<Range<usize>> {
        if self.found.len() > MOST_BLOCKS {
            self.found.sort_by_key(|range| std::cmp::Reverse(range.len()));
            self.found.truncate(MOST_BLOCKS);
        }
        let bytes: usize = self.found.iter().map(Range::len).sum();
        if bytes < LEAST_BYTES { Vec::new() } else { self.found }
    }
}

/// The size of the block that begins here, if one does. Reading through a file cannot fault.
fn block_at(memory: &File, at: usize) -> Option<usize> {
    let mut header = [0; 2 * size_of::<usize>()];
    memory.read_exact_at(&mut header, u64::try_from(at).ok()?).ok()?;
    let (before, size) = header.split_first_chunk::<{ size_of::<usize>() }>()?;
    let size = usize::from_ne_bytes(size.try_into().ok()?);
    let bytes = size & !FLAGS;
    let is_block = usize::from_ne_bytes(*before) == 0
        && size & FLAGS == IS_MAPPED
        && bytes > 0
        && bytes.is_multiple_of(rustix::param::page_size());
    is_block.then_some(bytes)
}

#[cfg(test)]
#[cfg(target_env = "gnu")]
mod tests {
    use super::*;

    fn found() -> Vec<Range<usize>> {
        let mut blocks = LargeBlocks::new();
        Mapping::each_of_this_process(|mapping| blocks.add(&mapping)).unwrap();
        blocks.end()
    }

    #[test]
    fn finds_the_blocks_that_the_allocator_mapped_and_their_beginning_stays() {
        let buffers: Vec<Vec<u8>> = (0..20).map(|n| vec![n; 6 << 20]).collect();
        let found = found();
        for buffer in &buffers {
            let start = buffer.as_ptr().addr();
            let holds = |range: &Range<usize>| range.contains(&(start + (5 << 20)));
            assert!(found.iter().any(|range| holds(range) && range.start >= start + 2048), "{start:x} in {found:x?}");
        }
    }
}
