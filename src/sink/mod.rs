//! The background writer: takes raw bytes from any thread, and compresses, digests and writes them on its own.
//!
//! Each capture has a lane, a queue whose bytes are bounded, and a thread, `heapkit-sink`, from its opening to its end. A producer that
//! runs ahead of the disk waits ([`Writer::write`]) or is told to ([`Writer::offer`]), so memory stays bounded whatever the size of the
//! snapshot. Invariants:
//!
//! * bytes counted in a lane never exceed its bound, the piece that is being written included;
//! * a capture that fails, by an error or by a panic, fails alone: its output is dropped (and leaves nothing behind), its
//!   queue is freed, its producer goes on unhindered, and [`Writer::finish`] tells why;
//! * every reply is made exactly once, and never under a lock;
//! * a disk that hangs is noticed by its own captures only: no lock is held while a thread may be in the kernel, threads are bounded in
//!   number, and whoever gives a capture up is answered even if its thread never comes back.
//!
//! The modules: `lane` (one capture's queue, replies and waiting), `worker` (a thread at a lane), `crew` (the threads), `watch` (the clock
//! that ends waits), `errand` (questions about directories), `answer`, `sync` (what the model checker replaces); `pipeline` (one
//! capture's codec, digest, output), `file` (in a `dir`) and `pipe` (the two outputs), `quota`, `listing`, `name`, `codec`.

mod answer;
mod codec;
mod crew;
mod dir;
mod errand;
mod file;
mod lane;
mod listing;
mod name;
mod pipe;
mod pipeline;
mod quota;
mod spool;
mod sync;
mod watch;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use codec::{Codec, Levels, Packing};
pub use file::{FileName, FileTarget, next_sequence, sweep};
pub use listing::{Listing, Page, is_there};
pub use name::{ArtifactName, Format, Kind};
pub use pipe::{Overflow, Pipe, StreamTarget};
pub use pipeline::{Committed, Counters, Output, Target, Transform, Withdraw, Written};
pub use quota::{FreeBytes, Listed, Quota, list};

use crate::error::{Error, ErrorKind, Result, Taker};
use crew::Crew;
use errand::Errand;
use lane::{Facts, Lane, Limits, Opening};
use watch::{Capture, Watch};

/// How an answer comes back: called once.
pub type Reply<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// What one capture asks of the sink.
pub struct Plan {
    /// Where the bytes go.
    pub target: Box<dyn Target>,
    /// The directory that this writes to. Captures into it share a bounded number of threads, and are refused while it hangs.
    pub place: Option<PathBuf>,
    /// The pipe that `target` writes to, if any: the sink goes on only while it has room.
    pub pipe: Option<Arc<Pipe>>,
    /// What rewrites them before they are compressed.
    pub transform: Option<Box<dyn Transform>>,
    /// How they are compressed.
    pub codec: Codec,
    /// The bound of the queue.
    pub queue_bytes: usize,
    /// How long a disk may take for one step, and how long a producer waits for a disk that takes nothing at all.
    pub patience: Duration,
    /// When the whole capture must be over, with the limit that is named in the error.
    pub deadline: Option<(Instant, Duration)>,
    /// Who asked for it (one JavaScript environment, say): see [`Sink::abandon`].
    pub owner: u64,
}

/// What a lane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes that wait to be written now.
    pub queued_bytes: usize,
    /// The most that ever waited.
    pub peak_queued_bytes: usize,
    /// Bytes that have left the queue for the output. With those in the queue they are all that came in, at any moment.
    pub taken_bytes: u64,
}

/// The state of a capture, for a producer that does not wait in [`Writer::write`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// The capture failed, was given up or finished.
    pub is_over: bool,
    /// Goes up with every step of the capture's thread, and with every read of a stream.
    pub steps: u64,
    /// Bytes that wait to be written.
    pub queued_bytes: usize,
}

/// The sink. Its threads end when there is nothing to do.
#[derive(Clone, Default)]
pub struct Sink {
    watch: Arc<Watch>,
}

impl Sink {
    /// Begins a capture. `opened` is told when its output is ready for bytes, or why it never will be.
    pub fn begin(&self, plan: Plan, opened: Reply<()>) -> Writer {
        let counters = Arc::new(Counters::default());
        let Plan { target, place, pipe, transform, codec, queue_bytes, patience, deadline, owner } = plan;
        let facts = Facts { owner, place, bound: queue_bytes, pipe: pipe.clone(), patience };
        let opening = Opening { target, transform, codec, counters: Arc::clone(&counters) };
        let crew = Arc::clone(&self.watch.crew);
        let lane = Lane::new(facts, opening, opened, move |lane| crew.seat(Arc::clone(lane) as _));
        match self.watch.add(Arc::new(Capture(Arc::clone(&lane)))) {
            Ok(()) => lane.wake(),
            Err(error) => lane.refuse(error),
        }
        Writer { watch: Arc::clone(&self.watch), lane, counters, pipe, deadline }
    }

