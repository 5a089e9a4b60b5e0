//! What exists once in a process: worker threads have JavaScript of their own, but share this.
//!
//! * The snapshot slot: one heap snapshot or allocation timeline at a time, because each may need several times the
//!   heap's memory. It is freed when its holder is dropped, so a terminated worker cannot keep it.
//! * The latch that disables snapshots: once set, it stays set.
//! * The defaults of `configure()`, as JSON that JavaScript wrote.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

static HOLDER: Mutex<Option<(Holder, Instant)>> = Mutex::new(None);
static SNAPSHOTS_DISABLED: AtomicBool = AtomicBool::new(false);
static DEFAULTS: Mutex<String> = Mutex::new(String::new());

/// Who holds the snapshot slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `snapshot` or `timeline`.
    pub kind: String,
    /// The JavaScript thread that captures.
    pub thread_id: u32,
    /// Since when, in milliseconds since the epoch.
    pub since_ms: i64,
}

/// The snapshot slot, held until dropped.
#[derive(Debug)]
pub struct SnapshotSlot(());

impl SnapshotSlot {
    /// Takes the slot, or says who has it and for how long.
    pub fn acquire(holder: Holder) -> Result<Self, (Holder, Duration)> {
        let mut current = HOLDER.lock();
        match current.as_ref() {
            Some((other, since)) => Err((other.clone(), since.elapsed())),
            None => {
                *current = Some((holder, Instant::now()));
                Ok(Self(()))
            }
        }
    }

    /// Who has the slot now, and for how long.
    pub fn holder() -> Option<(Holder, Duration)> {
        HOLDER.lock().as_ref().map(|(holder, since)| (holder.clone(), since.elapsed()))
    }
}

impl Drop for SnapshotSlot {
    fn drop(&mut self) {
        *HOLDER.lock() = None;
    }
}

/// Disables snapshots for the rest of the process's life.
pub fn disable_snapshots() {
    SNAPSHOTS_DISABLED.store(true, Ordering::Release);
}

/// Whether snapshots are disabled.
pub fn snapshots_disabled() -> bool {
    SNAPSHOTS_DISABLED.load(Ordering::Acquire)
}

/// Replaces the process's defaults.
pub fn set_defaults(defaults: String) {
    *DEFAULTS.lock() = defaults;
}

/// The process's defaults; empty where there are none.
pub fn defaults() -> String {
    DEFAULTS.lock().clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_has_one_holder_at_a_time() {
        let holder = |thread_id| Holder { kind: String::from("snapshot"), thread_id, since_ms: 1 };
        let slot = SnapshotSlot::acquire(holder(1)).unwrap();
        let (other, age) = SnapshotSlot::acquire(holder(2)).unwrap_err();
        assert_eq!(other, holder(1));
        let (current, later) = SnapshotSlot::holder().unwrap();
        assert_eq!(current, holder(1));
        assert!(later >= age);
        drop(slot);
        assert!(SnapshotSlot::holder().is_none());
        drop(SnapshotSlot::acquire(holder(2)).unwrap());
    }
}
