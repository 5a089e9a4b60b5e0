//! Replaces memory that the child shares by memory of its own, a page at a time, when it is first touched; and memory that the child
//! does not have by nothing.
//!
//! The fault of a page without access is a SIGSEGV. Its handler gives the page access, copies what belongs there, and returns; the
//! instruction is then tried again. The child has one thread, so nobody sees the page half copied. Any other fault gets the
//! default effect.

#![allow(unsafe_code, reason = "mappings are moved, replaced and copied by address, and a fault is handled")]

use std::ffi::{c_int, c_void};
use std::io;
use std::ops::Range;
use std::ptr::{self, null_mut, with_exposed_provenance, with_exposed_provenance_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

use super::{check, handle};

/// What happens when the child touches memory that it does not share, or does not have.
pub(in crate::fork) struct Stand {
    pub(in crate::fork) range: Range<usize>,
    pub(in crate::fork) when_touched: WhenTouched,
}

pub(in crate::fork) enum WhenTouched {
    /// The page is copied from the mapping that was here and has been moved there.
    Copy { source: usize },
    /// The child prints this and ends by the fault.
    Fault { message: Vec<u8> },
    /// The child prints this and ends with this status.
    Exit { message: &'static str, status: c_int },
}

struct Stands {
    stands: Vec<Stand>,
    page_bytes: usize,
}

/// Written once, before the handler is there.
static STANDS: AtomicPtr<Stands> = AtomicPtr::new(null_mut());

/// Reserves address space, without memory or access.
pub(in crate::fork) fn reserve(bytes: usize) -> io::Result<Range<usize>> {
    let start = map_nothing(null_mut(), bytes, 0)?;
    Ok(start..start + bytes)
}

/// Replaces whatever is there by address space without access. Allocates nothing.
pub(in crate::fork) fn block(range: &Range<usize>) -> io::Result<()> {
    map_nothing(with_exposed_provenance_mut(range.start), range.len(), libc::MAP_FIXED).map(drop)
}

fn map_nothing(address: *mut c_void, bytes: usize, how: c_int) -> io::Result<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | how;
    // SAFETY: with MAP_FIXED the range is that of a shared mapping, of which no Rust value knows, or of memory that the child was not
    // to have (`large_blocks`); without it, new address space.
    let mapped = unsafe { libc::mmap(address, bytes, libc::PROT_NONE, flags, -1, 0) };
    if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(mapped.expose_provenance()) }
}

/// Moves a whole mapping to `to`, which must be reserved, and makes it read-only there.
pub(in crate::fork) fn move_aside(range: &Range<usize>, to: usize) -> io::Result<()> {
    let from = with_exposed_provenance_mut::<c_void>(range.start);
    let to = with_exposed_provenance_mut::<c_void>(to);
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: both ranges are whole mappings that only this module uses; what was at `to` was reserved for this.
    let moved = unsafe { libc::mremap(from, range.len(), range.len(), flags, to) };
    if moved == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the mapping was just moved here whole.
    let protected = check(unsafe { libc::mprotect(to, range.len(), libc::PROT_READ) });
    if protected.is_err() {
        // SAFETY: likewise; without protection it must not stay.
        unsafe { libc::munmap(to, range.len()) };
    }
    protected
}

