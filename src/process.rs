//! What is one for the whole process, over all its threads: worker threads have their own JavaScript, but share this.
//!
//! * The snapshot slot: one heap snapshot or allocation timeline at a time, because each may need several times the
//!   heap's memory. It is freed when its holder is dropped, so a terminated worker cannot keep it.
//! * The latch that disables snapshots: it can be set and never be undone.
//! * The defaults of `configure()`, as the text that JavaScript made of them.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

static HOLDER: Mutex<Option<Holder>> = Mutex::new(None);
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
    /// Takes the slot, or says who has it.
    pub fn acquire(holder: Holder) -> Result<Self, Holder> {
        let mut current = HOLDER.lock();
        match current.as_ref() {
            Some(other) => Err(other.clone()),
            None => {
                *current = Some(holder);
                Ok(Self(()))
            }
        }
    }

    /// Who has the slot now.
    pub fn holder() -> Option<Holder> {
        HOLDER.lock().clone()
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
        assert_eq!(SnapshotSlot::acquire(holder(2)).unwrap_err(), holder(1));
        assert_eq!(SnapshotSlot::holder(), Some(holder(1)));
        drop(slot);
        assert_eq!(SnapshotSlot::holder(), None);
        drop(SnapshotSlot::acquire(holder(2)).unwrap());
    }
}
