//! What the mutexes of the C library look like in memory, to who sees a thread wait for one.
//!
//! Source: glibc, `nptl/lowlevellock.h` for the states of a lock and `bits/struct_mutex.h` for the mutex that begins with one; musl,
//! `src/internal/pthread_impl.h` for the mutex and `src/thread/pthread_mutex_timedlock.c` for the states of its lock.

/// The size of a mutex in words.
pub(super) const WORDS: usize = 10;

#[cfg(not(target_env = "musl"))]
mod layout {
    /// Which of the words is waited for, and says of which kind the mutex is.
    pub(in super::super) const LOCK: usize = 0;
    pub(in super::super) const KIND: usize = 4;
    /// And which has to be 0, too, for a mutex to be free: the holder.
    pub(in super::super) const ALSO: usize = 2;
    /// The kinds that belong to one process only.
    pub(in super::super) const ORDINARY: std::ops::RangeInclusive<u32> = 0..=3;
    /// A lock that somebody may wait for.
    #[cfg(test)]
    pub(in crate::fork) const WAITED_FOR: u32 = 2;
    /// Whether all that wait for a condition do so within its variable.
    pub(in crate::fork) const CONDITION_HAS_A_PLACE: bool = true;

    /// Whether somebody holds a lock in this state.
    pub(in crate::fork) fn is_held(state: u32) -> bool {
        state == 1 || is_waited_for(state)
    }

    pub(in crate::fork) fn is_waited_for(state: u32) -> bool {
        state == 2
    }
}

#[cfg(target_env = "musl")]
mod layout {
    /// Which of the words is waited for, and says of which kind the mutex is.
    pub(in super::super) const LOCK: usize = 1;
    pub(in super::super) const KIND: usize = 0;
    /// And which has to be 0, too, for a mutex to be free: how often its holder has taken it.
    pub(in super::super) const ALSO: usize = 5;
    /// The kinds that belong to one process only.
    pub(in super::super) const ORDINARY: std::ops::RangeInclusive<u32> = 0..=2;
    /// A lock that somebody may wait for.
    #[cfg(test)]
    pub(in crate::fork) const WAITED_FOR: u32 = WAITERS | libc::EBUSY.cast_unsigned();
    /// Whether all that wait for a condition do so within its variable. Here each has a word on its own stack
    /// (`src/thread/pthread_cond_timedwait.c`).
    pub(in crate::fork) const CONDITION_HAS_A_PLACE: bool = false;

    const WAITERS: u32 = 1 << 31;
    /// What says that a lock is held: the thread that holds it, which has no greater number on Linux, or EBUSY, which is a small one.
    const HOLDERS: std::ops::RangeInclusive<u32> = 1..=1 << 22;

    /// Whether somebody holds a lock in this state.
    pub(in crate::fork) fn is_held(state: u32) -> bool {
        HOLDERS.contains(&(state & !WAITERS))
    }

    pub(in crate::fork) fn is_waited_for(state: u32) -> bool {
        state & WAITERS != 0 && is_held(state)
    }
}

#[cfg(test)]
pub(in crate::fork) use layout::WAITED_FOR;
pub(super) use layout::{ALSO, KIND, LOCK, ORDINARY};
pub(in crate::fork) use layout::{CONDITION_HAS_A_PLACE, is_held, is_waited_for};
