//! How much of a processor a child may have: one number that the parent writes and the child reads, in a page that both have.
//!
//! In the child a timer counts the processor time that it uses, and its signal's handler sleeps until that time is its share.
//! The child needs no help for that, nobody gets a signal because it was stopped, and a new share takes effect at once, even for
//! a rest that has begun. The handler calls nothing but clock_gettime and nanosleep.

#![allow(unsafe_code, reason = "a page shared between processes, a signal handler and a timer are unsafe by nature")]

use std::ffi::{c_int, c_void};
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering};

use libc::{clockid_t, timespec};

use super::{check, handle};

/// All of a processor, in the page's unit.
const ALL: u32 = 1_000_000;
/// Less would look like a child that hangs.
const LEAST: u32 = ALL / 100;
/// How much the child uses before it rests. The kernel checks such timers once a tick (1 to 10 ms), so this means at each tick.
const QUANTUM_US: u16 = 2000;
/// A rest consists of such pieces; after each the share is read again.
const NAP_NS: i64 = 20_000_000;

/// The page. It is the parent's until it is dropped; a child keeps its view of it.
pub(in crate::fork) struct SharePage(NonNull<AtomicU32>);

// SAFETY: the page belongs to this value alone, and what is in it is atomic.
unsafe impl Send for SharePage {}
// SAFETY: as above.
unsafe impl Sync for SharePage {}

impl SharePage {
    /// A page that allows everything.
    pub(in crate::fork) fn new() -> io::Result<Self> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a mapping of its own, anywhere.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), rustix::param::page_size(), access, kind, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let page = Self(NonNull::new(page.cast()).ok_or_else(io::Error::last_os_error)?);
        page.set(1.0);
        Ok(page)
    }

    /// From now on the child may have this share of one processor.
    pub(in crate::fork) fn set(&self, share: f64) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
        let share = (share.clamp(0.0, 1.0) * f64::from(ALL)) as u32;
        self.value().store(share.max(LEAST), Ordering::Relaxed);
    }

    /// Where it is: what a child must keep sharing.
    pub(in crate::fork) fn range(&self) -> Range<usize> {
        let start = self.0.as_ptr().expose_provenance();
        start..start + rustix::param::page_size()
    }

    fn value(&self) -> &AtomicU32 {
        // SAFETY: mapped, aligned and zero-filled by the kernel, for as long as this value lives.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for SharePage {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and nothing refers to it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), rustix::param::page_size()) };
    }
}

/// The child's view of the page.
static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
/// When its last rest ended, and the processor time that it had had then.
static RESTED_AT: AtomicI64 = AtomicI64::new(0);
static RESTED_CPU: AtomicI64 = AtomicI64::new(0);

/// In the child: from now on it has no more than the page says. The page becomes read-only for it.
pub(in crate::fork) fn obey(page: &SharePage) -> io::Result<()> {
    // SAFETY: the page is mapped; it only loses the right to be written.
    check(unsafe { libc::mprotect(page.0.as_ptr().cast(), page.range().len(), libc::PROT_READ) })?;
    PAGE.store(page.0.as_ptr(), Ordering::Relaxed);
    RESTED_AT.store(now(libc::CLOCK_MONOTONIC), Ordering::Relaxed);
    RESTED_CPU.store(now(libc::CLOCK_PROCESS_CPUTIME_ID), Ordering::Relaxed);
    handle(libc::SIGPROF, rest)?;
    let every = libc::timeval { tv_sec: 0, tv_usec: QUANTUM_US.into() };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: the timer's value lives through the call; the old one is not asked for.
    check(unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, std::ptr::null_mut()) })
}

extern "C" fn rest(_signal: c_int, _info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the address of this thread's errno; what it interrupts may be about to read it.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: a valid address, see above.
    let before = unsafe { errno.read() };
    let page = PAGE.load(Ordering::Relaxed);
    let used = now(libc::CLOCK_PROCESS_CPUTIME_ID) - RESTED_CPU.load(Ordering::Relaxed);
    loop {
        // SAFETY: set before the timer was, and mapped as long as the child lives.
        let share = unsafe { (*page).load(Ordering::Relaxed) };
        if share >= ALL {
            break;
        }
        // Time that it waited for a processor, or for its reader, counts as rest.
        let due = used.saturating_mul(i64::from(ALL)) / i64::from(share.max(LEAST));
        let left = due - (now(libc::CLOCK_MONOTONIC) - RESTED_AT.load(Ordering::Relaxed));
        if left <= 0 {
            break;
        }
        let nap = timespec { tv_sec: 0, tv_nsec: left.min(NAP_NS) };
        // SAFETY: nanosleep is async-signal-safe; a nap that is cut short is followed by another.
        unsafe { libc::nanosleep(&raw const nap, std::ptr::null_mut()) };
    }
    RESTED_AT.store(now(libc::CLOCK_MONOTONIC), Ordering::Relaxed);
    RESTED_CPU.store(now(libc::CLOCK_PROCESS_CPUTIME_ID), Ordering::Relaxed);
    // SAFETY: a valid address, see above.
    unsafe { errno.write(before) };
}

/// Nanoseconds; both clocks exist on every Linux.
fn now(clock: clockid_t) -> i64 {
    let mut time = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime is async-signal-safe, and there is room for a time.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::fork::sys::{clock::cpu_time_of, exit_now, fork};
    use crate::fork::twin::Twin;

    #[test]
    fn a_child_keeps_to_its_share_also_to_one_that_changes() {
        let page = SharePage::new().unwrap();
        page.set(0.2);
        let Some(pid) = fork().unwrap() else {
            if obey(&page).is_err() {
                exit_now(1);
            }
            loop {
                std::hint::spin_loop();
            }
        };
        let twin = Twin::hold(rustix::process::Pid::from_raw(pid).unwrap());
        // How long the child takes for so much processor time. A busy machine can only make it longer.
        let time_for = |work: Duration| {
            let (start, from) = (Instant::now(), cpu_time_of(pid).unwrap());
            while cpu_time_of(pid).unwrap() < from + work {
                std::thread::sleep(Duration::from_millis(1));
            }
            start.elapsed()
        };
        // Until its timer is set it may do as it likes.
        time_for(Duration::from_millis(50));
        let took = time_for(Duration::from_millis(100));
        assert!(took > Duration::from_millis(350), "{took:?} at a fifth");
        page.set(0.05);
        time_for(Duration::from_millis(20));
        let took = time_for(Duration::from_millis(50));
        assert!(took > Duration::from_millis(700), "{took:?} at a twentieth");
        // A rest that is under way is cut short.
        page.set(0.0);
        time_for(Duration::from_millis(1));
        page.set(1.0);
        time_for(Duration::from_millis(100));
        twin.kill();
        twin.reap();
    }
}
