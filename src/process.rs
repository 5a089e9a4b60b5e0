//! What exists once in a process: worker threads have JavaScript of their own, but share this; and so do several copies of heapkit,
//! which packages may bring along.
//!
//! * The snapshot slot: one heap snapshot or allocation timeline at a time, because each may need several times the
//!   heap's memory. It is freed when its holder is dropped, so a terminated worker cannot keep it.
//! * The latch that disables snapshots: once set, it stays set.
//! * The defaults of `configure()`, as JSON that JavaScript wrote.
//! * Which worker threads listen to the main thread ([`threads`]).
//!
//! [`Shared`] is what copies of other versions, by other compilers, read and write, too: nothing but atomics, whose places never change.
//! Another layout needs another name (`src/binding/copies.rs`).

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{ErrorKind, Result};

mod threads;

pub use threads::Presence;
use threads::Threads;

/// Enough for a path of 4,096 bytes, all of them escaped.
const DEFAULTS_BYTES: usize = 32 << 10;

const FREE: u32 = 0;
/// Its holder is being noted.
const CHANGING: u32 = 1;
const TAKEN: u32 = 2;

/// The kinds of heavy captures. The record has a kind's index and one, or 0 for none of them.
const KINDS: [&str; 2] = ["snapshot", "timeline"];

/// The record of a process.
#[derive(Debug)]
#[repr(C)]
pub struct Shared {
    slot: AtomicU32,
    kind: AtomicU32,
    thread_id: AtomicU32,
    snapshots_disabled: AtomicU32,
    since_ms: AtomicI64,
    /// By the monotonic clock.
    taken_at_ms: AtomicU64,
    defaults_locked: AtomicU32,
    defaults_len: AtomicU32,
    defaults: [AtomicU8; DEFAULTS_BYTES],
    threads: Threads,
}

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
pub struct SnapshotSlot(&'static Shared);

impl SnapshotSlot {
    /// Takes the slot, or says who has it, and for how long already.
    pub fn acquire(shared: &'static Shared, holder: &Holder) -> std::result::Result<Self, (Holder, Duration)> {
        loop {
            if shared.slot.compare_exchange(FREE, CHANGING, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                shared.note(holder);
                shared.slot.store(TAKEN, Ordering::Release);
                return Ok(Self(shared));
            }
            // It may have been freed since.
            if let Some(other) = shared.holder() {
                return Err(other);
            }
        }
    }
}

impl Drop for SnapshotSlot {
    fn drop(&mut self) {
        self.0.slot.store(FREE, Ordering::Release);
    }
}

impl Shared {
    /// Nobody holds the slot, and nothing is set.
    #[allow(clippy::new_without_default, reason = "one that is not a static would be shared by nobody")]
    pub const fn new() -> Self {
        Self {
            slot: AtomicU32::new(FREE),
            kind: AtomicU32::new(0),
            thread_id: AtomicU32::new(0),
            snapshots_disabled: AtomicU32::new(0),
            since_ms: AtomicI64::new(0),
            taken_at_ms: AtomicU64::new(0),
            defaults_locked: AtomicU32::new(0),
            defaults_len: AtomicU32::new(0),
            defaults: [const { AtomicU8::new(0) }; DEFAULTS_BYTES],
            threads: Threads::new(),
        }
    }

    fn note(&self, Holder { kind, thread_id, since_ms }: &Holder) {
        let number = KINDS.iter().position(|known| known == kind).map_or(0, |index| index + 1);
        self.kind.store(u32::try_from(number).unwrap_or(0), Ordering::Relaxed);
        self.thread_id.store(*thread_id, Ordering::Relaxed);
        self.since_ms.store(*since_ms, Ordering::Relaxed);
        self.taken_at_ms.store(monotonic_ms(), Ordering::Relaxed);
    }

    /// Who has the slot now, and for how long already.
    pub fn holder(&self) -> Option<(Holder, Duration)> {
        loop {
            match self.slot.load(Ordering::Acquire) {
                FREE => return None,
                CHANGING => std::thread::yield_now(),
                _ => break,
            }
        }
        let kind =
            self.kind.load(Ordering::Relaxed).checked_sub(1).and_then(|index| KINDS.get(usize::try_from(index).ok()?));
        let holder = Holder {
            // A later version may have other kinds.
            kind: (*kind.unwrap_or(&"capture")).to_owned(),
            thread_id: self.thread_id.load(Ordering::Relaxed),
            since_ms: self.since_ms.load(Ordering::Relaxed),
        };
        let age = monotonic_ms().saturating_sub(self.taken_at_ms.load(Ordering::Relaxed));
        Some((holder, Duration::from_millis(age)))
    }

    /// Disables snapshots for the rest of the process's life.
    pub fn disable_snapshots(&self) {
        self.snapshots_disabled.store(1, Ordering::Release);
    }

    /// Whether snapshots are disabled.
    pub fn snapshots_disabled(&self) -> bool {
        self.snapshots_disabled.load(Ordering::Acquire) != 0
    }

    /// Replaces the process's defaults.
    pub fn set_defaults(&self, defaults: &str) -> Result<()> {
        let bytes = defaults.as_bytes();
        let Some(len) = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= DEFAULTS_BYTES) else {
            let reason = format!(
                "is too long: with it the defaults of this process have {} bytes, and there is room for {DEFAULTS_BYTES}",
                bytes.len()
            );
            return Err(ErrorKind::InvalidOption { option: "dir", reason }.into());
        };
        self.with_defaults(|| {
            for (place, byte) in self.defaults.iter().zip(bytes) {
                place.store(*byte, Ordering::Relaxed);
            }
            self.defaults_len.store(len, Ordering::Relaxed);
        });
        Ok(())
    }

    /// The process's defaults; empty where there are none.
    pub fn defaults(&self) -> String {
        let bytes = self.with_defaults(|| {
            let len = usize::try_from(self.defaults_len.load(Ordering::Relaxed)).unwrap_or(0);
            self.defaults.iter().take(len).map(|byte| byte.load(Ordering::Relaxed)).collect::<Vec<_>>()
        });
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// They are short, so whoever has to wait for them waits for microseconds.
    fn with_defaults<T>(&self, work: impl FnOnce() -> T) -> T {
        while self.defaults_locked.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            std::thread::yield_now();
        }
        let answer = work();
        self.defaults_locked.store(0, Ordering::Release);
        answer
    }
}

