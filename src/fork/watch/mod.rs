//! The parent's side of a child: takes its bytes, looks after memory and progress, and reaps it. Runs on `heapkit-fork`.
//!
//! One loop. It never waits for one thing alone: bytes that the outlet has no room for are kept while everything else goes on,
//! and the clock that says who has waited too long is one for all (`vigil`). `verdict` says how it ended, `last_words` what
//! the child said.

mod last_words;
mod pending;
mod verdict;
mod vigil;

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Pid;

use super::budget::Budget;
use super::json_end::JsonEnd;
use super::locks::Locks;
use super::mappings::Mappings;
use super::quota::Governor;
use super::twin::Twin;
use super::workers::Workers;
use super::{Ends, Outcome, Outlet, Reply, locks};
use crate::error::{Error, Result};
use crate::priority::lower_priority;
use last_words::LastWords;
use pending::{Passed, Pending};
use verdict::{End, Remains, pass};
use vigil::{HANG, Late, Patience, Seen, Vigil};

/// How long the loop sleeps at most: a capture that is given up ends so soon.
const TURN: Duration = Duration::from_millis(50);
/// How long a child may take to end by itself after it has closed its output.
const LEAVE: Duration = Duration::from_secs(1);
/// How long the service's thread has to come back from the fork before its address space is changed again: each page that it writes for
/// the first time since then is copied, and whoever changes a mapping keeps it waiting.
const RETURN: Duration = Duration::from_millis(2);
/// How long an answer waits for a child to be gone that was killed. One that the kernel holds is reaped later.
const FAREWELL: Duration = Duration::from_secs(2);

/// The parent's ends.
pub(super) struct Pipes {
    pub(super) output: OwnedFd,
    pub(super) errors: OwnedFd,
}

/// A child was forked: watch it.
pub(super) struct Order {
    pub(super) child: Option<Pid>,
    pub(super) mappings: Mappings,
    pub(super) ends: Ends,
    /// Its open files are closed here, which the service's thread need not wait for.
    pub(super) looked_at: (Workers, Locks),
    pub(super) reply: Reply<Outcome>,
}

/// `forked` is called when the marks are back.
pub(super) fn run(
    order: Order,
    pipes: Pipes,
    outlet: Box<dyn Outlet>,
    mut budget: Budget,
    governor: Option<Governor>,
    forked: impl FnOnce(),
) {
    let Order { child, mappings, ends, looked_at, reply } = order;
    let twin = child.map(Twin::hold);
    drop((ends, looked_at));
    thread::sleep(RETURN);
    mappings.restore_marks();
    forked();
    let (Some(mut twin), Some(child)) = (twin, child) else {
        return reply(Err(Error::internal("fork gave a child no number")));
    };
    budget.begin(child);
    // Not before: who holds the lock on the address space must get on with it.
    lower_priority();
    let patience = Patience { child: HANG, outlet: outlet.patience() };
    // A bug here must not leave the capture waiting, nor the child alone.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Watch { governor, ..Watch::new(&mut twin, pipes, outlet, budget, patience) }.run()
    }));
    reply(outcome.unwrap_or_else(|_| {
        twin.kill();
        Err(Error::internal("the watch of a forked child panicked"))
    }));
    twin.reap();
}

struct Watch<'a> {
    twin: &'a mut Twin,
    output: OwnedFd,
    outlet: Box<dyn Outlet>,
    budget: Budget,
    vigil: Vigil,
    governor: Option<Governor>,
    pending: Pending,
    end: JsonEnd,
    taken: u64,
    last_words: LastWords,
    /// The child has ended; what it wrote may still be in the pipe.
    ended: bool,
}

/// What there is to do after a wait.
#[derive(Default)]
struct Ready {
    output: bool,
    errors: bool,
}

impl<'a> Watch<'a> {
    fn new(twin: &'a mut Twin, pipes: Pipes, outlet: Box<dyn Outlet>, budget: Budget, patience: Patience) -> Self {
        Self {
            twin,
            output: pipes.output,
            outlet,
            budget,
            vigil: Vigil::begin(Instant::now(), patience),
            governor: None,
            pending: Pending::new(),
            end: JsonEnd::default(),
            taken: 0,
            last_words: LastWords::new(pipes.errors),
            ended: false,
        }
    }

