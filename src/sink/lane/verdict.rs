//! What a capture comes to, and who is told: the bookkeeping of its end.
//!
//! A capture that is given up has a verdict first, which is told when nothing of it is left. What it came to is told once.

use std::time::{Duration, Instant};

use super::{Answers, Seat, State, Task};
use crate::error::{Error, Result};
use crate::sink::{Written, given_up};

/// How long a capture that was given up may take to clean up before whoever waits for that is answered all the same. A thread that has been
/// at one step for longer has used it up.
#[cfg(not(heapkit_model))]
pub(super) const GRACE: Duration = Duration::from_secs(1);
#[cfg(heapkit_model)]
pub(super) const GRACE: Duration = Duration::from_secs(3600);

const NEVER_OPENED: &str = "it could not be opened";

impl State {
    /// No more bytes; those that wait are dropped.
    fn close(&mut self) {
        self.closed = true;
        let waiting = self.tasks.iter().map(Task::bytes).sum::<usize>();
        self.tasks.retain(|task| !matches!(task, Task::Chunk(_)));
        self.queued = self.queued.saturating_sub(waiting);
    }

    /// The first reason counts. It is told when the output is gone, or when that takes too long.
    pub(super) fn give_up(&mut self, error: Error) {
        self.close();
        if !self.over && self.verdict.is_none() {
            self.verdict = Some((error, Instant::now()));
            self.discard = true;
        }
    }

    /// Settles what the capture came to, for all who wait.
    pub(super) fn conclude(&mut self, outcome: Result<Written>) -> Answers {
        let mut answers = Answers::default();
        self.close();
        self.tasks.clear();
        self.over = true;
        self.verdict = None;
        // Where nothing is open, nothing has to be dropped.
        self.discard &= self.seat == Seat::Taken || self.pipeline.is_some();
        match (outcome, self.opened.take(), self.finished.take()) {
            (Err(error), Some(opened), finished) => {
                answers.add(Some(opened), Err(error));
                answers.add(finished, Err(given_up(NEVER_OPENED)));
                self.failure = Some(given_up(NEVER_OPENED));
            }
            (Err(error), None, None) => self.failure = Some(error),
            (outcome, _, finished) => answers.add(finished, outcome),
        }
        answers.append(self.farewell());
        answers
    }

    /// For those who only wait for the end.
    pub(super) fn farewell(&mut self) -> Answers {
        let mut answers = Answers::default();
        answers.add(self.when_room.take(), Ok(()));
        for reply in std::mem::take(&mut self.aborted) {
            answers.add(Some(reply), Ok(()));
        }
        answers
    }

    /// The verdict, if there is one that was not told.
    pub(super) fn tell(&mut self) -> Answers {
        match self.verdict.take() {
            Some((error, _)) => self.conclude(Err(error)),
            None => Answers::default(),
        }
    }

    /// Whether nobody is at work who could leave something behind, or who would soon notice that the capture was given up. `held`: its
    /// thread, if it is at a step, is not just waiting for a processor.
    pub(super) fn is_unattended(&self, held: bool) -> bool {
        match (self.seat, self.busy) {
            (Seat::Taken, Some((_, since))) => held && since.elapsed() >= GRACE,
            (Seat::Taken, None) => false,
            _ => self.pipeline.is_none(),
        }
    }
}
