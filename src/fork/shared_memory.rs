//! Makes memory that the child shares with others its own, before any JavaScript or finalizer runs in it.
//!
//! A database's `-shm` file, LMDB's map, rings of io_uring, a mutex between processes: what is mapped shared and may be written is
//! seen by everybody who has it mapped. A copy of it could be gigabytes, of which next to nothing is used. So each such mapping is moved
//! aside, read-only, to an arena that nobody knows of, and replaced by memory of the child's own to which there is no access. Touching
//! a page of it makes a copy of that page (`sys::pages`). What is not touched is not read.
//!
//! Some memory cannot be moved or read: a device's registers, rings that belong to the service's process. In its place there is
//! nothing: touching it ends the child, and the error names it. Mappings that the kernel does not give to a child are not there at all.
//!
//! The arena lies behind a gap of its own, so that the filter can keep `mprotect` and the like away from it (`filter`).

use std::io;
use std::ops::Range;

use super::smaps::Mapping;
use super::sys::pages::{self, Stand, WhenTouched};

/// What lies between anything else and the arena. No single call that changes memory may be larger (`filter`).
pub(super) const GAP_BYTES: usize = 1 << 30;
/// The alignment of the largest common pages.
const ALIGNMENT: usize = 2 << 20;

/// Where the shared memory is now: address space that nothing in the child may touch. Empty where there was none.
pub(super) type Arena = Range<usize>;

/// What became of a mapping.
pub(super) struct Separated {
    pub(super) arena: Arena,
    /// What is in its place now.
    pub(super) stands: Vec<Stand>,
}

/// Separates this process from the memory that it shares. `own` is shared with the parent on purpose, and stays.
pub(super) fn separate(own: Option<&Range<usize>>) -> io::Result<Separated> {
    let mut shared = Vec::new();
    Mapping::each_of_this_process(|mapping| {
        if mapping.is_shared() && mapping.may_be_written() && Some(&mapping.range) != own {
            shared.push(mapping);
        }
    })?;
    if shared.is_empty() {
        return Ok(Separated { arena: 0..0, stands: Vec::new() });
    }
    let bytes = shared.iter().map(|mapping| aligned(mapping.range.len())).sum::<usize>();
    // Where there is no address space for it, nothing can be moved aside: then all of it is absent.
    let arena = pages::reserve(GAP_BYTES + ALIGNMENT + bytes + GAP_BYTES).unwrap_or(0..0);
    let mut next = aligned(arena.start + GAP_BYTES);
    let mut stands = Vec::with_capacity(shared.len());
    for mapping in &shared {
        let moved = if arena.is_empty() {
            Err(io::ErrorKind::OutOfMemory.into())
        } else if mapping.is_device() {
            Err(io::Error::other("it is a device's"))
        } else {
            pages::move_aside(&mapping.range, next)
        };
        // Whether or not it could be moved, nothing shared is left where it was.
        pages::block(&mapping.range)?;
        stands.push(Stand {
            range: mapping.range.clone(),
            when_touched: match moved {
                Ok(()) => WhenTouched::Copy { source: next },
                Err(error) => WhenTouched::Fault { message: absent(mapping, &error) },
            },
        });
        next += aligned(mapping.range.len());
    }
    Ok(Separated { arena, stands })
}

fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

/// What is said of memory that is not there, when something touches it.
fn absent(Mapping { range, name, .. }: &Mapping, error: &io::Error) -> Vec<u8> {
    let name = if name.is_empty() { "anonymous" } else { name };
    let text = format!(
        "heapkit: something in the child touched shared memory ({name}, {} KiB) of which it cannot have a copy of its own: {error}\n",
        range.len() >> 10
    );
    text.into_bytes()
}
