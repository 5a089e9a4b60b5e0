//! The last barrier: which system calls the child may make.
//!
//! The child runs JavaScript's engine, and with it whatever native code registered to run when an object is collected. What
//! that code may do to a path, a lock, another process or a socket cannot be known, so it is not asked: [`TABLE`] names
//! what taking a snapshot needs, and the kernel refuses everything else with EPERM, for as long as the child lives.
//!
//! Where it matters what a call is about, its arguments are looked at: signals go only to the child itself, and only to end it, a
//! futex wakes nobody else, and memory that was shared stays out of reach ([`shared_memory`](super::shared_memory)).
//!
//! A filter of its own lets writes go to the pipes only, and answers EAGAIN to any other. Node's event loop wakes its threads by
//! writing to a descriptor that the child does not have any more; libuv ends the process unless it hears that the descriptor is
//! full, which means "they are awake already".
//!
//! Source: seccomp(2).

use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;

use libc::c_long;
use seccompiler::{
    BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::shared_memory::{Arena, GAP_BYTES};
use super::sys;

/// What a rule of the table is about.
pub(super) struct Room {
    /// The descriptors that may be written to: the pipes for output and for what goes wrong.
    pub(super) pipes: [RawFd; 2],
    /// The child itself.
    pub(super) pid: u32,
    /// Where the memory that was shared is now.
    pub(super) arena: Arena,
}

/// When a call is let through.
enum When {
    Always,
    /// A futex of this process alone (flag in argument 1): one in a file's page would wake whoever else waits there.
    Private,
    /// To the child itself (argument 0), and to end it (signal in argument 2).
    EndsItself,
    /// About a signal that ends it (argument 0).
    OfItsEnd,
    /// A range that neither begins in the arena (address in argument 0) nor is long enough (argument 1) to reach it.
    OutsideArena,
    /// Advice (argument 2) that concerns this process alone. MADV_REMOVE, which empties files, is not among it.
    PrivateAdvice,
}

/// What a snapshot needs, and no more: memory, time, waiting, the pipes, the end. The same for x86-64 and AArch64.
const TABLE: &[(c_long, When)] = &[
    // The other filter checks where to.
    (libc::SYS_write, When::Always),
    // Memory. No descriptor is left that could be mapped.
    (libc::SYS_mmap, When::Always),
    (libc::SYS_munmap, When::Always),
    (libc::SYS_mprotect, When::OutsideArena),
    (libc::SYS_mremap, When::OutsideArena),
    (libc::SYS_madvise, When::PrivateAdvice),
    (libc::SYS_brk, When::Always),
    // Time, and waiting; `restart_syscall` is how the kernel goes on with a sleep that a signal interrupted.
    (libc::SYS_futex, When::Private),
    (libc::SYS_clock_gettime, When::Always),
    (libc::SYS_gettimeofday, When::Always),
    (libc::SYS_clock_nanosleep, When::Always),
    (libc::SYS_nanosleep, When::Always),
    (libc::SYS_restart_syscall, When::Always),
    (libc::SYS_sched_yield, When::Always),
    // What it is, and what it used.
    (libc::SYS_getpid, When::Always),
    (libc::SYS_gettid, When::Always),
    (libc::SYS_getrusage, When::Always),
    (libc::SYS_getrandom, When::Always),
    // Signals that it gets, and its end.
    (libc::SYS_rt_sigreturn, When::Always),
    (libc::SYS_rt_sigprocmask, When::Always),
    (libc::SYS_rt_sigaction, When::OfItsEnd),
    (libc::SYS_tgkill, When::EndsItself),
    (libc::SYS_exit_group, When::Always),
];

/// The bits of a futex operation that say which one it is, and whether it is of this process alone; the rest are flags.
const FUTEX_OPERATION: u32 = 0xff;

/// The signals by which a process ends itself: `abort()`, and a fault that nothing handles.
const ENDS: [i32; 2] = [libc::SIGABRT, libc::SIGSEGV];

const PRIVATE_ADVICE: [i32; 8] = [
    libc::MADV_NORMAL,
    libc::MADV_WILLNEED,
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_DONTFORK,
    libc::MADV_DOFORK,
    libc::MADV_HUGEPAGE,
    libc::MADV_NOHUGEPAGE,
];

impl When {
    /// The rules, of which one must hold; no rules means always.
    fn rules(&self, room: &Room) -> Result<Vec<SeccompRule>, BackendError> {
        use SeccompCmpArgLen::{Dword, Qword};
        use SeccompCmpOp::{Eq, Ge, Le, Lt};
        let is = |argument, value: i32| {
            // The kernel compares 32 bits, whatever the sign.
            SeccompCondition::new(argument, Dword, Eq, u64::from(value.cast_unsigned()))
        };
        let address = |operator, value: usize| SeccompCondition::new(0, Qword, operator, value as u64);
        match self {
            Self::Always => Ok(Vec::new()),
            Self::Private => {
                let flag = u64::from(libc::FUTEX_PRIVATE_FLAG.cast_unsigned());
                Ok(vec![SeccompRule::new(vec![SeccompCondition::new(1, Dword, SeccompCmpOp::MaskedEq(flag), flag)?])?])
            }
            Self::EndsItself => {
                let itself = || SeccompCondition::new(0, Dword, Eq, u64::from(room.pid));
                ENDS.iter().map(|signal| SeccompRule::new(vec![itself()?, is(2, *signal)?])).collect()
            }
            Self::OfItsEnd => ENDS.iter().map(|signal| SeccompRule::new(vec![is(0, *signal)?])).collect(),
            Self::OutsideArena if room.arena.is_empty() => Ok(Vec::new()),
            Self::OutsideArena => {
                let short = SeccompCondition::new(1, Qword, Le, GAP_BYTES as u64)?;
                Ok(vec![
                    SeccompRule::new(vec![address(Lt, room.arena.start)?, short])?,
                    SeccompRule::new(vec![address(Ge, room.arena.end)?])?,
                ])
            }
            Self::PrivateAdvice => {
                PRIVATE_ADVICE.iter().map(|advice| SeccompRule::new(vec![is(2, *advice)?])).collect()
            }
        }
    }
}

/// Installs the filters, for good. The table comes last: it refuses further filters, too.
pub(super) fn install(room: &Room) -> io::Result<()> {
    let elsewhere: Result<Vec<_>, _> = room.pipes.iter().map(|pipe| descriptor_is_not(*pipe)).collect();
    let writes = elsewhere.and_then(SeccompRule::new).map(|elsewhere| (libc::SYS_write, vec![elsewhere]));
    let waits = [libc::FUTEX_WAIT, libc::FUTEX_WAIT_BITSET, libc::FUTEX_LOCK_PI].map(endless);
    let waits = waits.into_iter().collect::<Result<Vec<_>, _>>().map(|waits| (libc::SYS_futex, waits));
    let calls = TABLE.iter().map(|(call, when)| Ok((*call, when.rules(room)?)));
    let programs =
        [compile([waits], Refuse::Trapped)?, compile([writes], Refuse::Listed)?, compile(calls, Refuse::Unlisted)?];
    programs.iter().try_for_each(|program| sys::apply_filter(program))
}

fn descriptor_is_not(descriptor: RawFd) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, u64::from(descriptor.cast_unsigned()))
}