    /// Answers a question about the directory `place`, which may take `patience`.
    pub fn ask<T: Send + 'static>(
        &self,
        place: PathBuf,
        patience: Duration,
        question: impl FnOnce() -> Result<T> + Send + 'static,
        reply: Reply<T>,
    ) {
        let errand = Errand::new(place, patience, Box::new(question), reply);
        match self.watch.add(Arc::clone(&errand) as _) {
            Ok(()) => Crew::seat(&self.watch.crew, errand),
            Err(error) => crew::Work::refuse(&*errand, error),
        }
    }

    /// Gives up every capture of `owner`, and waits at most `patience` for their outputs to be gone.
    pub fn abandon(&self, owner: u64, patience: Duration) {
        let until = Instant::now() + patience;
        let lanes = self.watch.lanes_of(owner);
        for lane in &lanes {
            lane.abort(given_up("its thread or process ended"), None);
        }
        for lane in lanes {
            lane.wait_gone(until, patience);
        }
    }
}

/// The producer's end of a lane. Dropped before [`Writer::finish`] it gives the capture up.
pub struct Writer {
    watch: Arc<Watch>,
    lane: Arc<Lane>,
    counters: Arc<Counters>,
    pipe: Option<Arc<Pipe>>,
    deadline: Option<(Instant, Duration)>,
}

impl Writer {
    /// Queues `bytes`, waiting for room: for a producer that cannot be told to come back. `false` when the capture is over already (it
    /// failed, was aborted or timed out): the rest can be dropped, and [`Writer::finish`] tells why.
    pub fn write(&self, bytes: &[u8]) -> bool {
        self.push(bytes, false)
    }

    /// The same for a producer that holds up a service meanwhile, such as V8 in the middle of a snapshot: all its waits for a slow disk
    /// together are no longer than the capture's patience, or than its own work has taken if that is more.
    pub fn write_holding(&self, bytes: &[u8]) -> bool {
        self.push(bytes, true)
    }

    fn push(&self, bytes: &[u8], holds: bool) -> bool {
        let limits = Limits { deadline: self.deadline, holds };
        bytes.chunks(self.piece_bytes()).all(|piece| self.lane.push_waiting(piece, limits))
    }

    /// Queues `bytes` if they fit now. `false` when they do not, or the capture is over: see [`Writer::when_room`].
    /// Pieces of more than [`Writer::piece_bytes`] are refused.
    pub fn offer(&self, bytes: &[u8]) -> bool {
        bytes.len() <= self.piece_bytes() && self.lane.push_if_room(bytes)
    }

    /// Whether the capture failed, was given up or finished: nothing more is taken.
    pub fn is_over(&self) -> bool {
        self.standing().is_over
    }

    /// The state of the capture.
    pub fn standing(&self) -> Standing {
        self.lane.standing()
    }

    /// The kernel's number of the thread that compresses and writes for this capture, for its clock (Linux). It is one and the same from
    /// the opening until [`Writer::finish`].
    pub fn thread(&self) -> Option<i32> {
        self.lane.thread()
    }

    /// How long a producer waits for a disk, or a reader, that takes nothing at all.
    pub fn patience(&self) -> Duration {
        self.lane.facts.patience
    }

    /// The failure of a capture that was waited for too long: the reader's if it left no room, else the disk's.
    pub fn stalled(&self, waited: Duration, queued_bytes: usize) -> Error {
        let who = if self.pipe.as_ref().is_some_and(|pipe| !pipe.has_room()) { Taker::Reader } else { Taker::Disk };
        ErrorKind::Stalled { who, waited, queued_bytes }.into()
    }

    /// The largest piece that [`Writer::offer`] takes.
    pub fn piece_bytes(&self) -> usize {
        (self.lane.facts.bound / 4).clamp(1, 256 << 10)
    }

    /// Calls `reply` when half of the queue is free, or with the capture's failure at its end.
    pub fn when_room(&self, reply: Reply<()>) {
        self.lane.when_room(reply);
    }

    /// No more bytes: `reply` gets what was written, once it is complete and durable, or why it is not.
    pub fn finish(&self, reply: Reply<Written>) {
        self.lane.finish(reply);
        self.watch.look_soon();
    }

    /// Gives the capture up for `error` (which [`Writer::finish`] then reports); `reply` is called when nothing of it is
    /// left, or soon if its disk does not answer; then what is left is removed when it does.
    pub fn abort(&self, error: Error, reply: Reply<()>) {
        if let Some(pipe) = &self.pipe {
            pipe.close();
        }
        self.lane.abort(error, Some(reply));
        self.watch.look_soon();
    }

    /// Reads the next encoded bytes of a capture that goes to a [`Pipe`]; `None` at the end.
    pub fn read(&self, reply: Reply<Option<Vec<u8>>>) {
        match &self.pipe {
            Some(pipe) => {
                if pipe.read(reply) {
                    self.lane.wake();
                }
            }
            None => reply(Err(Error::internal("this capture goes to a file, not to a stream"))),
        }
    }

    /// What waits to be written.
    pub fn backlog(&self) -> Backlog {
        self.lane.backlog()
    }

    /// What has been put out so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lane.release();
    }
}

fn given_up(reason: &str) -> Error {
    ErrorKind::Aborted { reason: reason.to_owned() }.into()
}