/// By a clock that is the same for all copies.
#[cfg(unix)]
fn monotonic_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1000 + u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0)
}

/// By a clock of this copy, which alone knows of its slot here.
#[cfg(not(unix))]
fn monotonic_ms() -> u64 {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    u64::try_from(BEGAN.get_or_init(std::time::Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_has_one_holder_at_a_time() {
        static SHARED: Shared = Shared::new();
        let holder = |thread_id| Holder { kind: String::from("snapshot"), thread_id, since_ms: 1 };
        let slot = SnapshotSlot::acquire(&SHARED, &holder(1)).unwrap();
        let (other, age) = SnapshotSlot::acquire(&SHARED, &holder(2)).unwrap_err();
        assert_eq!(other, holder(1));
        let (current, later) = SHARED.holder().unwrap();
        assert_eq!(current, holder(1));
        assert!(later >= age);
        drop(slot);
        assert!(SHARED.holder().is_none());
        drop(SnapshotSlot::acquire(&SHARED, &holder(2)).unwrap());
    }

    #[test]
    fn of_many_threads_one_has_the_slot() {
        static SHARED: Shared = Shared::new();
        static INSIDE: AtomicU32 = AtomicU32::new(0);
        let taken = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for thread_id in 0..4 {
                let taken = &taken;
                scope.spawn(move || {
                    for _ in 0..1000 {
                        let holder = Holder { kind: String::from("timeline"), thread_id, since_ms: 1 };
                        let Ok(slot) = SnapshotSlot::acquire(&SHARED, &holder) else { continue };
                        assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(SHARED.holder().unwrap().0, holder);
                        INSIDE.fetch_sub(1, Ordering::SeqCst);
                        drop(slot);
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }

    #[test]
    fn defaults_are_replaced_and_bounded() {
        static SHARED: Shared = Shared::new();
        assert_eq!(SHARED.defaults(), "");
        SHARED.set_defaults("{\"dir\":\"/ä/long\"}").unwrap();
        SHARED.set_defaults("{\"level\":1}").unwrap();
        assert_eq!(SHARED.defaults(), "{\"level\":1}");
        let error = SHARED.set_defaults(&"x".repeat(DEFAULTS_BYTES + 1)).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_OPTION");
        assert_eq!(SHARED.defaults(), "{\"level\":1}");
    }
}
