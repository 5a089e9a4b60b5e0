//! A capture's encoded bytes on their way to a reader (a JavaScript `Readable`), in bounded memory.
//!
//! The sink's thread writes, somebody else reads, neither waits for the other. When [`MEMORY_BYTES`] are unread, one
//! of two things happens, as [`Overflow`] says:
//!
//! * [`Overflow::Wait`]: the sink takes no more of this capture's raw bytes until some are read, so that its queue fills and
//!   its producer waits: backpressure end to end. For producers with a thread of their own.
//! * [`Overflow::Spool`]: the rest goes to an unlinked temporary file. For a producer on the reader's own thread (V8 while
//!   it serializes a snapshot inline), where waiting for the reader would wait forever.
//!
//! Invariant: bytes come out in the order in which they went in: memory holds older bytes than the spool.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Reply;
use super::pipeline::{Committed, Output, Target};
use crate::descriptors::above_standard;
use crate::error::{Error, ErrorKind, Result};

/// How much is held in memory, and how much is read back from the spool at once.
const MEMORY_BYTES: usize = 4 << 20;

/// What to do with bytes that nobody reads yet.
#[derive(Debug, Clone)]
pub enum Overflow {
    /// Let the producer wait.
    Wait,
    /// Keep them in an unlinked file in this directory.
    Spool(PathBuf),
}

/// The pipe; shared by the sink's thread and the reader.
pub struct Pipe {
    overflow: Overflow,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    memory: VecDeque<Vec<u8>>,
    memory_bytes: usize,
    spool: Option<Spool>,
    /// Set when no more bytes will come.
    ended: bool,
    /// The reader went away, or the capture failed: whatever is held is dropped, whatever comes is refused.
    closed: bool,
    waiting: Option<Reply<Option<Vec<u8>>>>,
    /// How often somebody has asked for bytes.
    reads: u64,
}

struct Spool {
    file: File,
    read: u64,
    written: u64,
}

impl Pipe {
    /// An empty pipe.
    pub fn new(overflow: Overflow) -> Arc<Self> {
        Arc::new(Self { overflow, state: Mutex::default() })
    }

    /// Asks for the next bytes: `reply` gets them, or `None` at the end, now or when there are any. One read at a
    /// time. Answers whether the sink's thread has to be woken to go on.
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
        let mut state = self.state.lock();
        let waiting = state.waiting.take();
        *state = State { closed: true, ..State::default() };
        drop(state);
        if let Some(reply) = waiting {
            reply(Err(closed()));
        }
    }

    /// How often somebody has asked for bytes: a reader that is slow, but there.
    pub(super) fn reads(&self) -> u64 {
        self.state.lock().reads
    }

    /// Whether the sink may go on with this capture.
    pub(super) fn has_room(&self) -> bool {
        matches!(self.overflow, Overflow::Spool(_)) || self.state.lock().memory_bytes < MEMORY_BYTES
    }

    /// Whether bytes should be read back from the spool; for the sink's thread, because it touches the disk.
    pub(super) fn wants_refill(&self) -> bool {
        let state = self.state.lock();
        !state.closed && state.memory.is_empty() && state.spool.as_ref().is_some_and(Spool::has_unread)
    }

    pub(super) fn refill(&self) -> Result<()> {
        let mut state = self.state.lock();
        let Some(spool) = state.spool.as_mut() else { return Ok(()) };
        let bytes = spool.read().map_err(|error| Error::io("read", self.spool_dir(), error))?;
        state.push(bytes);
        self.serve(state);
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
            Err(closed())
        } else if let Some(bytes) = state.memory.pop_front() {
            state.memory_bytes -= bytes.len();
            Ok(Some(bytes))
        } else if state.spool.as_ref().is_some_and(Spool::has_unread) || !state.ended {
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
        let spooling = state.spool.as_ref().is_some_and(Spool::has_unread);
        match &self.overflow {
            Overflow::Spool(dir) if spooling || state.memory_bytes >= MEMORY_BYTES => {
                let failed = |error| spool_failed(dir, error);
                if state.spool.is_none() {
                    state.spool = Some(Spool::create(dir).map_err(failed)?);
                }
                if let Some(spool) = state.spool.as_mut() {
                    spool.write(bytes).map_err(failed)?;
                }
            }
            _ => state.push(bytes.to_vec()),
        }
        self.serve(state);
        Ok(())
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

impl Spool {
    fn create(dir: &Path) -> io::Result<Self> {
        Ok(Self { file: above_standard(|| tempfile::tempfile_in(dir))?, read: 0, written: 0 })
    }

    fn has_unread(&self) -> bool {
        self.read < self.written
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let unread = usize::try_from(self.written - self.read).unwrap_or(usize::MAX);
        let mut bytes = vec![0; unread.min(MEMORY_BYTES)];
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_exact(&mut bytes)?;
        self.read += bytes.len() as u64;
        if !self.has_unread() {
            // Everything was read: give the disk back and start afresh.
            self.file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(bytes)
    }
}

fn closed() -> Error {
    ErrorKind::Aborted { reason: String::from("its stream was closed before the end") }.into()
}

fn spool_failed(dir: &Path, error: io::Error) -> Error {
    let reason = format!(
        "a stream that is not read fast enough keeps what exceeds {MEMORY_BYTES} bytes in an unlinked temporary file, \
         and that failed: {error}. Choose a `dir` with room"
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
    fn commit(mut self: Box<Self>) -> Result<Committed> {
        self.pipe.end();
        self.ended = true;
        Ok(Committed { path: None })
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
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn next(pipe: &Pipe) -> mpsc::Receiver<Result<Option<Vec<u8>>>> {
        let (send, receive) = mpsc::channel();
        pipe.read(Box::new(move |answer| {
            let _ = send.send(answer);
        }));
        receive
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
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the spool has no name");
        pipe.end();
        let mut all = Vec::new();
        loop {
            let answer = next(&pipe);
            while pipe.wants_refill() {
                pipe.refill().unwrap();
            }
            match answer.recv().unwrap().unwrap() {
                Some(bytes) => all.extend(bytes),
                None => break,
            }
        }
        assert!(all == pieces.concat());
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
