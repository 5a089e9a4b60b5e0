//! The system calls of a fork that no safe crate offers: one function for each, and nothing else.
//!
//! What they are for, and in which order, is said in the modules above.

#![allow(unsafe_code, reason = "fork, madvise and signal masks are unsafe by nature; each is one function here")]

pub(super) mod clock;
pub(super) mod condvar;
pub(super) mod deadlock;
pub(super) mod mutex;
pub(super) mod pages;
pub(super) mod share;

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::RawFd;

use libc::pid_t;

/// A set of signals: what was blocked before.
pub(super) struct SignalMask(libc::sigset_t);

fn check(result: c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `fork(2)` through the C library, whose handlers leave its allocator usable in the child. `None` in the child.
pub(super) fn fork() -> io::Result<Option<pid_t>> {
    // SAFETY: no Rust lock of this crate is held by the caller (fork::Prepared::fork); what other threads held stays locked in
    // the child, which therefore calls only V8, made fit for that by `child`, and `_exit`.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid)),
    }
}

/// Ends this process at once: no destructors, no exit handlers, no flush of what the parent will flush itself.
pub(super) fn exit_now(status: c_int) -> ! {
    // SAFETY: `_exit` has no precondition.
    unsafe { libc::_exit(status) }
}

/// Blocks every signal in this thread.
pub(super) fn block_signals() -> io::Result<SignalMask> {
    let mut all = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: sigfillset fills the set that it is given.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: `all` was filled above, and `before` has room for a set.
    match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) } {
        // SAFETY: pthread_sigmask has filled `before`, because it succeeded.
        0 => Ok(SignalMask(unsafe { before.assume_init() })),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Puts back what was blocked before.
pub(super) fn restore_signals(mask: &SignalMask) {
    // SAFETY: the mask came from pthread_sigmask. It cannot fail with a valid `how`.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask.0, std::ptr::null_mut()) };
}

/// Gives every signal its default effect.
pub(super) fn reset_signal_handlers() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_DFL is a valid handler for every signal; for those that cannot be caught the call just fails.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// What a handler of [`handle`] is: it gets the signal, its record and the state of what it interrupted.
type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// Handles a signal from now on. No other is blocked meanwhile; system calls that it interrupts go on.
fn handle(signal: c_int, handler: Handler) -> io::Result<()> {
    // SAFETY: all-zero is a valid sigaction: no flags, no signals blocked in addition.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler has the type that goes with SA_SIGINFO; the old action is not asked for.
    check(unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) })
}

/// Makes blocks of up to 32 MiB, the most that the C library allows, come from its heap instead of a mapping each: memory that V8 frees when
/// a table grows is used again, without asking the kernel for new pages. Source: mallopt(3).
pub(super) fn reuse_large_blocks() {
    #[cfg(target_env = "gnu")]
    // SAFETY: two integers. After a fork the C library's own locks are free.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
    }
}

/// Unblocks every signal in this thread.
pub(super) fn unblock_signals() {
    let mut none = MaybeUninit::uninit();
    // SAFETY: sigemptyset fills the set that it is given.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: `none` was filled above; the former mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()) };
}

/// Whether a child of `fork` gets a copy of a range of memory.
#[derive(Clone, Copy)]
pub(super) enum Inheritance {
    Copied,
    Absent,
}

/// `madvise(2)` with `MADV_DOFORK` or `MADV_DONTFORK`. Holes in the range are passed over.
pub(super) fn set_inheritance(range: &Range<usize>, inheritance: Inheritance) -> io::Result<()> {
    let advice = match inheritance {
        Inheritance::Copied => libc::MADV_DOFORK,
        Inheritance::Absent => libc::MADV_DONTFORK,
    };
    let start = std::ptr::without_provenance_mut(range.start);
    // SAFETY: both advices concern children that are forked later; neither changes a byte of this process's memory.
    match check(unsafe { libc::madvise(start, range.len(), advice) }) {
        // The kernel's word for "there were holes", after it has done the rest.
        Err(error) if error.raw_os_error() == Some(libc::ENOMEM) => Ok(()),
        result => result,
    }
}

/// `dup2(2)`: `target` becomes another name of `source`.
pub(super) fn redirect(source: RawFd, target: RawFd) -> io::Result<()> {
    // SAFETY: in the child no Rust value owns a descriptor that is used again, so none can be surprised.
    check(unsafe { libc::dup2(source, target) })
}

/// `close(2)`. A number that is not open is all right.
pub(super) fn close(descriptor: RawFd) {
    // SAFETY: as for `redirect`.
    unsafe { libc::close(descriptor) };
}

/// Writes all of it, waiting where the pipe is full.
pub(super) fn write_all(descriptor: RawFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the bytes are there for as many as their length says; the kernel only reads them.
        match unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return Err(io::Error::last_os_error()),
            written => {
                bytes = usize::try_from(written).ok().and_then(|written| bytes.get(written..)).unwrap_or_default()
            }
        }
    }
    Ok(())
}

/// Whether the kernel has filters for system calls, and lets this process have one: `Err` says what it answered.
pub(super) fn probe_filter() -> io::Result<()> {
    let action = libc::SECCOMP_RET_ERRNO;
    seccomp(libc::SECCOMP_GET_ACTION_AVAIL, 0, &action)
}

/// `seccomp(2)`; `argument` is what goes with the operation.
fn seccomp<T>(operation: libc::c_uint, flags: libc::c_ulong, argument: &T) -> io::Result<()> {
    // SAFETY: the operations of this module read what they are given, which is there, and write nothing.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, operation, flags, std::ptr::from_ref(argument)) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Filters the system calls of this thread, for good.
///
/// Kernels before 5.16 make a filtered process pay for mitigations of speculative execution that the service itself goes without, unless
/// it is asked not to; before 4.17 they do not know the question. Source: seccomp(2), `SECCOMP_FILTER_FLAG_SPEC_ALLOW`.
pub(super) fn apply_filter(program: &[seccompiler::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: four integers; the process gives up getting rights by exec.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let install = |flags| seccomp(libc::SECCOMP_SET_MODE_FILTER, flags, &program);
    match install(libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install(0),
        result => result,
    }
}

/// Gives the process processors in long turns that interrupt nobody, and the disk when nothing else wants it. Failures do not
/// matter.
pub(super) fn run_in_background() {
    const IOPRIO_WHO_PROCESS: c_int = 1;
    const IOPRIO_CLASS_IDLE: c_int = 3 << 13;
    // SAFETY: all-zero is a valid sched_param; priority 0 is the one that SCHED_BATCH takes.
    let parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: 0 means this process; the parameters live through the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) };
    // SAFETY: three integers, as ioprio_set(2) takes them; 0 means this process.
    unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_IDLE) };
}
