//! Makes memory that the child shares with others its own, before any JavaScript or finalizer runs in it.
//!
//! A database's `-shm` file, LMDB's map, rings of io_uring, a mutex between processes: what is mapped shared and may be written is
//! felt by everybody who has it mapped, whoever writes. A copy of it could be gigabytes, of which next to nothing is touched. So
//! each such mapping is moved aside, read-only, to an arena that nobody knows of, and in its place is memory of the child's own that
//! has no access. Who touches a page of it gets a copy of that page (`sys::pages`). Nothing is read that nobody touches.
//!
//! Some memory cannot be moved or read: a device's registers, rings that belong to the service's process. In its place there is
//! nothing: touching it ends the child, and the error names it. Mappings that the kernel does not give to a child are not there at all.
//!
//! The arena lies behind a gap of its own, so that the filter can keep `mprotect` and the like away from it (`filter`).

use std::io;
use std::ops::Range;

use super::smaps::Mapping;
use super::sys::pages::{self, Stand};

/// What lies between anything else and the arena. No single call that changes memory may be larger (`filter`).
pub(super) const GAP_BYTES: usize = 1 << 30;
/// As the largest common pages are aligned.
const ALIGNMENT: usize = 2 << 20;

/// Where the shared memory is now: address space that nothing in the child may touch. Empty where there was none.
pub(super) type Arena = Range<usize>;

/// Separates this process from the memory that it shares. `own` is shared with the parent on purpose, and stays.
pub(super) fn separate(own: Option<&Range<usize>>) -> io::Result<Arena> {
    let mut shared = Vec::new();
    Mapping::each_of_this_process(|mapping| {
        if mapping.is_shared() && mapping.may_be_written() && Some(&mapping.range) != own {
            shared.push(mapping);
        }
    })?;
    if shared.is_empty() {
        return Ok(0..0);
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
        // Whatever became of it, nothing shared is left where it was.
        pages::block(&mapping.range)?;
        stands.push(Stand {
            range: mapping.range.clone(),
            source: moved.as_ref().is_ok().then_some(next),
            message: moved.err().map_or_else(Vec::new, |error| absent(mapping, &error)),
        });
        next += aligned(mapping.range.len());
    }
    pages::copy_when_touched(stands)?;
    Ok(arena)
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
