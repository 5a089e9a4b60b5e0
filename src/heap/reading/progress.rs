//! How far a reading is, and whether it is still wanted.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use super::source::Source;
use crate::error::{ErrorKind, Result};

/// What is being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The file is read; [`Progress::read`] says how far.
    Reading,
    /// Dominators, sizes, distances, classes.
    Analysing,
    /// All is known.
    Done,
}

/// How far the reading is, for other threads to look at, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    read: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// What is being done.
    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Reading,
            1 => Stage::Analysing,
            _ => Stage::Done,
        }
    }

    /// Bytes of the file (as it is on disk) that were read, and that it has (0: not known).
    pub fn read(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Gives the reading up: it ends with `HEAPKIT_ERR_ABORTED`.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// What is being done from now on.
    pub(crate) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// Whether it is still wanted.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_ABORTED` if not.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(ErrorKind::Aborted { reason: "the reading was cancelled".into() }.into());
        }
        Ok(())
    }

    /// Begins a file; returns the counter for its bytes that were read.
    pub fn start(&self, source: &Source) -> &AtomicU64 {
        self.total.store(source.bytes(), Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
        self.enter(Stage::Reading);
        &self.read
    }
}
