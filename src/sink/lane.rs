//! A lane: one capture's bounded queue, its replies, and all the waiting for room and for work.
//!
//! The state is behind a lock of the lane's own that is held for bookkeeping only: never while a byte is compressed or written, and
//! never while a reply is made. So whoever asks a lane is answered at once, also while its thread is held by a disk that hangs.
//!
//! A thread takes the lane's seat when there is work, does one task after another ([`Lane::next`], then [`Lane::done`] or what is more
//! than that), and rises when no more is to come. Each reply has its place in the state and is taken out of it to be made, so it is made
//! once, by whoever decides first what the capture comes to: its thread, or whoever gives it up while the thread does not come back.

mod room;
mod seat;

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
use super::crew::is_runnable;
use super::pipe::Pipe;
use super::pipeline::{Counters, Pipeline, Target, Transform, Written};
use super::sync::{Condvar, Mutex, MutexGuard};
use super::{Backlog, Reply, Standing, given_up};
use crate::error::{Error, ErrorKind, Result, Taker};

/// How long a capture that was given up has for leaving nothing behind before that is answered all the same; a thread that has been at one
/// step for longer has had it.
#[cfg(not(heapkit_model))]
const GRACE: Duration = Duration::from_secs(1);
#[cfg(heapkit_model)]
const GRACE: Duration = Duration::from_secs(3600);

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
    /// Ends when the disk has taken everything, which may take its time; or leaves nothing behind.
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
    /// What it came to was told, or is kept in `failure` for who asks.
    over: bool,
    /// Why the capture is given up, and since when, until that is told.
    verdict: Option<(Error, Instant)>,
    /// For the finish that will ask for it.
    failure: Option<Error>,
    opened: Option<Reply<()>>,
    finished: Option<Reply<Written>>,
    aborted: Vec<Reply<()>>,
    when_room: Option<Reply<()>>,
    /// When the first bytes came that could wait for room, and how long they all have waited.
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

impl State {
    /// No more bytes; those that wait are dropped.
    fn close(&mut self) {
        self.closed = true;
        let waiting = self.tasks.iter().map(Task::bytes).sum::<usize>();
        self.tasks.retain(|task| !matches!(task, Task::Chunk(_)));
        self.queued = self.queued.saturating_sub(waiting);
    }

    /// The first reason counts. It is told when the output is gone, or when that takes too long.
    fn give_up(&mut self, error: Error) {
        self.close();
        if !self.over && self.verdict.is_none() {
            self.verdict = Some((error, Instant::now()));
            self.discard = true;
        }
    }

    /// What the capture came to, for all who wait.
    fn conclude(&mut self, outcome: Result<Written>) -> Answers {
        let mut answers = Answers::default();
        self.close();
        self.tasks.clear();
        self.over = true;
        self.verdict = None;
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

    /// Those who only wait for an end.
    fn farewell(&mut self) -> Answers {
        let mut answers = Answers::default();
        answers.add(self.when_room.take(), Ok(()));
        for reply in std::mem::take(&mut self.aborted) {
            answers.add(Some(reply), Ok(()));
        }
        answers
    }

    /// The verdict, if there is one that was not told.
    fn tell(&mut self) -> Answers {
        match self.verdict.take() {
            Some((error, _)) => self.conclude(Err(error)),
            None => Answers::default(),
        }
    }

    /// Nobody is at work who could leave something behind, or who would notice soon that the capture was given up: `held` says that its
    /// thread, if it is at a step, is not just waiting for a processor.
    fn is_unattended(&self, held: bool) -> bool {
        match (self.seat, self.busy) {
            (Seat::Taken, Some((_, since))) => held && since.elapsed() >= GRACE,
            (Seat::Taken, None) => false,
            _ => self.pipeline.is_none(),
        }
    }
}

const NEVER_OPENED: &str = "it could not be opened";

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

    /// Somebody should look after what there is to do.
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

    // --- for whoever has the writer ---

    pub(super) fn thread(&self) -> Option<i32> {
        Some(self.thread.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Its thread, if it is at a step, is in the kernel's hands.
    fn is_held(&self) -> bool {
        cfg!(heapkit_model) || self.thread().is_none_or(|thread| !is_runnable(thread))
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

    pub(super) fn finish(self: &Arc<Self>, reply: Reply<Written>) {
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
    pub(super) fn abort(self: &Arc<Self>, error: Error, reply: Option<Reply<()>>) {
        let held = self.is_held();
        let mut state = self.state.lock();
        let mut answers = Answers::default();
        state.give_up(error);
        // A producer may wait for room that a thread which hangs does not make.
        self.step.notify_all();
        if state.verdict.is_none() && !state.discard {
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
    pub(super) fn release(self: &Arc<Self>) {
        self.close_pipe();
        let mut state = self.state.lock();
        if state.finished.is_none() {
            state.give_up(given_up("its writer was dropped"));
        }
        self.attend(state);
    }

    /// Waits until nothing is left of the capture; not for a thread that has not come back for `patience` already.
    pub(super) fn wait_gone(&self, until: Instant, patience: Duration) {
        let mut state = self.state.lock();
        while !state.over || state.discard || state.busy.is_some() {
            let hangs = state.busy.is_some_and(|(_, since)| since.elapsed() >= patience);
            if hangs || self.step.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    // --- for those who keep order ---

    /// No thread can be had for it.
    pub(super) fn refuse(&self, error: Error) {
        let mut state = self.state.lock();
        state.seat = Seat::Vacant;
        let mut answers = Answers::default();
        // A lane that is over wanted to clean up. That has to wait for a better time.
        if !state.over {
            state.give_up(error);
            answers = state.tell();
            answers.append(state.farewell());
        }
        // If nothing was opened, nothing is to be dropped.
        state.discard = state.pipeline.is_some();
        self.step.notify_all();
        drop(state);
        answers.make();
        self.close_pipe();
    }

    /// Ends waits that have taken too long; tells when the next one will.
    pub(super) fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let patience = self.facts.patience;
        let due = match (&state.verdict, state.busy) {
            (Some((_, since)), _) => *since + GRACE,
            (None, Some((Step::Opening, since))) if !state.over => since + patience,
            // A producer that has not finished ends this itself, unless it waits for nothing but an answer.
            (None, Some((Step::Writing, since))) if state.finished.is_some() || state.when_room.is_some() => {
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
            let error = match (step, &self.facts.place) {
                (Step::Opening, Some(place)) => ErrorKind::Hangs { path: place.clone(), waited, earlier: false },
                _ => ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes: state.queued },
            };
            state.give_up(error.into());
        }
        let mut answers = state.tell();
        answers.append(state.farewell());
        self.step.notify_all();
        drop(state);
        answers.make();
        self.close_pipe();
        None
    }

    /// Whoever reads is told that nothing more comes.
    fn close_pipe(&self) {
        if let Some(pipe) = &self.facts.pipe {
            pipe.close();
        }
    }

    /// What it came to is told, and nothing is left to do.
    pub(super) fn is_gone(&self) -> bool {
        let state = self.state.lock();
        state.over && state.seat == Seat::Vacant && !self.has_work(&state)
    }
}
