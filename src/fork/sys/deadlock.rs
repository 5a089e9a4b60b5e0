//! What a child does instead of waiting for ever.
//!
//! The child has one thread, so nobody will ever wake it from a wait without a deadline. The filter (`fork::filter`) traps such a wait, and the
//! handler of the trap sees which word the child would have waited at. It takes a mutex over from its holder, who is not here, and the child
//! goes on. Anything else ends the child at once, where the watch would need seconds to notice.

#![allow(unsafe_code, reason = "a signal handler reads the registers of what it interrupted")]

use std::ffi::{c_int, c_void};
use std::io::{self, Write};
use std::os::fd::RawFd;
use std::ptr::with_exposed_provenance;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::mutex::{self, ALSO, KIND, LOCK, ORDINARY};
use super::{exit_now, handle, write_all};

/// More than so many are not locks: something waits in a loop.
const TAKEN_OVER_AT_MOST: u32 = 1000;

/// How the child ends then.
pub(in crate::fork) struct Ending {
    /// What is printed about a mutex that was taken over, with its address;
    pub(in crate::fork) took_over: &'static str,
    /// and about a word that cannot be waited for.
    pub(in crate::fork) gave_up: &'static str,
    /// Where it is printed.
    pub(in crate::fork) descriptor: RawFd,
    pub(in crate::fork) status: c_int,
    /// The locks that are known already, and need not be reported.
    pub(in crate::fork) known: Vec<usize>,
}

/// Written once, before the handler is there.
static ENDING: OnceLock<Ending> = OnceLock::new();

/// In the child: such a wait ends it from now on.
pub(in crate::fork) fn end_by(ending: Ending) -> io::Result<()> {
    ENDING.get_or_init(|| ending);
    handle(libc::SIGSYS, on_trap)
}

extern "C" fn on_trap(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(ending) = ENDING.get() else { exit_now(1) };
    // SAFETY: the kernel hands a valid context to a handler with SA_SIGINFO, which is the handler's until it returns.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let Wait { word, expected } = wait_of(context);
    if !(mutex::is_waited_for(expected) && take_over(word)) {
        ending.tell(ending.gave_up, word);
        exit_now(ending.status);
    }
    if !ending.known.contains(&word) {
        ending.tell(ending.took_over, word);
    }
    answer(context);
}

impl Ending {
    /// Nothing may be allocated in a handler; formatting a number into bytes does not.
    fn tell(&self, what: &str, word: usize) {
        let mut text = [0; 32];
        let mut rest = &mut text[..];
        let _ = writeln!(rest, "{word:x}");
        let unused = rest.len();
        let _ = write_all(self.descriptor, what.as_bytes());
        let _ = write_all(self.descriptor, text.get(..text.len() - unused).unwrap_or_default());
    }
}

/// Makes a mutex free whose owner is not here, by where its lock is: the next attempt gets it. Answers whether there should be one.
fn take_over(lock: usize) -> bool {
    static TAKEN_OVER: AtomicU32 = AtomicU32::new(0);
    let mutex = lock.wrapping_sub(LOCK * size_of::<AtomicU32>());
    if !mutex.is_multiple_of(align_of::<AtomicU32>())
        || TAKEN_OVER.fetch_add(1, Ordering::Relaxed) >= TAKEN_OVER_AT_MOST
    {
        return false;
    }
    // SAFETY: aligned, and where this process's one thread waits for a lock; where there is no memory after all, that ends the child.
    let mutex = unsafe { &*with_exposed_provenance::<[AtomicU32; mutex::WORDS]>(mutex) };
    if !ORDINARY.contains(&mutex[KIND].load(Ordering::Relaxed)) {
        return false;
    }
    mutex[ALSO].store(0, Ordering::Relaxed);
    mutex[LOCK].store(0, Ordering::Relaxed);
    true
}

/// The system call that was trapped.
struct Wait {
    word: usize,
    expected: u32,
}

#[cfg(target_arch = "x86_64")]
fn wait_of(context: &libc::ucontext_t) -> Wait {
    let [word, expected] = [libc::REG_RDI, libc::REG_RDX]
        .map(|register| usize::try_from(register).ok().and_then(|index| context.uc_mcontext.gregs.get(index)))
        .map(|value| value.map_or(0, |value| value.cast_unsigned()));
    Wait::of(word, expected)
}

/// The call answers that it was woken.
#[cfg(target_arch = "x86_64")]
fn answer(context: &mut libc::ucontext_t) {
    let index = usize::try_from(libc::REG_RAX).ok();
    if let Some(answer) = index.and_then(|index| context.uc_mcontext.gregs.get_mut(index)) {
        *answer = 0;
    }
}

#[cfg(target_arch = "aarch64")]
fn wait_of(context: &libc::ucontext_t) -> Wait {
    let [word, _, expected, ..] = context.uc_mcontext.regs;
    Wait::of(word, expected)
}

/// The call answers that it was woken.
#[cfg(target_arch = "aarch64")]
fn answer(context: &mut libc::ucontext_t) {
    context.uc_mcontext.regs[0] = 0;
}

