//! The life of the child, from the return of `fork` to its end. The work that it does is handed in.
//!
//! The child is a copy of the service with one thread. Nothing that it does may be felt outside it: not by the service, not by
//! another process, not in a file. [`settle`] makes it so, step by step, before any JavaScript runs; a child in which a step
//! fails does nothing at all.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::RawFd;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal,
    setpriority_process, setrlimit,
};

use super::shared_memory::{self, Separated};
use super::sys::deadlock::Ending;
use super::sys::pages::{self, Stand, WhenTouched};
use super::sys::share::SharePage;
use super::{filter, locks, sys};

/// As `ps` and `top` show it.
const NAME: &std::ffi::CStr = c"heapkit-child";

/// What nice(1) gives: a tenth of a processor that the service wants for itself, and all of one that it leaves idle. With
/// SCHED_IDLE, or 19, the snapshot of a service that keeps its only processor busy took minutes, and nobody may raise what
/// was once lowered.
const NICE: i32 = 10;

/// Where the child says what goes wrong: what native code prints to standard error goes there as well.
pub(super) const ERRORS: RawFd = 2;

/// The exit statuses of a child that did not do its work.
pub(super) mod status {
    /// The work says so.
    pub(in crate::fork) const FAILED: i32 = 70;
    /// A bug.
    pub(in crate::fork) const PANICKED: i32 = 71;
    /// The service ended first.
    pub(in crate::fork) const ORPHANED: i32 = 72;
    /// It could not be made harmless.
    pub(in crate::fork) const UNSEALED: i32 = 73;
    /// It touched memory that was left out of it.
    pub(in crate::fork) const INCOMPLETE: i32 = 74;
    /// It would have waited for ever for something that is held by a thread which the child does not have.
    pub(in crate::fork) const LOCKED: i32 = 75;
}

/// What the child gets from its parent.
pub(super) struct Inherited<'a> {
    pub(super) parent: u32,
    /// The child's ends of the two pipes: for its output, and for what it says when it fails.
    pub(super) output: RawFd,
    pub(super) errors: RawFd,
    /// Where the parent says what share of one processor it may have, if there is a limit.
    pub(super) share: Option<&'a SharePage>,
    /// Memory that the parent has and the child does not.
    pub(super) left_out: &'a [Range<usize>],
    /// The locks that children before it told of.
    pub(super) locks: &'a [usize],
}

/// Lives the child's life.
pub(super) fn live(inherited: &Inherited<'_>, work: impl FnOnce(RawFd) -> bool) -> ! {
    // A panic must not unwind into the copy of V8 that called this.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match settle(inherited) {
        Ok(()) => {
            sys::reuse_large_blocks();
            if work(inherited.output) { 0 } else { status::FAILED }
        }
        Err(Unsettled { step, error }) => {
            let text = format!("{step}: {error}\n");
            // One of the two is the pipe, whichever step it was.
            if sys::write_all(inherited.errors, text.as_bytes()).is_err() {
                let _ = sys::write_all(ERRORS, text.as_bytes());
            }
            status::UNSEALED
        }
    }));
    sys::exit_now(ended.unwrap_or(status::PANICKED))
}

/// The step that failed, and why.
struct Unsettled {
    step: &'static str,
    error: io::Error,
}

/// Does a step that must not fail.
fn must<T>(step: &'static str, result: Result<T, impl Into<io::Error>>) -> Result<T, Unsettled> {
    result.map_err(|error| Unsettled { step, error: error.into() })
}

/// Makes the child harmless, in this order.
fn settle(inherited: &Inherited<'_>) -> Result<(), Unsettled> {
    // 1. It dies with the thread that forked it. Before anything that could hang; that thread may have ended just before.
    must("PR_SET_PDEATHSIG", set_parent_process_death_signal(Some(Signal::KILL)))?;
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent != inherited.parent {
        sys::exit_now(status::ORPHANED);
    }

    // 2. Where it can say what goes wrong.
    must("dup2 of the pipe for errors", sys::redirect(inherited.errors, ERRORS))?;

    // The memory that was left out is holes now. They are filled before anything is allocated, which might be put there.
    must("memory that was left out", inherited.left_out.iter().try_for_each(pages::block))?;

    // 3. It is the first to go when memory is short. Before the next step, after which the file belongs to root.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");

    // 4. A crash gives the heap to nobody: neither as a core file nor through the system's handler of cores, which RLIMIT_CORE does not
    //    stop. And nobody may trace it.
    must("PR_SET_DUMPABLE", set_dumpable_behavior(DumpableBehavior::NotDumpable))?;
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });

    // 5. Signals have their default effects: the service's handlers would act for the service.
    sys::reset_signal_handlers();

    // 6. V8 wakes workers that are not there; that must not wait for them.
    sys::condvar::silence();

    // 7. No descriptor but the two pipes: no connection of the service is held open, nothing can be written, locked or unlocked.
    //    Nor a directory, which would keep its file system busy.
    must("/proc/self/fd", close_all_but(inherited.output))?;
    let _ = rustix::process::chdir("/");

    // 8. The service comes first: a low priority, and no more than its share.
    let _ = setpriority_process(None, NICE);
    sys::run_in_background();
    if let Some(page) = inherited.share {
        must("the timer of maxCpu", sys::share::obey(page))?;
    }

    // 9. No memory that others see, but for the page that says what its share is, which it only reads.
    let own = inherited.share.map(SharePage::range);
    let Separated { arena, mut stands } = must("shared memory", shared_memory::separate(own.as_ref()))?;
    stands.extend(inherited.left_out.iter().map(incomplete));
    must("the handler of faults", pages::on_touch(stands))?;

    sys::unblock_signals();
    let _ = rustix::thread::set_name(NAME);

    // 10. No system call but those that the work needs, and no wait that nobody can end. Nothing can be undone from here on.
    let known = inherited.locks.to_vec();
    let (took_over, gave_up) = (locks::TOOK_OVER, locks::GAVE_UP);
    let ending = Ending { took_over, gave_up, descriptor: ERRORS, status: status::LOCKED, known };
    must("the handler of traps", sys::deadlock::end_by(ending))?;
    let room = filter::Room { pipes: [inherited.output, ERRORS], pid: std::process::id(), arena };
    must("seccomp", filter::install(&room))
}

/// What is put where something was left out.
fn incomplete(hole: &Range<usize>) -> Stand {
    let message = "heapkit: something in the child touched a large block of memory that was left out of it\n";
    Stand { range: hole.clone(), when_touched: WhenTouched::Exit { message, status: status::INCOMPLETE } }
}

/// Closes every descriptor but the pipes, whatever its number: a limit that was lowered later does not matter to `close`.
fn close_all_but(output: RawFd) -> io::Result<()> {
    // Frees a number for the list itself, where the service has used up all that it may have. The pipes' numbers are higher.
    sys::close(0);
    let open: Vec<RawFd> =
        fs::read_dir("/proc/self/fd")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    open.into_iter().filter(|descriptor| ![output, ERRORS].contains(descriptor)).for_each(sys::close);
    Ok(())
}
