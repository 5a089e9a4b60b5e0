//! Bytes between the child's pipe and the outlet: at most one read's worth, which waits where the outlet has no room.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::fork::quota::Governor;
use crate::fork::{Offered, Outlet};

const BYTES: usize = 256 << 10;
/// How soon an outlet that had no room is asked again, first and at most.
const RETRY: Duration = Duration::from_millis(2);
const RETRY_AT_MOST: Duration = Duration::from_millis(25);
/// Pieces are of this size where a CPU quota is to be kept: about a millisecond of compressing.
const SMALL: usize = 64 << 10;

/// What became of the bytes that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// None wait any more.
    All,
    /// The next ones are held back, because passing them on would use more of a CPU quota than is left.
    Saved,
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

    /// Passes on what the outlet has room for, and the governor lets through.
    pub(super) fn pass(
        &mut self,
        now: Instant,
        cpu: Option<Duration>,
        outlet: &mut dyn Outlet,
        mut governor: Option<&mut Governor>,
    ) -> Passed {
        let most = if governor.is_some() { outlet.piece_bytes().min(SMALL) } else { outlet.piece_bytes() };
        while self.start < self.end {
            if let Some(governor) = governor.as_deref_mut()
                && !governor.may_pass(now, cpu, outlet)
            {
                self.retry = Some(RETRY);
                return Passed::Saved;
            }
            let end = self.end.min(self.start.saturating_add(most.max(1)));
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
