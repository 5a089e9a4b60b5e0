//! Lanes: one bounded queue for each capture, and all the waiting for room and for work.
//!
//! The state is behind one lock that is held for bookkeeping only: never while a byte is compressed or written, and never
//! while a reply is made.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::codec::Codec;
use super::pipe::Pipe;
use super::pipeline::{Counters, Target, Transform, Written};
use super::{Backlog, Reply, Standing, given_up};
use crate::error::{Error, ErrorKind, Taker};

pub(super) type LaneId = u64;

/// One thing for the sink's thread to do.
pub(super) enum Task {
    Open {
        target: Box<dyn Target>,
        transform: Option<Box<dyn Transform>>,
        codec: Codec,
        counters: Arc<Counters>,
        opened: Reply<()>,
    },
    Chunk(Vec<u8>),
    Finish(Reply<Written>),
    /// Read back what a pipe has spooled.
    Refill(Arc<Pipe>),
    /// Drop the output, for this reason if the capture is not over anyway.
    Discard(Error, Vec<Reply<()>>),
    /// The writer is gone, and so is the lane.
    Forget,
}

/// What a step of the sink's thread amounted to.
pub(super) struct Done {
    /// Queued bytes that it took.
    pub(super) bytes: usize,
    /// The capture is over.
    pub(super) failed: bool,
    /// So is its lane.
    pub(super) forget: bool,
}

struct Lane {
    owner: u64,
    tasks: VecDeque<Task>,
    queued: usize,
    peak: usize,
    bound: usize,
    pipe: Option<Arc<Pipe>>,
    /// No more bytes are taken: failed, aborted or finished.
    closed: bool,
    /// Why the producer's side gave up; the sink's thread takes it.
    verdict: Option<Error>,
    aborted: Vec<Reply<()>>,
    when_room: Option<Reply<()>>,
    /// Steps that the sink's thread has done for it.
    steps: u64,
    /// The writer was dropped.
    released: bool,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<LaneId, Lane>,
    next: LaneId,
    /// The lane that was served last: the next one with work follows it, so that none starves.
    served: LaneId,
    /// Steps done by the sink's thread: a waiting producer sees by it whether the disk takes anything.
    steps: u64,
}

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// There may be something to do.
    work: Condvar,
    /// A step was done.
    step: Condvar,
}

impl Lane {
    fn has_room(&self, bytes: usize) -> bool {
        self.queued + bytes <= self.bound
    }

    fn is_half_empty(&self) -> bool {
        self.queued <= self.bound / 2
    }

    fn push(&mut self, bytes: &[u8]) {
        self.queued += bytes.len();
        self.peak = self.peak.max(self.queued);
        self.tasks.push_back(Task::Chunk(bytes.to_vec()));
    }

    /// No more bytes; those that wait are dropped.
    fn close(&mut self) {
        self.closed = true;
        let waiting = self.tasks.iter().map(Task::bytes).sum::<usize>();
        self.tasks.retain(|task| !matches!(task, Task::Chunk(_)));
        self.queued = self.queued.saturating_sub(waiting);
    }

    fn next(&mut self) -> Option<Task> {
        if let Some(error) = self.verdict.take() {
            return Some(Task::Discard(error, std::mem::take(&mut self.aborted)));
        }
        if let Some(pipe) = self.pipe.as_ref().filter(|pipe| pipe.wants_refill()) {
            return Some(Task::Refill(Arc::clone(pipe)));
        }
        match self.tasks.front() {
            Some(Task::Chunk(_)) if self.pipe.as_ref().is_some_and(|pipe| !pipe.has_room()) => None,
            Some(_) => self.tasks.pop_front(),
            None if self.released => Some(Task::Forget),
            None => None,
        }
    }
}

