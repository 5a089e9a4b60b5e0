//! A lane: one capture's bounded queue, its replies, and all the waiting for room and for work. Here is its state; `room` has the producer's
//! side, `seat` the thread's, `end` the ways in which a capture ends, `verdict` what it comes to.
//!
//! The state is behind a lock of the lane's own that is held for bookkeeping only: never while a byte is compressed or written, and
//! never while a reply is made. So whoever asks a lane is answered at once, even while a disk that hangs holds its thread.
//!
//! A thread takes the lane's seat when there is work, does one task after another ([`Lane::next`], then [`Lane::done`] or the like), and
//! rises when no more is to come. Each reply has its place in the state and is taken out of it to be made, so it is made
//! once, by whoever decides first what the capture comes to: its thread, or whoever gives it up while the thread does not come back.

mod end;
mod room;
mod seat;
mod verdict;

pub(super) use room::Limits;

#[cfg(all(test, heapkit_model))]
#[allow(clippy::unwrap_used)]
mod model;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use super::answer::Answers;
use super::codec::Codec;
use super::pipe::Pipe;
use super::pipeline::{Counters, Pipeline, Target, Transform, Written};
use super::sync::{Condvar, Mutex, MutexGuard};
use super::{Backlog, Reply, Standing};
use crate::error::Error;

/// One thing for the thread to do.
pub(super) enum Task {
    Open(Box<Opening>),
    Chunk(Vec<u8>),
    /// Complete the output.
    Finish,
    /// Read back what a pipe has spooled, or let go of it.
    Tend(Arc<Pipe>),
    /// Drop the output.
    Discard,
}

/// What opening needs.
pub(super) struct Opening {
    pub(super) target: Box<dyn Target>,
    pub(super) transform: Option<Box<dyn Transform>>,
    pub(super) codec: Codec,
    pub(super) counters: Arc<Counters>,
}

/// What never changes.
pub(super) struct Facts {
    pub(super) owner: u64,
    /// The directory, for a capture that writes to one.
    pub(super) place: Option<PathBuf>,
    pub(super) bound: usize,
    pub(super) pipe: Option<Arc<Pipe>>,
    pub(super) patience: Duration,
}

type Call = Box<dyn Fn(&Arc<Lane>) + Send + Sync>;

pub(super) struct Lane {
    pub(super) facts: Facts,
    /// Finds a thread for the lane.
    call: Call,
    state: Mutex<State>,
    /// There may be something to do.
    work: Condvar,
    /// A step was done.
    step: Condvar,
    /// The kernel's number of the thread; 0 without one.
    thread: AtomicI32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seat {
    Vacant,
    /// A thread was asked for.
    Wanted,
    Taken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Opening,
    Writing,
    /// Completes the output, which takes as long as the disk needs; or drops it.
    Ending,
}

struct State {
    seat: Seat,
    tasks: VecDeque<Task>,
    /// What the thread is doing, and since when.
    busy: Option<(Step, Instant)>,
    /// The open output, while no thread has it.
    pipeline: Option<Box<Pipeline>>,
    /// The output has to be dropped.
    discard: bool,
    queued: usize,
    peak: usize,
    /// Bytes that have left the queue for the output.
    taken: u64,
    /// Steps that the thread has done.
    steps: u64,
    /// No more bytes are taken: failed, aborted or finished.
    closed: bool,
    /// What it came to was told, or is kept in `failure`.
    over: bool,
    /// Why the capture is given up, and since when, until that is told.
    verdict: Option<(Error, Instant)>,
    /// For the finish that is still to come.
    failure: Option<Error>,
    opened: Option<Reply<()>>,
    finished: Option<Reply<Written>>,
    aborted: Vec<Reply<()>>,
    when_room: Option<Reply<()>>,
    /// When the first write came that could wait for room, and how long all of them together have waited.
    began: Option<Instant>,
    held: Duration,
}

impl Task {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Chunk(bytes) => bytes.len(),
            _ => 0,
        }
    }

    fn step(&self) -> Step {
        match self {
            Self::Open(_) => Step::Opening,
            Self::Chunk(_) | Self::Tend(_) => Step::Writing,
            Self::Finish | Self::Discard => Step::Ending,
        }
    }
}

impl Lane {
    pub(super) fn new(
        facts: Facts,
        opening: Opening,
        opened: Reply<()>,
        call: impl Fn(&Arc<Lane>) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let state = State {
            seat: Seat::Vacant,
            tasks: VecDeque::from([Task::Open(Box::new(opening))]),
            busy: None,
            pipeline: None,
            discard: false,
            queued: 0,
            peak: 0,
            taken: 0,
            steps: 0,
            closed: false,
            over: false,
            verdict: None,
            failure: None,
            opened: Some(opened),
            finished: None,
            aborted: Vec::new(),
            when_room: None,
            began: None,
            held: Duration::ZERO,
        };
        Arc::new(Self {
            facts,
            call: Box::new(call),
            state: Mutex::new(state),
            work: Condvar::default(),
            step: Condvar::default(),
            thread: AtomicI32::new(0),
        })
    }

    /// Sees to it that what there is to do gets done.
    pub(super) fn wake(self: &Arc<Self>) {
        self.attend(self.state.lock());
    }

    fn attend(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.seat == Seat::Vacant && self.has_work(&state) {
            state.seat = Seat::Wanted;
            drop(state);
            (self.call)(self);
        } else {
            self.work.notify_one();
        }
    }

    fn has_work(&self, state: &State) -> bool {
        let pipe = self.facts.pipe.as_ref();
        state.discard
            || pipe.is_some_and(|pipe| pipe.wants_tending())
            || match state.tasks.front() {
                Some(Task::Chunk(_)) => pipe.is_none_or(|pipe| pipe.has_room()),
                front => front.is_some(),
            }
    }

    /// The kernel's number of the thread that sits here.
    pub(super) fn thread(&self) -> Option<i32> {
        Some(self.thread.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    pub(super) fn standing(&self) -> Standing {
        let state = self.state.lock();
        let reads = self.facts.pipe.as_ref().map_or(0, |pipe| pipe.reads());
        Standing { is_over: state.closed, steps: state.steps + reads, queued_bytes: state.queued }
    }

    pub(super) fn backlog(&self) -> Backlog {
        let state = self.state.lock();
        Backlog { queued_bytes: state.queued, peak_queued_bytes: state.peak, taken_bytes: state.taken }
    }
}
