//! Clocks of the processor time of others: of a child. One system call each, and no `/proc`, which a hidden or undumpable
//! process does not have for everybody.

#![allow(unsafe_code, reason = "the C library's clocks of other processes have no safe wrapper")]

use std::mem::MaybeUninit;
use std::time::Duration;

use libc::{clockid_t, pid_t, timespec};

/// The processor time that a process has had; `None` where there is no such process.
pub(in crate::fork) fn cpu_time_of(pid: pid_t) -> Option<Duration> {
    let mut clock: clockid_t = 0;
    // SAFETY: the clock's id has a place to go to; the call only looks the process up.
    if unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } != 0 {
        return None;
    }
    let mut time = MaybeUninit::<timespec>::uninit();
    // SAFETY: there is room for a time; a clock that is gone by now is an error, not a fault.
    if unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: clock_gettime succeeded, so it was filled.
    let time = unsafe { time.assume_init() };
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}
