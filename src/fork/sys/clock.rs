//! Clocks of processor time: of a child, of this process, of its threads. One system call each, and no `/proc`, which a hidden or undumpable
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
    read(clock)
}

/// The processor time that this process has had, all its threads together.
pub(in crate::fork) fn process_cpu_time() -> Option<Duration> {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// The processor time that the calling thread has had.
pub(in crate::fork) fn thread_cpu_time() -> Option<Duration> {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// The processor time that a thread of this process has had; `None` where there is no such thread.
///
/// The C library only knows clocks of threads whose handle it has made. The kernel makes a thread's clock of its id: the
/// complement, and three bits that say "of a thread" and "as the scheduler counts" (include/linux/posix-timers_types.h).
pub(in crate::fork) fn cpu_time_of_thread(id: pid_t) -> Option<Duration> {
    const THREAD: clockid_t = 4;
    const SCHEDULER: clockid_t = 2;
    read((!id << 3) | THREAD | SCHEDULER)
}

fn read(clock: clockid_t) -> Option<Duration> {
    let mut time = MaybeUninit::<timespec>::uninit();
    // SAFETY: there is room for a time; a clock that is gone by now is an error, not a fault.
    if unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: clock_gettime succeeded, so it was filled.
    let time = unsafe { time.assume_init() };
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threads_clock_is_its_own_and_part_of_the_processs() {
        let id = rustix::thread::gettid().as_raw_nonzero().get();
        // The process's first: what this thread does between the two counts for the process alone.
        let of_process = process_cpu_time().unwrap();
        let of_thread = thread_cpu_time().unwrap();
        let mut sum = 0_u64;
        while thread_cpu_time().unwrap() < of_thread + Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let (own, by_id) = (thread_cpu_time().unwrap(), cpu_time_of_thread(id).unwrap());
        assert!(by_id >= own && by_id < own + Duration::from_secs(1), "{own:?} {by_id:?}");
        assert!(process_cpu_time().unwrap() >= of_process + Duration::from_millis(20));
        assert_eq!(cpu_time_of_thread(1 << 24), None);
        assert_eq!(cpu_time_of(1 << 24), None);
    }
}
