//! The memory of a reading: whether there is enough before it is taken, and whether there is any left meanwhile.
//!
//! What is left is what the nearest control group, or the machine, has left. It is looked at more often where there is little.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::{ErrorKind, Result};
use crate::host::{Headroom, MemoryLimits, mebibytes};

/// Where this much is left beyond the reserve, it is looked at seldom.
const PLENTY: u64 = 2 << 30;
const SELDOM: Duration = Duration::from_millis(100);
const OFTEN: Duration = Duration::from_millis(10);
const PURPOSE: &str = "to read a snapshot";

/// What a reading may take.
#[derive(Debug, Clone)]
pub struct MemoryRule {
    /// What must stay available.
    pub reserve_bytes: u64,
    /// Begin although the estimate exceeds what is available.
    pub force: bool,
}

#[derive(Debug)]
pub(super) struct Budget {
    rule: MemoryRule,
    /// Found by the first thread that looks, which is never JavaScript's.
    limits: OnceLock<MemoryLimits>,
    /// When it is looked at again.
    next: Mutex<Instant>,
}

impl Budget {
    pub(super) fn new(rule: MemoryRule) -> Self {
        Self { rule, limits: OnceLock::new(), next: Mutex::new(Instant::now()) }
    }

    fn headroom(&self) -> Option<Headroom> {
        self.limits.get_or_init(MemoryLimits::of_this_process).headroom()
    }

    /// Whether there is memory left, if it is time to look.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_MEMORY` if less than the reserve is left.
    pub(super) fn look(&self) -> Result<()> {
        // One thread at a time is enough.
        let Some(mut next) = self.next.try_lock() else { return Ok(()) };
        let now = Instant::now();
        if now < *next {
            return Ok(());
        }
        let headroom = self.headroom();
        let spare =
            headroom.as_ref().map_or(u64::MAX, |room| room.available_bytes.saturating_sub(self.rule.reserve_bytes));
        *next = now + if spare > PLENTY { SELDOM } else { OFTEN };
        match headroom {
            Some(room) if room.available_bytes < self.rule.reserve_bytes => Err(self.gone(&room)),
            _ => Ok(()),
        }
    }

    /// Whether there is enough for so many bytes more; `what` they are for.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_MEMORY` if not, unless it is to be tried all the same.
    pub(super) fn expect(&self, bytes: u64, what: &str) -> Result<()> {
        let Some(room) = self.headroom().filter(|_| !self.rule.force) else { return Ok(()) };
        if bytes.saturating_add(self.rule.reserve_bytes) <= room.available_bytes {
            return Ok(());
        }
        let reason = format!(
            "it needs about {} for {what}, and {} are to stay free; {} are available of the {} that {} allows. Read it where \
             there is more memory, or try all the same with `memory: {{ force: true }}` (`--force`): the reading is given up before \
             memory runs out",
            mebibytes(bytes),
            mebibytes(self.rule.reserve_bytes),
            mebibytes(room.available_bytes),
            mebibytes(room.limit_bytes),
            room.source
        );
        Err(ErrorKind::Memory { purpose: PURPOSE, reason }.into())
    }

    fn gone(&self, room: &Headroom) -> crate::Error {
        let reason = format!(
            "only {} were left of the {} that {} allows, so the reading was given up to keep the process's reserve of {} \
             (`memory.reserveBytes`). Read it where there is more memory",
            mebibytes(room.available_bytes),
            mebibytes(room.limit_bytes),
            room.source,
            mebibytes(self.rule.reserve_bytes)
        );
        ErrorKind::Memory { purpose: PURPOSE, reason }.into()
    }
}
