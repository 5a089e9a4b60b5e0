//! The end of a child that would wait for ever.
//!
//! The child has one thread, so nobody will ever wake it from a wait without a deadline. The filter (`fork::filter`) traps such a wait, and
//! the handler of the trap says which word the child would have waited at, and ends it: at once, where a watch would take its time.

#![allow(unsafe_code, reason = "a signal handler reads the registers of what it interrupted")]

use std::ffi::{c_int, c_void};
use std::io;

use super::{check, exit_now, write_all};
use crate::fork::child::{ERRORS, status};
use crate::fork::locks;

/// In the child: such a wait ends it from now on.
pub(in crate::fork) fn end_it() -> io::Result<()> {
    // SAFETY: all-zero is a valid sigaction: no flags, no signals blocked in addition.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_trap as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the handler has the type that goes with SA_SIGINFO; the old action is not asked for.
    check(unsafe { libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) })
}

extern "C" fn on_trap(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a valid context to a handler with SA_SIGINFO.
    let word = unsafe { first_argument(&*context.cast::<libc::ucontext_t>()) };
    let _ = write_all(ERRORS, locks::WORDS.as_bytes());
    let _ = write_all(ERRORS, &hexadecimal(word));
    exit_now(status::LOCKED)
}

/// With a line's end. Nothing may be allocated in a handler.
fn hexadecimal(number: u64) -> [u8; HEX_DIGITS + 1] {
    let mut text = [b'\n'; HEX_DIGITS + 1];
    let mut rest = number;
    for place in text.iter_mut().take(HEX_DIGITS).rev() {
        let digit = rest.to_le_bytes()[0] & 15;
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        rest >>= 4;
    }
    text
}

const HEX_DIGITS: usize = 16;

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

    use super::super::{fork, redirect};
    use super::*;
    use crate::fork::filter::{Room, install};
    use crate::fork::shared_memory::{Separated, separate};

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
            let separated = redirect(child_end.as_raw_fd(), ERRORS).and_then(|()| separate(None));
            let arena = separated.map(|Separated { arena, .. }| arena);
            let room = arena.map(|arena| Room { pipes: [1000, ERRORS], pid: std::process::id(), arena });
            if end_it().and(room).and_then(|room| install(&room)).is_err() {
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
        assert_eq!(libc::WEXITSTATUS(status), status::LOCKED, "{status:#x}");
        let mut said = String::new();
        std::fs::File::from(words).read_to_string(&mut said).unwrap();
        assert_eq!(said, format!("{}{:016x}\n", locks::WORDS, word.as_ptr().addr()));
    }
}
