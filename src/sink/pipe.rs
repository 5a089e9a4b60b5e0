//! A capture's encoded bytes on their way to a reader (a JavaScript `Readable`), in bounded memory.
//!
//! The capture's thread writes, somebody else reads, neither waits for the other. When [`MEMORY_BYTES`] are unread, one
//! of two things happens, as [`Overflow`] says:
//!
//! * [`Overflow::Wait`]: the sink takes no more of this capture's raw bytes until some are read, so that its queue fills and
//!   its producer waits: backpressure end to end. For producers with a thread of their own.
//! * [`Overflow::Spool`]: the rest goes to a temporary file that goes with its handle ([`super::spool`]). For a producer on the reader's own thread (V8 while
//!   it serializes a snapshot inline), where waiting for the reader would wait forever.
//!
//! Invariants: bytes come out in the order in which they went in: memory holds older bytes than the spool. The disk is touched by the
//! capture's thread alone, and never while the lock is held that the reader needs: no disk can stop a reader.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Reply;
use super::pipeline::{Committed, Output, Target};
use super::spool::Spool;
use crate::error::{Error, ErrorKind, Result};

/// How much is held in memory, and how much is read back from the spool at once.
const MEMORY_BYTES: usize = 4 << 20;

/// What to do with bytes that nobody reads yet.
#[derive(Debug, Clone)]
pub enum Overflow {
    /// Let the producer wait.
    Wait,
    /// Keep them in a temporary file in this directory.
    Spool(PathBuf),
}

/// The pipe; shared by the capture's thread and the reader.
pub struct Pipe {
    overflow: Overflow,
    state: Mutex<State>,
    /// For the capture's thread only, which may be in it for as long as the disk likes.
    spool: Mutex<Option<Spool>>,
}

#[derive(Default)]
struct State {
    memory: VecDeque<Vec<u8>>,
    memory_bytes: usize,
    /// Bytes in the spool that were not read back, and whether there is a spool at all.
    spooled_bytes: u64,
    has_spool: bool,
    /// Set when no more bytes will come.
    ended: bool,
    /// The reader went away, or the capture failed: whatever is held is dropped, whatever comes is refused.
    closed: bool,
    /// Why, for the reader that asks next; where nobody says, the capture knows.
    failure: Option<Error>,
    waiting: Option<Reply<Option<Vec<u8>>>>,
    /// How often somebody has asked for bytes.
    reads: u64,
}

impl Pipe {
    /// An empty pipe.
    pub fn new(overflow: Overflow) -> Arc<Self> {
        Arc::new(Self { overflow, state: Mutex::default(), spool: Mutex::default() })
    }

    /// Asks for the next bytes: `reply` gets them, or `None` at the end, now or when there are any. One read at a
    /// time. Answers whether the capture's thread has to be woken to go on.
    pub fn read(&self, reply: Reply<Option<Vec<u8>>>) -> bool {
        let mut state = self.state.lock();
        if state.waiting.is_some() {
            drop(state);
            reply(Err(Error::internal("two reads of one stream at a time")));
            return false;
        }
        state.waiting = Some(reply);
        state.reads += 1;
        self.serve(state);
        true
    }

    /// Drops what is held and refuses what comes; a waiting reader is told that the capture was given up.
    pub fn close(&self) {
        self.shut(None);
    }

    /// The same, for a reader who learns from nobody else why.
    pub(super) fn fail(&self, error: Error) {
        self.shut(Some(error));
    }

    fn shut(&self, failure: Option<Error>) {
        let mut state = self.state.lock();
        let (waiting, failure) = (state.waiting.take(), state.failure.take().or(failure));
        *state = State { closed: true, has_spool: state.has_spool, failure, waiting, ..State::default() };
        self.serve(state);
    }

    /// Whether a reader waits for bytes.
    pub(super) fn is_awaited(&self) -> bool {
        self.state.lock().waiting.is_some()
    }

    /// Whether there is a file that has to be let go of.
    pub(super) fn has_spool(&self) -> bool {
        self.state.lock().has_spool
    }

    /// How often somebody has asked for bytes: a reader that is slow, but there.
    pub(super) fn reads(&self) -> u64 {
        self.state.lock().reads
    }

    /// Whether the sink may go on with this capture.
    pub(super) fn has_room(&self) -> bool {
        matches!(self.overflow, Overflow::Spool(_)) || self.state.lock().memory_bytes < MEMORY_BYTES
    }

    /// Whether the capture's thread should read back from the spool, or let go of it.
    pub(super) fn wants_tending(&self) -> bool {
        let state = self.state.lock();
        state.has_spool && (state.closed || (state.memory.is_empty() && state.spooled_bytes > 0))
    }

