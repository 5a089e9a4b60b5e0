//! `process` and `host` for JavaScript.

use std::path::Path;
use std::time::Duration;

use napi::Result;
use napi_derive::napi;

use super::copies::shared;
use crate::error::Error;
use crate::process::{self, Holder};
use crate::{host, sink};

/// Who holds the snapshot slot.
#[napi(object)]
pub struct SlotHolder {
    /// `snapshot` or `timeline`.
    pub kind: String,
    /// The thread that captures.
    pub thread_id: u32,
    /// Milliseconds since the epoch.
    pub since_ms: i64,
    /// For how many milliseconds already, whatever was done to the clock.
    pub age_ms: f64,
}

impl From<(Holder, Duration)> for SlotHolder {
    fn from((Holder { kind, thread_id, since_ms }, age): (Holder, Duration)) -> Self {
        Self { kind, thread_id, since_ms, age_ms: age.as_secs_f64() * 1000.0 }
    }
}

/// The process's one place for a snapshot or timeline.
#[napi]
#[derive(Default)]
pub struct SnapshotSlot(Option<process::SnapshotSlot>);

#[napi]
impl SnapshotSlot {
    /// Not held yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(None)
    }

    /// Takes the slot; the present holder if somebody has it.
    #[napi(catch_unwind)]
    pub fn acquire(&mut self, kind: String, thread_id: u32, since_ms: i64) -> Option<SlotHolder> {
        match process::SnapshotSlot::acquire(shared(), &Holder { kind, thread_id, since_ms }) {
            Ok(slot) => {
                self.0 = Some(slot);
                None
            }
            Err(other) => Some(other.into()),
        }
    }

    /// Gives it back; as often as one likes.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.0 = None;
    }

    /// Who has it now.
    #[napi(catch_unwind)]
    pub fn holder() -> Option<SlotHolder> {
        shared().holder().map(Into::into)
    }
}

/// Sets the latch.
#[napi(catch_unwind)]
pub fn disable_snapshots() {
    shared().disable_snapshots();
}

/// Reads the latch.
#[napi(catch_unwind)]
pub fn snapshots_disabled() -> bool {
    shared().snapshots_disabled()
}

/// Replaces the defaults, as JSON.
#[napi(catch_unwind)]
pub fn set_defaults(defaults: String) -> Result<()> {
    shared().set_defaults(&defaults).map_err(|error| super::to_napi(&error))
}

/// The defaults, as JSON; empty where there are none.
#[napi(catch_unwind)]
pub fn get_defaults() -> String {
    shared().defaults()
}

/// Free bytes of the volume that holds `dir`.
#[napi(catch_unwind)]
pub fn free_disk_bytes(dir: String) -> Result<i64> {
    let free =
        host::free_disk_bytes(Path::new(&dir)).map_err(|error| super::to_napi(&Error::io("statfs", &dir, error)))?;
    Ok(i64::try_from(free).unwrap_or(i64::MAX))
}

/// Removes the temporaries of dead processes from `dir`.
#[napi(catch_unwind)]
pub fn sweep(dir: String) -> Result<()> {
    sink::sweep(Path::new(&dir)).map_err(|error| super::to_napi(&error))
}

/// A number for a generated name, unique in the process.
#[napi(catch_unwind)]
pub fn next_sequence() -> u32 {
    sink::next_sequence()
}