/// A wait for a word of this process alone to change, without a deadline (argument 3). The parent looks at that word later, which must not
/// bring it to a file on a disk that does not answer; any other wait the table refuses.
fn endless(operation: i32) -> Result<SeccompRule, BackendError> {
    let is = SeccompCmpOp::MaskedEq(u64::from(FUTEX_OPERATION));
    let private = u64::from((operation | libc::FUTEX_PRIVATE_FLAG).cast_unsigned());
    SeccompRule::new(vec![
        SeccompCondition::new(1, SeccompCmpArgLen::Dword, is, private)?,
        SeccompCondition::new(3, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?,
    ])
}

/// Which calls a filter refuses, and how.
enum Refuse {
    /// All that it does not list.
    Unlisted,
    /// Those that it lists, as if there were no room.
    Listed,
    /// Those that it lists, by a SIGSYS.
    Trapped,
}

fn compile(
    rules: impl IntoIterator<Item = Result<(c_long, Vec<SeccompRule>), BackendError>>,
    refuse: Refuse,
) -> io::Result<seccompiler::BpfProgram> {
    let errno = |number: i32| SeccompAction::Errno(number.cast_unsigned());
    let (unlisted, listed) = match refuse {
        Refuse::Unlisted => (errno(libc::EPERM), SeccompAction::Allow),
        Refuse::Listed => (SeccompAction::Allow, errno(libc::EAGAIN)),
        Refuse::Trapped => (SeccompAction::Allow, SeccompAction::Trap),
    };
    rules
        .into_iter()
        .collect::<Result<BTreeMap<_, _>, _>>()
        .and_then(|rules| SeccompFilter::new(rules, unlisted, listed, std::env::consts::ARCH.try_into()?))
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)
}
