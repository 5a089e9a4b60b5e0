//! The background writer: takes raw bytes from any thread, and compresses, digests and writes them on its own.
//!
//! One thread, `heapkit-sink`, serves all captures of the process in turn. Each capture has a lane: a queue whose bytes
//! are bounded. A producer that runs ahead of the disk waits ([`Writer::write`]) or is told to ([`Writer::offer`]), so
//! memory stays bounded whatever the size of the snapshot. Invariants:
//!
//! * bytes counted in a lane never exceed its bound, the piece that is being written included;
//! * a capture that fails, by an error or by a panic, fails alone: its output is dropped (and leaves nothing behind), its
//!   queue is freed, its producer goes on unhindered, and [`Writer::finish`] tells why;
//! * every reply is made exactly once, on the sink's thread or the caller's, and never under the lock.
//!
//! The rooms: `lane` (queues and waiting), `worker` (the thread), `pipeline` (one capture's codec, digest, output),
//! `file` and `pipe` (the two outputs), `quota`, `listing`, `name`, `codec`.

mod codec;
mod file;
mod lane;
mod listing;
mod name;
mod pipe;
mod pipeline;
mod quota;
mod worker;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub use codec::Codec;
pub use file::{FileName, FileTarget, next_sequence, sweep};
pub use listing::{Listing, Page};
pub use name::{ArtifactName, Format, Packing};
pub use pipe::{Overflow, Pipe, StreamTarget};
pub use pipeline::{Committed, Counters, Output, Target, Transform, Written};
pub use quota::{FreeBytes, Listed, Quota, list};

use crate::error::{Error, ErrorKind, Result, Taker};
use lane::{LaneId, Shared, Task};

/// How an answer comes back: called once.
pub type Reply<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// What one capture asks of the sink.
pub struct Plan {
    /// Where the bytes go.
    pub target: Box<dyn Target>,
    /// The pipe that `target` writes to, if it does: it has a say in when the sink goes on.
    pub pipe: Option<Arc<Pipe>>,
    /// What they go through before they are packed.
    pub transform: Option<Box<dyn Transform>>,
    /// How they are packed.
    pub codec: Codec,
    /// The bound of the queue.
    pub queue_bytes: usize,
    /// How long a producer waits for a disk that takes nothing at all.
    pub patience: Duration,
    /// When the whole capture must be over, with the limit that is named in the error.
    pub deadline: Option<(Instant, Duration)>,
    /// Who asks, for [`Sink::abandon`]: one JavaScript environment, say.
    pub owner: u64,
}

/// What a lane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes that wait to be written now.
    pub queued_bytes: usize,
    /// The most that ever waited.
    pub peak_queued_bytes: usize,
}

/// How it stands with a capture, for a producer that does not wait in [`Writer::write`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// The capture failed, was given up or finished.
    pub is_over: bool,
    /// Goes up with every step of the sink's thread, and with every read of a stream.
    pub steps: u64,
    /// Bytes that wait to be written.
    pub queued_bytes: usize,
}

/// The sink: a handle to its thread. Dropping every handle and writer ends the thread.
#[derive(Clone)]
pub struct Sink {
    shared: Arc<Shared>,
}

impl Sink {
    /// Starts the thread; fails where the process may not have another one.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        worker::spawn(&shared)?;
        Ok(Self { shared })
    }

    /// Begins a capture. `opened` is told when its output is ready for bytes, or why it never will be.
    pub fn begin(&self, plan: Plan, opened: Reply<()>) -> Writer {
        let counters = Arc::new(Counters::default());
        let Plan { target, pipe, transform, codec, queue_bytes, patience, deadline, owner } = plan;
        let open = Task::Open { target, transform, codec, counters: Arc::clone(&counters), opened };
        let lane = self.shared.add(owner, queue_bytes, pipe.clone(), open);
        Writer { shared: Arc::clone(&self.shared), lane, counters, pipe, patience, deadline, queue_bytes }
    }

    /// Gives up every capture of `owner`, and waits at most `patience` for their outputs to be gone.
    pub fn abandon(&self, owner: u64, patience: Duration) {
        self.shared.abandon(owner, patience);
    }
}