/// From now on touching these ranges does what they say. Call it once, in a process with one thread.
pub(in crate::fork) fn on_touch(stands: Vec<Stand>) -> io::Result<()> {
    if stands.is_empty() {
        return Ok(());
    }
    let stands = Stands { stands, page_bytes: rustix::param::page_size() };
    // Never freed: the handler may need it until the end of the process.
    STANDS.store(Box::into_raw(Box::new(stands)), Ordering::Release);
    handle(libc::SIGSEGV, on_fault)
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel hands a valid record to a handler with SA_SIGINFO; of SIGSEGV, `si_addr` is part of it.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
    // SAFETY: null, or what `on_touch` stored for good before it installed this handler.
    let stands = unsafe { STANDS.load(Ordering::Acquire).as_ref() };
    let touched = stands.and_then(|Stands { stands, page_bytes }| {
        let stand = stands.iter().find(|stand| stand.range.contains(&address))?;
        Some((stand, address & !(page_bytes - 1), *page_bytes))
    });
    // A fault that the kernel reports, not a signal that somebody sent.
    if let Some((stand, page, page_bytes)) = touched.filter(|_| code > 0) {
        match &stand.when_touched {
            WhenTouched::Copy { source } => {
                if copy_page(source + (page - stand.range.start), page, page_bytes) {
                    return;
                }
            }
            WhenTouched::Fault { message } => say(message),
            WhenTouched::Exit { message, status } => {
                say(message.as_bytes());
                super::exit_now(*status);
            }
        }
    }
    // SAFETY: SIG_DFL is a valid handler, and both calls may be made in one. A fault comes again by itself, with its default effect;
    // a signal that somebody sent does not.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        if code <= 0 {
            libc::raise(signal);
        }
    }
}

/// Prints it to standard error; whether that works does not matter.
fn say(message: &[u8]) {
    // SAFETY: the message is there for as long as its length says; write(2) may be called in a handler.
    unsafe { libc::write(2, message.as_ptr().cast(), message.len()) };
}

