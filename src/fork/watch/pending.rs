//! Bytes between the child's pipe and the outlet: at most one read's worth, which waits where the outlet has no room.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;

use crate::fork::{Offered, Outlet};

const BYTES: usize = 256 << 10;
/// How soon an outlet that had no room is asked again, first and at most.
const RETRY: Duration = Duration::from_millis(2);
const RETRY_AT_MOST: Duration = Duration::from_millis(25);

/// What became of the bytes that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// None wait any more.
    All,
    /// The outlet has no room for the next ones, or is over.
    Refused,
}

pub(super) struct Pending {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    retry: Option<Duration>,
}

impl Pending {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; BYTES], start: 0, end: 0, retry: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// When to try again, if the outlet had no room.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Reads what fits, once all that came before was passed on. Empty at the end.
    pub(super) fn fill(&mut self, pipe: &OwnedFd) -> Result<&[u8], Errno> {
        let length = rustix::io::read(pipe, self.buffer.as_mut_slice())?;
        (self.start, self.end) = (0, length);
        Ok(self.buffer.get(..length).unwrap_or_default())
    }

    /// Passes on what the outlet has room for.
    pub(super) fn pass(&mut self, outlet: &mut dyn Outlet) -> Passed {
        let most = outlet.piece_bytes().max(1);
        while self.start < self.end {
            let end = self.end.min(self.start.saturating_add(most));
            let piece = self.buffer.get(self.start..end).unwrap_or_default();
            if outlet.offer(piece) != Offered::Taken {
                self.retry = Some(self.retry.map_or(RETRY, |last| (last * 2).min(RETRY_AT_MOST)));
                return Passed::Refused;
            }
            self.start = end;
            self.retry = None;
        }
        Passed::All
    }
}
