//! The thread's side of a lane: it sits down, does what there is to do, says what came of it, and rises.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Answers, Lane, Pipeline, Seat, State, Task};
use crate::error::Result;
use crate::sink::Written;

/// How long a thread waits for the reader of a stream that takes no more bytes.
const IDLE: Duration = Duration::from_secs(1);

impl Lane {
    /// Takes the seat, and the output if it is open.
    pub(in crate::sink) fn sit(&self, thread: i32) -> Option<Box<Pipeline>> {
        self.thread.store(thread, Ordering::Relaxed);
        let mut state = self.state.lock();
        state.seat = Seat::Taken;
        state.pipeline.take()
    }

    /// Leaves the seat, and the output to the next thread. If there is something to do after all it gives the output back.
    pub(in crate::sink) fn rise(
        &self,
        pipeline: Option<Box<Pipeline>>,
    ) -> std::result::Result<(), Option<Box<Pipeline>>> {
        let mut state = self.state.lock();
        if self.has_work(&state) {
            return Err(pipeline);
        }
        self.thread.store(0, Ordering::Relaxed);
        state.seat = Seat::Vacant;
        state.pipeline = pipeline;
        Ok(())
    }

    /// The next thing to do; `None` when none is to come soon.
    pub(in crate::sink) fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        let until = Instant::now() + IDLE;
        loop {
            if self.has_work(&state) {
                let task = self.take(&mut state);
                state.busy = task.as_ref().map(|task| (task.step(), Instant::now()));
                return task;
            }
            // Bytes may come at any time, and all of them have to go through one thread: its clock is what CPU quotas are kept by.
            if !state.closed {
                self.work.wait(&mut state);
            } else if state.over || self.work.wait_until(&mut state, until).timed_out() {
                return None;
            }
        }
    }

    fn take(&self, state: &mut State) -> Option<Task> {
        if std::mem::take(&mut state.discard) {
            return Some(Task::Discard);
        }
        match &self.facts.pipe {
            Some(pipe) if pipe.wants_tending() => Some(Task::Tend(Arc::clone(pipe))),
            _ => state.tasks.pop_front(),
        }
    }

    fn ended(&self, state: &mut State, bytes: usize) -> Answers {
        let mut answers = Answers::default();
        state.busy = None;
        state.steps += 1;
        state.queued = state.queued.saturating_sub(bytes);
        state.taken += bytes as u64;
        if state.closed || state.queued <= self.facts.bound / 2 {
            answers.add(state.when_room.take(), Ok(()));
        }
        self.step.notify_all();
        answers
    }

    /// A step was done that took `bytes` from the queue. Who was given up meanwhile is not told before the output is gone.
    pub(in crate::sink) fn done(&self, bytes: usize, outcome: Result<()>) -> Answers {
        let mut state = self.state.lock();
        if let Err(error) = outcome {
            state.give_up(error);
        }
        self.ended(&mut state, bytes)
    }

    /// The output is open, or never will be.
    pub(in crate::sink) fn opened(&self, outcome: Result<()>) -> Answers {
        let mut state = self.state.lock();
        let mut answers = self.ended(&mut state, 0);
        match outcome {
            // Of one that was given up meanwhile something has to go first.
            Ok(()) if state.discard => {}
            Ok(()) => answers.add(state.opened.take(), Ok(())),
            Err(error) => {
                state.discard = false;
                answers.append(if state.verdict.is_some() { state.tell() } else { state.conclude(Err(error)) });
            }
        }
        answers
    }

    /// Whether the output is still to be completed; one that was given up must not appear.
    pub(in crate::sink) fn is_wanted(&self) -> bool {
        self.state.lock().finished.is_some()
    }

    /// Whether somebody gave it up, who may wait for its thread to notice.
    pub(in crate::sink) fn is_given_up(&self) -> bool {
        let state = self.state.lock();
        state.verdict.is_some() || state.over
    }

    /// The output was completed, or was not. `true` when it was completed too late: the capture is reported as failed already.
    pub(in crate::sink) fn completed(&self, outcome: Result<Written>) -> (Answers, bool) {
        let mut state = self.state.lock();
        state.discard = false;
        let mut answers = self.ended(&mut state, 0);
        let is_late = outcome.is_ok() && state.over;
        if outcome.is_err() && state.verdict.is_some() {
            // Its own error is a consequence of that.
            answers.append(state.tell());
        } else if !state.over {
            answers.append(state.conclude(outcome));
        }
        answers.append(state.farewell());
        (answers, is_late)
    }

    /// The output was dropped.
    pub(in crate::sink) fn discarded(&self) -> Answers {
        let mut state = self.state.lock();
        let mut answers = self.ended(&mut state, 0);
        answers.append(state.tell());
        answers.append(state.farewell());
        answers
    }
}