    fn run(mut self) -> Result<Outcome> {
        let end = self.follow();
        // A child that ends by itself tells why, if it is not killed before.
        let ended = if matches!(end, End::Silent) { self.twin.wait(LEAVE) } else { None };
        self.twin.kill();
        self.twin.wait(FAREWELL);
        self.last_words.read();
        locks::remember(&self.last_words.whole());
        self.budget.end(matches!(end, End::Complete), self.last_words.text());
        pass(end, &Remains { ended, taken: self.taken, last_words: self.last_words.quote() })
    }

    fn follow(&mut self) -> End {
        loop {
            let now = Instant::now();
            // Of a child that was killed the clock says nothing more.
            let cpu = if self.end.is_complete() { None } else { self.twin.cpu_time() };
            if let Some(governor) = &mut self.governor {
                governor.step(now, cpu, self.outlet.as_ref(), !self.pending.is_empty());
            }
            let passed = self.pending.pass(now, cpu, self.outlet.as_mut(), self.governor.as_mut());
            if self.pending.is_empty() && self.end.is_complete() {
                return End::Complete;
            }
            if let Some(end) = self.look(now, cpu, passed) {
                return end;
            }
            match self.wait(now).and_then(|ready| self.read(&ready)) {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(error) => return End::Failed(error),
            }
        }
    }

    /// What has to be looked after while the child works, or waits.
    fn look(&mut self, now: Instant, cpu: Option<Duration>, passed: Passed) -> Option<End> {
        let receiver = self.outlet.look();
        if receiver.is_over {
            return Some(End::Unwanted);
        }
        if self.vigil.is_memory_due(now) {
            let short = self.budget.check(self.last_words.text());
            self.vigil.saw_memory(now, self.budget.spare_bytes());
            if let Some(error) = short {
                return Some(End::GivenUp(error));
            }
        }
        let seen = Seen {
            taken: self.taken,
            cpu,
            complete: self.end.is_complete(),
            held: passed != Passed::All,
            waiting: passed == Passed::Refused || (passed == Passed::Saved && receiver.queued_bytes > 0),
            steps: receiver.steps,
        };
        Some(match self.vigil.see(now, seen)? {
            Late::Child => End::Hung,
            Late::Outlet(waited) => {
                End::GivenUp(self.outlet.stalled(waited, receiver.queued_bytes + self.pending.len()))
            }
        })
    }

    /// Waits until there is something to do: bytes, words, an end, or the time for something.
    fn wait(&mut self, now: Instant) -> io::Result<Ready> {
        let most = self.pending.retry().unwrap_or(TURN);
        let most = self.governor.as_ref().map_or(most, |governor| governor.next(now).min(most));
        let patience = Timespec::try_from(self.vigil.next(now).min(most)).map_err(io::Error::other)?;
        // What cannot be used now is not asked for: it would end every wait at once.
        let output = (self.pending.is_empty() && !self.end.is_complete()).then_some(&self.output);
        let errors = self.last_words.pipe();
        let handle = if self.ended { None } else { self.twin.handle() };
        let mut asked = Vec::with_capacity(3);
        asked.extend(output.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        asked.extend(errors.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        asked.extend(handle.map(|handle| PollFd::from_borrowed_fd(handle, PollFlags::IN)));
        match poll(&mut asked, Some(&patience)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let mut answers = asked.iter().map(|one| !one.revents().is_empty());
        let mut of = |is_asked: bool| is_asked && answers.next().unwrap_or(false);
        let ready = Ready { output: of(output.is_some()), errors: of(errors.is_some()) };
        self.ended |= of(handle.is_some());
        Ok(ready)
    }

    fn read(&mut self, ready: &Ready) -> io::Result<Option<End>> {
        if ready.errors {
            self.last_words.read();
            // It may have said what it will need.
            self.vigil.look_at_memory_soon();
        }
        if !self.pending.is_empty() || self.end.is_complete() || !(ready.output || self.ended) {
            return Ok(None);
        }
        let bytes = match self.pending.fill(&self.output) {
            Ok([]) => return Ok(Some(End::Silent)),
            Ok(bytes) => bytes,
            // Somebody else may hold the pipe open, but nobody will write to it any more.
            Err(Errno::AGAIN) if self.ended => return Ok(Some(End::Silent)),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        self.taken += bytes.len() as u64;
        self.end.feed(bytes);
        if self.end.is_complete() {
            // It has nothing more to do, and its memory is worth more than its farewell.
            self.twin.kill();
        }
        Ok(None)
    }
}
