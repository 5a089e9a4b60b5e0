//! The ways in which a capture ends: its writer finishes it or gives it up, no thread can be had, or the clock says that it has taken too long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::verdict::GRACE;
use super::{Answers, Lane, MutexGuard, Seat, State, Step, Task};
use crate::error::{Error, ErrorKind, Taker};
use crate::sink::crew::is_runnable;
use crate::sink::{Reply, Written, given_up};

impl Lane {
    /// Whether its thread, if it is at a step, is in the kernel's hands.
    fn is_held(&self) -> bool {
        cfg!(heapkit_model) || self.thread().is_none_or(|thread| !is_runnable(thread))
    }

    pub(in crate::sink) fn finish(self: &Arc<Self>, reply: Reply<Written>) {
        let held = self.is_held();
        let mut state = self.state.lock();
        let mut answers = Answers::default();
        state.closed = true;
        if state.over || state.finished.is_some() {
            let error = state.failure.take().unwrap_or_else(|| Error::internal("finished twice or never opened"));
            answers.add(Some(reply), Err(error));
        } else {
            state.finished = Some(reply);
            state.tasks.push_back(Task::Finish);
            if state.verdict.is_some() && state.is_unattended(held) {
                answers = state.tell();
            }
        }
        self.attend(state);
        answers.make();
    }

    /// Gives the capture up. `reply` is called when nothing of it is left, or no later than the grace allows.
    pub(in crate::sink) fn abort(self: &Arc<Self>, error: Error, reply: Option<Reply<()>>) {
        let held = self.is_held();
        let mut state = self.state.lock();
        let mut answers = Answers::default();
        state.give_up(error);
        // A producer may wait for room that a thread which hangs does not make.
        self.step.notify_all();
        if state.over {
            // Nothing is left, or was waited for already.
            answers.add(reply, Ok(()));
        } else {
            state.aborted.extend(reply);
            if state.is_unattended(held) {
                answers = state.tell();
                answers.append(state.farewell());
            }
        }
        self.attend(state);
        answers.make();
    }

    /// The writer was dropped: without a pending finish the capture is given up, with one it is completed. Nobody can read any more.
    pub(in crate::sink) fn release(self: &Arc<Self>) {
        self.close_pipe();
        let mut state = self.state.lock();
        if state.finished.is_none() {
            state.give_up(given_up("its writer was dropped"));
        }
        self.attend(state);
    }

    /// Waits until nothing is left of the capture; not for a thread that has not come back for `patience` already.
    pub(in crate::sink) fn wait_gone(&self, until: Instant, patience: Duration) {
        let mut state = self.state.lock();
        while !state.over || state.discard || state.busy.is_some() {
            let hangs = state.busy.is_some_and(|(_, since)| since.elapsed() >= patience);
            if hangs || self.step.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    /// No thread can be had for it.
    pub(in crate::sink) fn refuse(&self, error: Error) {
        let mut state = self.state.lock();
        state.seat = Seat::Vacant;
        if state.over {
            // It wanted to read back what it has spooled, or to clean up. That has to wait for a better time.
            drop(state);
            return self.fail_pipe(error);
        }
        state.give_up(error);
        self.tell_all(state);
    }

    /// Ends waits that have taken too long; tells when the next one will.
    pub(in crate::sink) fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let patience = self.facts.patience;
        let due = match (&state.verdict, state.busy) {
            (Some((_, since)), _) => *since + GRACE,
            (None, Some((Step::Opening, since))) if !state.over => since + patience,
            // A producer that has not finished ends this itself, unless it waits for nothing but an answer.
            (None, Some((Step::Writing, since)))
                if state.finished.is_some() || state.when_room.is_some() || self.is_read() =>
            {
                since + patience
            }
            _ => return None,
        };
        if now < due {
            return Some(due);
        }
        if state.busy.is_some() && !self.is_held() {
            return Some(now + GRACE / 4);
        }
        if let Some((step, since)) = state.busy
            && state.verdict.is_none()
        {
            let waited = now.duration_since(since);
            let error = match &self.facts.place {
                // Nothing waits to be written.
                Some(place) if step == Step::Opening || state.over => {
                    ErrorKind::Hangs { path: place.clone(), waited, earlier: false }
                }
                _ => ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes: state.queued },
            };
            if state.over {
                drop(state);
                self.fail_pipe(error.into());
                return None;
            }
            state.give_up(error.into());
        }
        self.tell_all(state);
        None
    }

    /// Tells everybody the verdict, without waiting for the thread any longer.
    fn tell_all(&self, mut state: MutexGuard<'_, State>) {
        let mut answers = state.tell();
        answers.append(state.farewell());
        self.step.notify_all();
        drop(state);
        answers.make();
        self.close_pipe();
    }

    /// Whoever reads is told that nothing more comes.
    fn close_pipe(&self) {
        if let Some(pipe) = &self.facts.pipe {
            pipe.close();
        }
    }

    /// Of a capture that is over only the reader of its stream is still to be told something.
    fn fail_pipe(&self, error: Error) {
        if let Some(pipe) = &self.facts.pipe {
            pipe.fail(error);
        }
    }

    /// A reader waits for what was spooled.
    fn is_read(&self) -> bool {
        self.facts.pipe.as_ref().is_some_and(|pipe| pipe.has_spool() && pipe.is_awaited())
    }

    /// What it came to was told, or is kept for who asks.
    pub(in crate::sink) fn is_concluded(&self) -> bool {
        self.state.lock().over
    }

    /// It is concluded, and no disk is touched for it any more.
    pub(in crate::sink) fn is_gone(&self) -> bool {
        let state = self.state.lock();
        let spools = self.facts.pipe.as_ref().is_some_and(|pipe| pipe.has_spool());
        state.over && state.seat == Seat::Vacant && !spools && !self.has_work(&state)
    }
}
