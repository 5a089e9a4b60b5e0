//! The parent's hold on its child: to end it, to learn how it ended, and never to mistake another process for it.
//!
//! A process id is ours for as long as nobody has reaped the child. Where something else in the process waits for every
//! child there is, the id may belong to a stranger a moment later. So the child is held by a pidfd where the kernel has them
//! (5.4 and later; not where somebody filters the service's system calls), and elsewhere nothing is sent to an id that is not provably our own child.
//!
//! SIGKILL ends a process at once, except one that the kernel does not let go (a frozen control group, a driver that
//! waits). Such a child is waited for within a bound, and reaped whenever it is gone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process, pidfd_open,
    pidfd_send_signal, waitid, waitpid,
};

use super::sys;
use crate::host::is_filtered;

/// How often an end is looked for without a pidfd.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A child of this process.
pub(super) struct Twin {
    pid: Pid,
    handle: Option<OwnedFd>,
    end: Option<Ended>,
}

/// How it ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    By(WaitStatus),
    /// Something else in this process took its status.
    Untold,
}

impl Twin {
    /// Takes hold of the child that `fork` gave this number to.
    pub(super) fn hold(pid: Pid) -> Self {
        // Somebody else's filter may end a process that makes a call which the filter does not know.
        let handle = if is_filtered() { None } else { pidfd_open(pid, PidfdFlags::empty()).ok() };
        // Asked after the pidfd was opened: if it is our child now, it was then.
        let end = if is_own(pid) { None } else { Some(Ended::Untold) };
        Self { pid, handle, end }
    }

    /// The same as on a kernel without pidfds.
    #[cfg(test)]
    pub(super) fn hold_by_number(pid: Pid) -> Self {
        Self { handle: None, ..Self::hold(pid) }
    }

    /// What becomes readable when it ends.
    pub(super) fn handle(&self) -> Option<BorrowedFd<'_>> {
        self.handle.as_ref().map(AsFd::as_fd)
    }

    /// The processor time that it has used.
    pub(super) fn cpu_time(&self) -> Option<Duration> {
        if self.end.is_some() { None } else { sys::clock::cpu_time_of(self.pid.as_raw_nonzero().get()) }
    }

    /// Ends it, unless it has ended.
    pub(super) fn kill(&self) {
        if self.end.is_some() {
            return;
        }
        let sent = self.handle.as_ref().map(|handle| pidfd_send_signal(handle, Signal::KILL));
        // Refused, as old seccomp profiles do, or no pidfd at all.
        if !matches!(sent, Some(Ok(()) | Err(Errno::SRCH))) && is_own(self.pid) {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }

    /// Waits for its end, but no longer than that.
    pub(super) fn wait(&mut self, patience: Duration) -> Option<Ended> {
        let deadline = Instant::now() + patience;
        loop {
            self.look();
            let left = deadline.saturating_duration_since(Instant::now());
            if self.end.is_some() || left.is_zero() {
                return self.end;
            }
            match &self.handle {
                Some(handle) => {
                    let left = Timespec::try_from(left).ok();
                    let _ = poll(&mut [PollFd::new(handle, PollFlags::IN)], left.as_ref());
                }
                None => thread::sleep(left.min(LOOK_EVERY)),
            }
        }
    }

    /// Leaves no zombie, however long that takes.
    pub(super) fn reap(mut self) {
        while self.end.is_none() {
            match waitpid(Some(self.pid), WaitOptions::empty()) {
                Err(Errno::INTR) => {}
                Err(_) => self.end = Some(Ended::Untold),
                Ok(status) => self.end = status.map(|(_, status)| Ended::By(status)),
            }
        }
    }

    fn look(&mut self) {
        if self.end.is_none() {
            self.end = match waitpid(Some(self.pid), WaitOptions::NOHANG) {
                Ok(status) => status.map(|(_, status)| Ended::By(status)),
                Err(Errno::INTR) => None,
                Err(_) => Some(Ended::Untold),
            };
        }
    }
}

/// Whether the number is that of a child of ours that nobody has reaped.
fn is_own(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(pid), options) {
            Err(Errno::INTR) => {}
            answer => return answer.is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Pid) {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = Pid::from_child(&child);
        (child, pid)
    }

    #[test]
    fn ends_its_child_with_and_without_a_pidfd() {
        for hold in [Twin::hold, Twin::hold_by_number] {
            let (_child, pid) = sleeper();
            let mut twin = hold(pid);
            assert!(twin.wait(Duration::ZERO).is_none());
            assert!(twin.cpu_time().is_some());
            twin.kill();
            let end = twin.wait(Duration::from_secs(60));
            assert!(matches!(end, Some(Ended::By(status)) if status.terminating_signal() == Some(libc::SIGKILL)));
            twin.reap();
        }
    }

    #[test]
    fn sends_nothing_to_a_number_that_is_no_child_of_ours_any_more() {
        for hold in [Twin::hold, Twin::hold_by_number] {
            // A grandchild: its number is that of a process that we might signal, and not our child's.
            let mut shell = Command::new("sh")
                .args(["-c", "sleep 1000 >/dev/null & echo $!; wait"])
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = String::new();
            let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
            std::io::BufRead::read_line(&mut output, &mut line).unwrap();
            let stranger = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
            let mut twin = hold(stranger);
            assert!(matches!(twin.wait(Duration::ZERO), Some(Ended::Untold)));
            twin.kill();
            twin.reap();
            // It lives, and what we send ourselves reaches it.
            kill_process(stranger, Signal::KILL).unwrap();
            assert!(shell.wait().unwrap().success() || shell.wait().is_ok());
        }
    }

    #[test]
    fn a_status_that_somebody_else_took_is_not_waited_for() {
        for hold in [Twin::hold, Twin::hold_by_number] {
            let (mut child, pid) = sleeper();
            let mut twin = hold(pid);
            child.kill().unwrap();
            child.wait().unwrap();
            twin.kill();
            assert!(matches!(twin.wait(Duration::from_secs(60)), Some(Ended::Untold)));
            twin.reap();
        }
    }
}
