//! What the child is: from the return of `fork` to `_exit`. What it does in between is handed in.
//!
//! The child is a copy of the service with one thread. It must not touch what it shares with it (descriptors), must not
//! outlive it, must be the first to go when memory is short, and must leave no trace.

use std::fs;
use std::io;
use std::os::fd::RawFd;

use rustix::process::{
    Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setpriority_process, setrlimit,
};

use super::sys;
use super::sys::share::SharePage;

/// As `ps` and `top` show it.
const NAME: &std::ffi::CStr = c"heapkit-child";

/// What nice(1) gives: a tenth of a processor that the service wants for itself, and of one that it leaves idle, all. With
/// SCHED_IDLE, or 19, the snapshot of a service that keeps its only processor busy took minutes, and nobody may raise what
/// was once lowered.
const NICE: i32 = 10;

/// What the child gets of its parent.
pub(super) struct Legacy<'a> {
    pub(super) parent: u32,
    /// The child's ends: of the pipe for its output, and of the one for what it says when it fails.
    pub(super) output: RawFd,
    pub(super) errors: RawFd,
    /// Where the parent says what share of one processor it may have, if there is a limit.
    pub(super) share: Option<&'a SharePage>,
}

/// Lives the child's life. Statuses other than 0 mean that the work was not done.
pub(super) fn live(legacy: &Legacy<'_>, work: impl FnOnce(RawFd) -> bool) -> ! {
    // A panic must not unwind into the copy of V8 that called this.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        if let Err(error) = settle(legacy) {
            complain(&format!("heapkit: the child could not be made safe: {error}\n"));
            return false;
        }
        work(legacy.output)
    }));
    sys::exit_now(match done {
        Ok(true) => 0,
        Ok(false) => 70,
        Err(_) => 71,
    })
}

fn settle(legacy: &Legacy<'_>) -> io::Result<()> {
    // First of all: nothing may call these while they may hang.
    sys::condvar::silence();
    sys::reset_signal_handlers();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died just before.
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent != legacy.parent {
        sys::exit_now(72);
    }
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = setpriority_process(None, NICE);
    sys::run_in_background();
    if let Some(page) = legacy.share {
        sys::share::obey(page)?;
    }
    let_go(legacy)?;
    sys::unblock_signals();
    // Last: whoever sees the name sees a child that holds nothing of the service's any more.
    let _ = rustix::thread::set_name(NAME);
    Ok(())
}

/// Puts `/dev/null` over every descriptor but the output. Closing them makes libuv abort; left as they are, finalizers that
/// run in the child's garbage collection would write to the service's connections, and a connection that the service
/// closes would stay open.
fn let_go(legacy: &Legacy<'_>) -> io::Result<()> {
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty())?;
    let null = std::os::fd::IntoRawFd::into_raw_fd(null);
    let open: Vec<RawFd> =
        fs::read_dir("/proc/self/fd")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    sys::redirect(legacy.errors, 2)?;
    for descriptor in open {
        if descriptor != legacy.output && descriptor != 2 {
            sys::redirect(null, descriptor)?;
        }
    }
    Ok(())
}

fn complain(message: &str) {
    let _ = io::Write::write_all(&mut io::stderr(), message.as_bytes());
}