impl Wait {
    /// The kernel, too, takes the lower half of what is expected.
    #[expect(clippy::cast_possible_truncation, reason = "targets of the filter have addresses of 64 bits")]
    fn of(word: u64, expected: u64) -> Self {
        Self { word: word as usize, expected: expected as u32 }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::c_long;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use super::super::fork;
    use super::super::mutex::WAITED_FOR;
    use super::*;
    use crate::fork::filter::{Room, install};
    use crate::fork::shared_memory::{Separated, separate};

    const STATUS: c_int = 42;

    /// How a child ends behind the filter that does `work`, and what it says.
    fn in_a_child(known: Vec<usize>, work: impl FnOnce() -> c_int) -> (c_int, String) {
        let (words, child_end) = rustix::pipe::pipe().unwrap();
        let Some(pid) = fork().unwrap() else {
            let descriptor = child_end.as_raw_fd();
            let room = separate(None).map(|Separated { arena, .. }| Room {
                pipes: [1000, descriptor],
                pid: std::process::id(),
                arena,
            });
            let ended = end_by(Ending { took_over: "over ", gave_up: "at ", descriptor, status: STATUS, known });
            if ended.and(room).and_then(|room| install(&room)).is_err() {
                exit_now(1);
            }
            exit_now(work())
        };
        drop(child_end);
        let mut status = 0;
        // SAFETY: a child of this very test, and a place for its status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        let mut said = String::new();
        std::fs::File::from(words).read_to_string(&mut said).unwrap();
        assert!(libc::WIFEXITED(status), "{status:#x}");
        (libc::WEXITSTATUS(status), said)
    }

    fn wait(word: &AtomicU32, expected: u32, deadline: Option<&libc::timespec>) -> (c_long, Option<i32>) {
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        let deadline = deadline.map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: a wait at a word of this process; the deadline lives through the call.
        let answer = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, expected, deadline) };
        (answer, io::Error::last_os_error().raw_os_error())
    }

    #[test]
    fn a_wait_that_nobody_can_end_ends_the_child_and_it_says_for_what() {
        let word = AtomicU32::new(7);
        let ended = in_a_child(Vec::new(), || {
            let soon = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            if wait(&word, 7, Some(&soon)) != (-1, Some(libc::ETIMEDOUT)) {
                return 2;
            }
            wait(&word, 7, None);
            3
        });
        assert_eq!(ended, (STATUS, format!("at {:x}\n", word.as_ptr().addr())));
    }

    #[test]
    fn a_mutex_is_taken_over_as_often_as_it_takes_and_told_of_unless_it_is_known() {
        const HOLDER: u32 = 4711;
        let mutex: [AtomicU32; mutex::WORDS] = Default::default();
        mutex[ALSO].store(HOLDER, Ordering::Relaxed);
        mutex[LOCK].store(WAITED_FOR, Ordering::Relaxed);
        let address = mutex[LOCK..].as_ptr().expose_provenance();
        let line = format!("at {address:x}\n");
        for (known, told) in [(vec![], format!("over {address:x}\n")), (vec![address], String::new())] {
            let ended = in_a_child(known, || {
                let (answer, _) = wait(&mutex[LOCK], WAITED_FOR, None);
                if answer != 0 || mutex.iter().any(|word| word.load(Ordering::Relaxed) != 0) {
                    return 2;
                }
                // What waits for something else at that place.
                wait(&mutex[LOCK], 0, None);
                3
            });
            assert_eq!(ended, (STATUS, told + &line));
        }
        // What does not go on when the mutex is free.
        let ended = in_a_child(vec![address], || {
            loop {
                mutex[LOCK].store(WAITED_FOR, Ordering::Relaxed);
                wait(&mutex[LOCK], WAITED_FOR, None);
            }
        });
        assert_eq!(ended, (STATUS, line));
    }

    #[test]
    fn a_mutex_of_the_c_library_that_is_held_is_taken_over() {
        let mut mutex = libc::PTHREAD_MUTEX_INITIALIZER;
        let mutex = &raw mut mutex;
        // SAFETY: a mutex of this test, which lives through it; the child has its own copy.
        let lock = || unsafe { libc::pthread_mutex_lock(mutex) };
        assert_eq!(lock(), 0);
        let ended = in_a_child(Vec::new(), lock);
        assert_eq!(ended, (0, format!("over {:x}\n", mutex.addr() + LOCK * size_of::<AtomicU32>())));
    }

    #[test]
    fn what_looks_like_a_mutex_and_is_of_no_ordinary_kind_ends_the_child() {
        let words: [AtomicU32; mutex::WORDS] = Default::default();
        words[LOCK].store(WAITED_FOR, Ordering::Relaxed);
        words[KIND].store(*ORDINARY.end() + 1, Ordering::Relaxed);
        let ended = in_a_child(Vec::new(), || {
            wait(&words[LOCK], WAITED_FOR, None);
            3
        });
        assert_eq!(ended, (STATUS, format!("at {:x}\n", words[LOCK].as_ptr().addr())));
    }
}