    /// Does that.
    pub(super) fn tend(&self) -> Result<()> {
        let mut spool = self.spool.lock();
        let mut state = self.state.lock();
        if state.closed {
            state.has_spool = false;
            drop(state);
            *spool = None;
            return Ok(());
        }
        drop(state);
        let Some(spool) = spool.as_mut() else { return Ok(()) };
        let bytes = spool.read(MEMORY_BYTES).map_err(|error| Error::io("read", self.spool_dir(), error))?;
        state = self.state.lock();
        if !state.closed {
            state.spooled_bytes -= bytes.len() as u64;
            state.push(bytes);
            self.serve(state);
        }
        Ok(())
    }

    fn spool_dir(&self) -> PathBuf {
        match &self.overflow {
            Overflow::Spool(dir) => dir.clone(),
            Overflow::Wait => PathBuf::new(),
        }
    }

    /// Answers a waiting reader if there is something to answer. Replies are made without the lock.
    fn serve(&self, mut state: parking_lot::MutexGuard<'_, State>) {
        if state.waiting.is_none() {
            return;
        }
        let answer = if state.closed {
            Err(state.failure.take().unwrap_or_else(closed))
        } else if let Some(bytes) = state.memory.pop_front() {
            state.memory_bytes -= bytes.len();
            Ok(Some(bytes))
        } else if state.spooled_bytes > 0 || !state.ended {
            return;
        } else {
            Ok(None)
        };
        let reply = state.waiting.take();
        drop(state);
        if let Some(reply) = reply {
            reply(answer);
        }
    }

    fn put(&self, bytes: &[u8]) -> Result<()> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(closed());
        }
        match &self.overflow {
            Overflow::Spool(dir) if state.spooled_bytes > 0 || state.memory_bytes >= MEMORY_BYTES => {
                // Also when it cannot be written to: then it has to be let go of.
                state.has_spool = true;
                drop(state);
                self.spool(dir, bytes).map_err(|error| spool_failed(dir, error))?;
                state = self.state.lock();
                if state.closed {
                    return Err(closed());
                }
                state.spooled_bytes += bytes.len() as u64;
            }
            _ => state.push(bytes.to_vec()),
        }
        self.serve(state);
        Ok(())
    }

    fn spool(&self, dir: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut spool = self.spool.lock();
        let spool = match &mut *spool {
            Some(spool) => spool,
            none => none.insert(Spool::create(dir)?),
        };
        spool.write(bytes)
    }

    fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        self.serve(state);
    }
}

impl State {
    fn push(&mut self, bytes: Vec<u8>) {
        self.memory_bytes += bytes.len();
        self.memory.push_back(bytes);
    }
}

fn closed() -> Error {
    ErrorKind::Aborted { reason: String::from("its stream was closed before the end") }.into()
}

fn spool_failed(dir: &Path, error: io::Error) -> Error {
    let reason = format!(
        "a stream that is not read fast enough keeps what exceeds {MEMORY_BYTES} bytes in a temporary file, and that \
         failed: {error}. Choose a `dir` with room"
    );
    ErrorKind::NoSpace { path: dir.into(), reason, source: Some(error) }.into()
}

/// Writes a capture into a [`Pipe`].
pub struct StreamTarget(pub Arc<Pipe>);

impl Target for StreamTarget {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        Ok(Box::new(StreamOutput { pipe: self.0, ended: false }))
    }
}

struct StreamOutput {
    pipe: Arc<Pipe>,
    ended: bool,
}

