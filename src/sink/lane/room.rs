//! The producer's side of a lane: bytes in, and all the waiting for room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Answers, Lane, State, Task};
use crate::error::{ErrorKind, Taker};
use crate::sink::Reply;

/// How long a producer waits.
#[derive(Clone, Copy)]
pub(in crate::sink) struct Limits {
    /// When the whole capture must be over, with the limit that is named in the error.
    pub(in crate::sink) deadline: Option<(Instant, Duration)>,
    /// The producer holds up a service: its waits have a bound in sum as well. That is the lane's patience, or as long as the producer's
    /// own work has taken: whoever stops a service for a minute may be stopped for two, but not for ever.
    pub(in crate::sink) holds: bool,
}

impl State {
    fn has_room(&self, bytes: usize, bound: usize) -> bool {
        self.queued + bytes <= bound
    }

    fn push(&mut self, bytes: &[u8]) {
        self.queued += bytes.len();
        self.peak = self.peak.max(self.queued);
        self.tasks.push_back(Task::Chunk(bytes.to_vec()));
    }
}

impl Lane {
    pub(in crate::sink) fn push_if_room(self: &Arc<Self>, bytes: &[u8]) -> bool {
        let mut state = self.state.lock();
        if state.closed || !state.has_room(bytes.len(), self.facts.bound) {
            return false;
        }
        state.push(bytes);
        self.attend(state);
        true
    }

    /// `false` when the capture is over, be it because this wait took too long.
    pub(in crate::sink) fn push_waiting(self: &Arc<Self>, bytes: &[u8], limits: Limits) -> bool {
        let patience = self.facts.patience;
        let mut state = self.state.lock();
        let start = Instant::now();
        let began = *state.began.get_or_insert(start);
        let (mut steps, mut since) = (state.steps, start);
        loop {
            let now = Instant::now();
            if state.closed {
                return false;
            }
            if state.steps != steps {
                (steps, since) = (state.steps, now);
            }
            let (waited, held) = (now.duration_since(since), state.held + now.duration_since(start));
            // Producers that wait at the same time may have waited for longer in sum than time has passed.
            let worked = now.duration_since(began).saturating_sub(held);
            let may_hold = if limits.holds { patience.max(worked) } else { Duration::MAX };
            let queued_bytes = state.queued;
            let failure = if let Some((_, limit)) = limits.deadline.filter(|(at, _)| now >= *at) {
                ErrorKind::Timeout { limit }
            } else if state.has_room(bytes.len(), self.facts.bound) {
                state.held = held;
                state.push(bytes);
                self.attend(state);
                return true;
            } else if waited >= patience {
                ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes }
            } else if held >= may_hold {
                ErrorKind::Stalled { who: Taker::SlowDisk, waited: held, queued_bytes }
            } else {
                let left = limits.deadline.map_or(Duration::MAX, |(at, _)| at.saturating_duration_since(now));
                self.step.wait_for(&mut state, left.min(patience - waited).min(may_hold - held));
                continue;
            };
            state.give_up(failure.into());
            self.attend(state);
            return false;
        }
    }

    pub(in crate::sink) fn when_room(&self, reply: Reply<()>) {
        let mut state = self.state.lock();
        let mut answers = Answers::default();
        if state.closed || state.queued <= self.facts.bound / 2 {
            answers.add(Some(reply), Ok(()));
        } else {
            // Who asked before is told at once, and asks again if there is no room.
            answers.add(state.when_room.replace(reply), Ok(()));
        }
        drop(state);
        answers.make();
    }
}
