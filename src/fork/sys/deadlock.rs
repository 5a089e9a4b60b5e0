//! The end of a child that would wait for ever.
//!
//! The child has one thread, so nobody will ever wake it from a wait without a deadline. The filter (`fork::filter`) traps such a wait, and
//! the handler of the trap says which word the child would have waited at, and ends it: at once, where a watch would take its time.

#![allow(unsafe_code, reason = "a signal handler reads the registers of what it interrupted")]

use std::ffi::{c_int, c_void};
use std::io::{self, Write};
use std::os::fd::RawFd;
use std::sync::OnceLock;

use super::{exit_now, handle, write_all};

/// How the child ends then.
#[derive(Clone, Copy)]
pub(in crate::fork) struct Ending {
    /// This is said, and the address of the word.
    pub(in crate::fork) words: &'static str,
    /// Where it is said.
    pub(in crate::fork) descriptor: RawFd,
    pub(in crate::fork) status: c_int,
}

/// Written once, before the handler is there.
static ENDING: OnceLock<Ending> = OnceLock::new();

/// In the child: such a wait ends it from now on.
pub(in crate::fork) fn end_by(ending: Ending) -> io::Result<()> {
    ENDING.get_or_init(|| ending);
    handle(libc::SIGSYS, on_trap)
}

extern "C" fn on_trap(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(Ending { words, descriptor, status }) = ENDING.get() else { exit_now(1) };
    // SAFETY: the kernel hands a valid context to a handler with SA_SIGINFO.
    let word = unsafe { first_argument(&*context.cast::<libc::ucontext_t>()) };
    // Nothing may be allocated in a handler; formatting a number into bytes does not.
    let mut text = [0; 32];
    let mut rest = &mut text[..];
    let _ = writeln!(rest, "{word:x}");
    let unused = rest.len();
    let _ = write_all(*descriptor, words.as_bytes());
    let _ = write_all(*descriptor, text.get(..text.len() - unused).unwrap_or_default());
    exit_now(*status)
}

/// Of the system call that was trapped.
#[cfg(target_arch = "x86_64")]
fn first_argument(context: &libc::ucontext_t) -> u64 {
    let register = usize::try_from(libc::REG_RDI).unwrap_or_default();
    context.uc_mcontext.gregs.get(register).map_or(0, |value| value.cast_unsigned())
}

#[cfg(target_arch = "aarch64")]
fn first_argument(context: &libc::ucontext_t) -> u64 {
    context.uc_mcontext.regs[0]
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::sync::atomic::AtomicU32;

    use super::super::fork;
    use super::*;
    use crate::fork::filter::{Room, install};
    use crate::fork::shared_memory::{Separated, separate};

    const STATUS: c_int = 42;

    #[test]
    fn a_wait_that_nobody_can_end_ends_the_child_and_it_says_for_what() {
        let (words, child_end) = rustix::pipe::pipe().unwrap();
        // As a mutex is that others wait for.
        let word = AtomicU32::new(2);
        let wait = |deadline: *const libc::timespec| {
            let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: a word and a time that are there; the kernel only reads them.
            let answer = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, 2, deadline) };
            (answer, io::Error::last_os_error().raw_os_error())
        };
        let Some(pid) = fork().unwrap() else {
            let descriptor = child_end.as_raw_fd();
            let room = separate(None).map(|Separated { arena, .. }| Room {
                pipes: [1000, descriptor],
                pid: std::process::id(),
                arena,
            });
            let ended = end_by(Ending { words: "at ", descriptor, status: STATUS });
            if ended.and(room).and_then(|room| install(&room)).is_err() {
                exit_now(1);
            }
            let soon = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            if wait(&raw const soon) != (-1, Some(libc::ETIMEDOUT)) {
                exit_now(2);
            }
            wait(std::ptr::null());
            exit_now(3);
        };
        drop(child_end);
        let mut status = 0;
        // SAFETY: a child of this very test, and a place for its status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(libc::WEXITSTATUS(status), STATUS, "{status:#x}");
        let mut said = String::new();
        std::fs::File::from(words).read_to_string(&mut said).unwrap();
        assert_eq!(said, format!("at {:x}\n", word.as_ptr().addr()));
    }
}