impl Write for StreamOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.put(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for StreamOutput {
    fn commit(mut self: Box<Self>, _: &dyn Fn() -> bool) -> Result<Committed> {
        self.pipe.end();
        self.ended = true;
        Ok(Committed::default())
    }
}

impl Drop for StreamOutput {
    fn drop(&mut self) {
        if !self.ended {
            self.pipe.close();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::sink::{Codec, Plan, Sink, Writer};

    fn asked<T: Send + 'static>(ask: impl FnOnce(Reply<T>)) -> mpsc::Receiver<Result<T>> {
        let (send, receive) = mpsc::channel();
        ask(Box::new(move |answer| {
            let _ = send.send(answer);
        }));
        receive
    }

    fn next(pipe: &Pipe) -> mpsc::Receiver<Result<Option<Vec<u8>>>> {
        asked(|reply| {
            pipe.read(reply);
        })
    }

    #[test]
    fn spools_what_nobody_reads_and_keeps_the_order() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = Pipe::new(Overflow::Spool(dir.path().into()));
        let pieces: Vec<Vec<u8>> = (0..40_u8).map(|index| vec![index; 300_000]).collect();
        for piece in &pieces {
            assert!(pipe.has_room());
            pipe.put(piece).unwrap();
        }
        assert!(pipe.state.lock().memory_bytes < MEMORY_BYTES + 300_000);
        pipe.end();
        let mut all = Vec::new();
        loop {
            let answer = next(&pipe);
            while pipe.wants_tending() {
                pipe.tend().unwrap();
            }
            match answer.recv().unwrap().unwrap() {
                Some(bytes) => all.extend(bytes),
                None => break,
            }
        }
        assert!(all == pieces.concat());
    }

    #[test]
    fn a_spool_that_the_disk_holds_stops_no_reader_and_goes_with_its_thread() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = Pipe::new(Overflow::Spool(dir.path().into()));
        for _ in 0..2 {
            pipe.put(&vec![1; MEMORY_BYTES]).unwrap();
        }
        // The disk is at it.
        let held = pipe.spool.lock();
        assert_eq!(next(&pipe).try_recv().unwrap().unwrap().unwrap().len(), MEMORY_BYTES);
        let waiting = next(&pipe);
        assert!(waiting.try_recv().is_err() && pipe.has_room() && pipe.reads() == 2);
        pipe.close();
        assert_eq!(waiting.try_recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
        assert!(held.is_some(), "whoever closes the pipe leaves the file to the capture's thread");
        drop(held);
        assert!(pipe.wants_tending());
        pipe.tend().unwrap();
        assert!(pipe.spool.lock().is_none() && !pipe.wants_tending());
    }

    /// A stream of 9 MiB that is complete, of which nothing was read.
    fn complete(patience: Duration) -> (Sink, Arc<Pipe>, Writer) {
        let (sink, pipe) = (Sink::default(), Pipe::new(Overflow::Spool(std::env::temp_dir())));
        let plan = Plan {
            target: Box::new(StreamTarget(Arc::clone(&pipe))),
            place: Some("/spool".into()),
            pipe: Some(Arc::clone(&pipe)),
            transform: None,
            codec: Codec::None,
            queue_bytes: 1 << 20,
            patience,
            deadline: None,
            owner: 0,
        };
        let mut writer = None;
        asked(|opened| writer = Some(sink.begin(plan, opened))).recv().unwrap().unwrap();
        let writer = writer.unwrap();
        assert!(writer.write(&vec![1; 9 << 20]));
        asked(|written| writer.finish(written)).recv().unwrap().unwrap();
        (sink, pipe, writer)
    }

    /// Reads to the error at the end.
    fn failure(pipe: &Pipe, writer: &Writer) -> Error {
        loop {
            match asked(|reply| writer.read(reply))
                .recv_timeout(Duration::from_secs(60))
                .expect("the reader waits for ever")
            {
                Ok(bytes) => assert!(bytes.is_some()),
                Err(error) => {
                    assert!(!pipe.is_awaited());
                    return error;
                }
            }
        }
    }

    #[test]
    fn the_reader_of_a_complete_stream_is_told_when_the_disk_holds_its_spool() {
        let (_sink, pipe, writer) = complete(Duration::from_millis(500));
        let held = pipe.spool.lock();
        let error = failure(&pipe, &writer);
        assert!(error.to_string().contains("The volume of /spool has not answered"), "{error}");
        drop(held);
        // When the disk is back, its space is.
        while pipe.has_spool() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_reader_of_a_complete_stream_is_told_why_its_spool_cannot_be_read() {
        let (_sink, pipe, writer) = complete(Duration::from_secs(600));
        pipe.spool.lock().as_ref().unwrap().cut_off().unwrap();
        let error = failure(&pipe, &writer);
        assert_eq!(error.code(), "HEAPKIT_ERR_IO");
        assert!(error.to_string().starts_with("Cannot read "), "{error}");
    }

    #[test]
    fn waits_for_its_reader() {
        let pipe = Pipe::new(Overflow::Wait);
        let answer = next(&pipe);
        assert!(answer.try_recv().is_err());
        pipe.put(b"first").unwrap();
        assert_eq!(answer.try_recv().unwrap().unwrap().unwrap(), b"first");
        pipe.put(&vec![1; MEMORY_BYTES]).unwrap();
        assert!(!pipe.has_room());
        assert_eq!(next(&pipe).try_recv().unwrap().unwrap().unwrap().len(), MEMORY_BYTES);
        assert!(pipe.has_room());
        pipe.end();
        assert!(next(&pipe).try_recv().unwrap().unwrap().is_none());
    }

    #[test]
    fn a_closed_pipe_refuses_both_ends() {
        let pipe = Pipe::new(Overflow::Wait);
        let answer = next(&pipe);
        pipe.close();
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
        assert_eq!(pipe.put(b"x").unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
        assert_eq!(next(&pipe).try_recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    }
}