/// The producer's end of a lane. Dropped before [`Writer::finish`] it gives the capture up.
pub struct Writer {
    shared: Arc<Shared>,
    lane: LaneId,
    counters: Arc<Counters>,
    pipe: Option<Arc<Pipe>>,
    patience: Duration,
    deadline: Option<(Instant, Duration)>,
    queue_bytes: usize,
}

impl Writer {
    /// Queues `bytes`, waiting for room: for a producer that cannot be told to come back, such as V8 in the middle of a
    /// snapshot. `false` when the capture is over already (it failed, was aborted or timed out): the rest can be dropped,
    /// and [`Writer::finish`] tells why.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let mut pieces = bytes.chunks(self.piece_bytes());
        pieces.all(|piece| self.shared.push_waiting(self.lane, piece, self.patience, self.deadline))
    }

    /// Queues `bytes` if they fit now. `false` when they do not, or the capture is over: see [`Writer::when_room`].
    /// Pieces of more than [`Writer::piece_bytes`] are refused.
    pub fn offer(&self, bytes: &[u8]) -> bool {
        bytes.len() <= self.piece_bytes() && self.shared.push_if_room(self.lane, bytes)
    }

    /// Whether the capture failed, was given up or finished: nothing more is taken.
    pub fn is_over(&self) -> bool {
        self.shared.is_closed(self.lane)
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.shared.standing(self.lane)
    }

    /// The kernel's number of the thread that compresses and writes, for its clock (Linux).
    pub fn thread(&self) -> Option<i32> {
        Some(self.shared.thread.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// How long a producer waits for a disk, or a reader, that takes nothing at all.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The failure of a capture that was waited for longer: it is the reader's if it left no room, else the disk's.
    pub fn stalled(&self, waited: Duration, queued_bytes: usize) -> Error {
        let who = if self.pipe.as_ref().is_some_and(|pipe| !pipe.has_room()) { Taker::Reader } else { Taker::Disk };
        ErrorKind::Stalled { who, waited, queued_bytes }.into()
    }

    /// The largest piece that [`Writer::offer`] takes.
    pub fn piece_bytes(&self) -> usize {
        (self.queue_bytes / 4).clamp(1, 256 << 10)
    }

    /// Calls `reply` when half of the queue is free, or with the capture's failure at its end.
    pub fn when_room(&self, reply: Reply<()>) {
        self.shared.when_room(self.lane, reply);
    }

    /// No more bytes: `reply` gets what was written, once it is complete and durable, or why it is not.
    pub fn finish(&self, reply: Reply<Written>) {
        self.shared.finish(self.lane, reply);
    }

    /// Gives the capture up for `error` (which [`Writer::finish`] then reports); `reply` is called when nothing of it is
    /// left.
    pub fn abort(&self, error: Error, reply: Reply<()>) {
        if let Some(pipe) = &self.pipe {
            pipe.close();
        }
        self.shared.abort(self.lane, error, reply);
    }

    /// Reads the next encoded bytes of a capture that goes to a [`Pipe`]; `None` at the end.
    pub fn read(&self, reply: Reply<Option<Vec<u8>>>) {
        match &self.pipe {
            Some(pipe) => {
                if pipe.read(reply) {
                    self.shared.wake();
                }
            }
            None => reply(Err(Error::internal("this capture goes to a file, not to a stream"))),
        }
    }

    /// What waits to be written.
    pub fn backlog(&self) -> Backlog {
        self.shared.backlog(self.lane)
    }

    /// What has been taken in and put out so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.release(self.lane);
    }
}

fn given_up(reason: &str) -> Error {
    ErrorKind::Aborted { reason: reason.to_owned() }.into()
}