/// Whether the page is there now. A source that ends before the page does (a file that was truncated) ends the process by SIGBUS.
fn copy_page(source: usize, page: usize, bytes: usize) -> bool {
    let target = with_exposed_provenance_mut::<u8>(page);
    // SAFETY: the page belongs to a range that `block` made, and has no access yet: nothing is taken away from anybody.
    if unsafe { libc::mprotect(target.cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
        return false;
    }
    // SAFETY: `source` is a page of a mapping that was moved aside whole, read-only; the target was made writable above.
    unsafe { ptr::copy_nonoverlapping(with_exposed_provenance::<u8>(source), target, bytes) };
    true
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, OwnedFd};

    use super::super::{exit_now, fork};
    use super::*;
    use crate::fork::filter::{Room, install};
    use crate::fork::shared_memory::{Arena, Separated, separate};

    const PAGE: usize = 4096;
    const PAGES: usize = 64;

    /// Memory that is shared: of a file without a name, or of none.
    struct Shared {
        start: *mut u8,
        file: Option<OwnedFd>,
    }

    impl Shared {
        fn of_a_file(bytes: usize) -> Self {
            let file = rustix::fs::memfd_create("shared", rustix::fs::MemfdFlags::empty()).unwrap();
            rustix::fs::ftruncate(&file, bytes as u64).unwrap();
            Self { start: Self::map(bytes, libc::MAP_SHARED, file.as_raw_fd()), file: Some(file) }
        }

        fn anonymous(bytes: usize) -> Self {
            Self { start: Self::map(bytes, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1), file: None }
        }

        fn map(bytes: usize, flags: c_int, file: c_int) -> *mut u8 {
            // SAFETY: a new mapping.
            let start = unsafe { libc::mmap(null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, file, 0) };
            assert_ne!(start, libc::MAP_FAILED);
            start.cast()
        }

        fn get(&self, at: usize) -> u8 {
            // SAFETY: within the mapping, which is never unmapped.
            unsafe { self.start.add(at).read_volatile() }
        }

        fn set(&self, at: usize, value: u8) {
            // SAFETY: as above.
            unsafe { self.start.add(at).write_volatile(value) };
        }
    }

    /// Runs `work` in a child after [`separate`], and answers how the child ended, as `waitpid` has it.
    fn in_child(work: impl FnOnce(Arena) -> bool) -> c_int {
        let Some(pid) = fork().unwrap() else {
            let done = separate(None).is_ok_and(|Separated { arena, stands }| on_touch(stands).is_ok() && work(arena));
            exit_now(i32::from(!done));
        };
        let mut status = 0;
        // SAFETY: a child of this very test, and a place for its status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        status
    }

    #[test]
    fn what_a_child_writes_stays_in_the_child_and_what_it_reads_is_what_was_there() {
        let shared = [Shared::of_a_file(PAGES * PAGE), Shared::anonymous(PAGES * PAGE)];
        for memory in &shared {
            (0..PAGES).for_each(|page| memory.set(page * PAGE + 7, 100 + u8::try_from(page).unwrap()));
        }
        let status = in_child(|_| {
            shared.iter().all(|memory| {
                let seen = (0..PAGES).all(|page| usize::from(memory.get(page * PAGE + 7)) == 100 + page);
                (0..PAGES).for_each(|page| memory.set(page * PAGE + 7, 1));
                seen && memory.get(7) == 1
            })
        });
        assert_eq!(status, 0);
        for memory in &shared {
            assert!((0..PAGES).all(|page| usize::from(memory.get(page * PAGE + 7)) == 100 + page));
        }
    }

    #[test]
    fn a_map_of_a_terabyte_costs_nothing_and_the_end_of_a_file_is_the_childs_end() {
        let memory = Shared::of_a_file(1 << 40);
        memory.set(5 << 30, 42);
        assert_eq!(in_child(|_| memory.get(5 << 30) == 42 && memory.get(6 << 30) == 0), 0);
        rustix::fs::ftruncate(memory.file.as_ref().unwrap(), 1 << 20).unwrap();
        assert_eq!(in_child(|_| memory.get(5 << 30) == 0), libc::SIGBUS);
    }

    #[test]
    fn a_fault_that_is_nobodys_is_the_fault_that_it_was() {
        let _shared = Shared::anonymous(PAGE);
        let status = in_child(|_| {
            // SAFETY: not at all; that is what the child is for.
            unsafe { with_exposed_provenance_mut::<u8>(8).write_volatile(1) };
            true
        });
        assert_eq!(status & 0x7f, libc::SIGSEGV);
    }

    #[test]
    fn behind_the_filter_the_arena_is_out_of_reach_and_everything_else_is_refused() {
        let memory = Shared::anonymous(PAGES * PAGE);
        memory.set(0, 9);
        let status = in_child(|arena| {
            let room = Room { pipes: [1000, 2], pid: std::process::id(), arena: arena.clone() };
            if install(&room).is_err() {
                return false;
            }
            let refused =
                |result: c_int, with: c_int| result == -1 && io::Error::last_os_error().raw_os_error() == Some(with);
            let writable = libc::PROT_READ | libc::PROT_WRITE;
            let at = |address: usize| with_exposed_provenance_mut::<c_void>(address);
            let moved = libc::MREMAP_MAYMOVE;
            // SAFETY: what would do harm is refused, which is what is tested; the rest is about memory of the child's own.
            unsafe {
                [
                    refused(libc::mprotect(at(arena.start), PAGE, writable), libc::EPERM),
                    refused(libc::mprotect(at(arena.end - PAGE), PAGE, writable), libc::EPERM),
                    refused(libc::mprotect(at(0x1000), arena.end, writable), libc::EPERM),
                    libc::mremap(at(arena.start), PAGE, PAGE, moved) == libc::MAP_FAILED,
                    refused(libc::madvise(memory.start.cast(), PAGE, libc::MADV_REMOVE), libc::EPERM),
                    refused(libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY), libc::EPERM),
                    refused(libc::unlink(c"/nowhere".as_ptr()), libc::EPERM),
                    refused(libc::kill(libc::getppid(), 0), libc::EPERM),
                    refused(libc::flock(1, libc::LOCK_UN), libc::EPERM),
                    refused(libc::write(1, c"".as_ptr().cast(), 0).try_into().unwrap_or(0), libc::EAGAIN),
                    libc::write(2, c"".as_ptr().cast(), 0) == 0,
                    libc::mprotect(memory.start.cast(), PAGE, writable) == 0,
                    libc::madvise(memory.start.cast(), PAGE, libc::MADV_DONTNEED) == 0,
                ]
                .into_iter()
                .all(|holds| holds)
            }
        });
        assert_eq!(status, 0);
        assert_eq!(memory.get(0), 9);
    }
}