impl Task {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Chunk(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

impl Shared {
    pub(super) fn add(&self, owner: u64, bound: usize, pipe: Option<Arc<Pipe>>, open: Task) -> LaneId {
        let mut state = self.state.lock();
        state.next += 1;
        let id = state.next;
        let lane = Lane {
            owner,
            tasks: VecDeque::from([open]),
            queued: 0,
            peak: 0,
            bound,
            pipe,
            closed: false,
            verdict: None,
            aborted: Vec::new(),
            when_room: None,
            steps: 0,
            released: false,
        };
        state.lanes.insert(id, lane);
        self.work.notify_one();
        id
    }

    pub(super) fn push_if_room(&self, id: LaneId, bytes: &[u8]) -> bool {
        let mut state = self.state.lock();
        match state.lanes.get_mut(&id).filter(|lane| !lane.closed && lane.has_room(bytes.len())) {
            Some(lane) => {
                lane.push(bytes);
                self.work.notify_one();
                true
            }
            None => false,
        }
    }

    pub(super) fn is_closed(&self, id: LaneId) -> bool {
        self.standing(id).is_over
    }

    pub(super) fn standing(&self, id: LaneId) -> Standing {
        let state = self.state.lock();
        let Some(lane) = state.lanes.get(&id) else { return Standing { is_over: true, ..Standing::default() } };
        let reads = lane.pipe.as_ref().map_or(0, |pipe| pipe.reads());
        Standing { is_over: lane.closed, steps: lane.steps + reads, queued_bytes: lane.queued }
    }

    /// `false` when the capture is over, be it because this wait took too long.
    pub(super) fn push_waiting(
        &self,
        id: LaneId,
        bytes: &[u8],
        patience: Duration,
        deadline: Option<(Instant, Duration)>,
    ) -> bool {
        let mut state = self.state.lock();
        let (mut steps, mut since) = (state.steps, Instant::now());
        loop {
            let now = Instant::now();
            if state.steps != steps {
                (steps, since) = (state.steps, now);
            }
            let Some(lane) = state.lanes.get_mut(&id).filter(|lane| !lane.closed) else { return false };
            let late = deadline.filter(|(at, _)| now >= *at);
            let waited = now.duration_since(since);
            if let Some((_, limit)) = late {
                lane.verdict = Some(ErrorKind::Timeout { limit }.into());
            } else if lane.has_room(bytes.len()) {
                lane.push(bytes);
                self.work.notify_one();
                return true;
            } else if waited >= patience {
                lane.verdict = Some(ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes: lane.queued }.into());
            }
            if lane.verdict.is_some() {
                lane.close();
                self.work.notify_one();
                return false;
            }
            let until_deadline = deadline.map_or(Duration::MAX, |(at, _)| at.saturating_duration_since(now));
            self.step.wait_for(&mut state, until_deadline.min(patience - waited));
        }
    }

    pub(super) fn when_room(&self, id: LaneId, reply: Reply<()>) {
        let mut state = self.state.lock();
        let due = match state.lanes.get_mut(&id).filter(|lane| !lane.closed && !lane.is_half_empty()) {
            // Who asked before is told at once, and asks again if there is no room.
            Some(lane) => lane.when_room.replace(reply),
            None => Some(reply),
        };
        drop(state);
        if let Some(due) = due {
            due(Ok(()));
        }
    }

    pub(super) fn finish(&self, id: LaneId, reply: Reply<Written>) {
        let mut state = self.state.lock();
        if let Some(lane) = state.lanes.get_mut(&id) {
            lane.closed = true;
            lane.tasks.push_back(Task::Finish(reply));
            self.work.notify_one();
            return;
        }
        drop(state);
        reply(Err(Error::internal("the capture's lane is gone")));
    }

    pub(super) fn abort(&self, id: LaneId, error: Error, reply: Reply<()>) {
        let mut state = self.state.lock();
        if let Some(lane) = state.lanes.get_mut(&id) {
            lane.close();
            lane.verdict = Some(error);
            lane.aborted.push(reply);
            self.work.notify_one();
            return;
        }
        drop(state);
        reply(Ok(()));
    }

    /// The writer was dropped: without a pending finish the capture is given up, with one it is completed.
    pub(super) fn release(&self, id: LaneId) {
        let mut state = self.state.lock();
        if let Some(lane) = state.lanes.get_mut(&id) {
            lane.released = true;
            if !lane.tasks.iter().any(|task| matches!(task, Task::Finish(_))) {
                lane.close();
            }
        }
        self.work.notify_one();
    }

    pub(super) fn abandon(&self, owner: u64, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.state.lock();
        for lane in state.lanes.values_mut().filter(|lane| lane.owner == owner) {
            lane.close();
            lane.released = true;
            lane.verdict = Some(given_up("its thread or process ended"));
        }
        self.work.notify_one();
        while state.lanes.values().any(|lane| lane.owner == owner) {
            if self.step.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    pub(super) fn backlog(&self, id: LaneId) -> Backlog {
        let state = self.state.lock();
        let (queued_bytes, peak_queued_bytes) = state.lanes.get(&id).map_or((0, 0), |lane| (lane.queued, lane.peak));
        Backlog { queued_bytes, peak_queued_bytes }
    }

    pub(super) fn wake(&self) {
        let _state = self.state.lock();
        self.work.notify_one();
    }

    /// For the sink's thread: the next thing to do, lanes in turn; `None` after `idle` without any.
    pub(super) fn next(&self, idle: Duration) -> Option<(LaneId, Task)> {
        let mut state = self.state.lock();
        let until = Instant::now() + idle;
        loop {
            let served = state.served;
            let order = state.lanes.range(served + 1..).chain(state.lanes.range(..=served)).map(|(id, _)| *id);
            for id in order.collect::<Vec<_>>() {
                let Some(task) = state.lanes.get_mut(&id).and_then(Lane::next) else { continue };
                state.served = id;
                return Some((id, task));
            }
            if self.work.wait_until(&mut state, until).timed_out() {
                return None;
            }
        }
    }

    /// For the sink's thread: a step was done. Gives back a reply that is now due.
    pub(super) fn done(&self, id: LaneId, step: Done) -> Option<Reply<()>> {
        let mut state = self.state.lock();
        state.steps += 1;
        let due = state.lanes.get_mut(&id).and_then(|lane| {
            lane.queued = lane.queued.saturating_sub(step.bytes);
            lane.steps += 1;
            if step.failed {
                lane.close();
            }
            if lane.closed || lane.is_half_empty() { lane.when_room.take() } else { None }
        });
        if step.forget {
            state.lanes.remove(&id);
        }
        self.step.notify_all();
        due
    }
}
