//! How far a reading is, and whether it is still wanted.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use super::budget::{Budget, MemoryRule};
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
    budget: Option<Budget>,
}

impl Progress {
    /// Of a reading that may take so much memory. Without a rule nobody looks at memory.
    pub fn within(rule: MemoryRule) -> Self {
        Self { budget: Some(Budget::new(rule)), ..Self::default() }
    }

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

    /// Whether it can go on.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_ABORTED` if it is not wanted any more, `HEAPKIT_ERR_MEMORY` if no memory is left.
    pub fn check(&self) -> Result<()> {
        self.check_wanted()?;
        self.budget.as_ref().map_or(Ok(()), Budget::look)
    }

    pub(crate) fn check_wanted(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(ErrorKind::Aborted { reason: "the reading was cancelled".into() }.into());
        }
        Ok(())
    }

    /// Whether it was given up.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether there is memory for so many bytes more; `what` they are for.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_MEMORY` if not.
    pub(crate) fn expect(&self, bytes: u64, what: &str) -> Result<()> {
        self.budget.as_ref().map_or(Ok(()), |budget| budget.expect(bytes, what))
    }

    /// Begins a file of so many bytes; returns the counter for those that were read.
    pub fn start(&self, bytes: u64) -> &AtomicU64 {
        self.total.store(bytes, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
        self.enter(Stage::Reading);
        &self.read
    }
}
