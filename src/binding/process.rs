//! `process` and `host` for JavaScript.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use napi::Result;
use napi_derive::napi;

use super::copies::shared;
use super::crossing::to_napi;
use super::environment::sink;
use crate::error::Error;
use crate::priority;
use crate::process::{self, Holder};
use crate::sink;

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

    /// Gives it back, if it is held.
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

/// This thread listens to the main thread, until it ends.
#[napi]
pub struct Presence(#[allow(dead_code, reason = "it is held until it is dropped")] Option<process::Presence>);

#[napi]
impl Presence {
    /// Of the thread with this id.
    #[napi(constructor, catch_unwind)]
    pub fn new(thread_id: u32) -> Self {
        Self(process::Presence::of(shared(), thread_id))
    }
}

/// The ids of the worker threads that listen now.
#[napi(catch_unwind)]
pub fn listening_threads() -> Vec<u32> {
    shared().listening_threads()
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
    shared().set_defaults(&defaults).map_err(|error| to_napi(&error))
}

/// The defaults, as JSON; empty where there are none.
#[napi(catch_unwind)]
pub fn get_defaults() -> String {
    shared().defaults()
}

/// How long this thread waits for a disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks something of a directory, and does not wait for a disk that hangs.
fn ask<T: Send + 'static>(dir: String, question: fn(&Path) -> crate::Result<T>) -> Result<T> {
    let (send, answer) = sync_channel(1);
    let reply = move |value| {
        // Whoever asked waits below.
        let _ = send.send(value);
    };
    let dir = PathBuf::from(dir);
    let place = dir.clone();
    sink().ask(place, PATIENCE, move || question(&dir), Box::new(reply));
    let answer = answer.recv().unwrap_or_else(|_| Err(Error::internal("nobody answered")));
    answer.map_err(|error| to_napi(&error))
}

/// Removes the temporaries of dead processes from `dir`.
#[napi(catch_unwind)]
pub fn sweep(dir: String) -> Result<()> {
    ask(dir, sink::sweep)
}

/// From now on heapkit's threads have the process's own priority: for the command, which is no service.
#[napi(catch_unwind)]
pub fn keep_priority() {
    priority::keep_priority();
}

/// The platform that this addon was built for, as its package is called.
#[napi(catch_unwind)]
pub fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let environment = if cfg!(target_env = "gnu") {
        "-gnu"
    } else if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "msvc") {
        "-msvc"
    } else {
        ""
    };
    format!("{system}-{processor}{environment}")
}

/// A number for a generated name, unique in the process.
#[napi(catch_unwind)]
pub fn next_sequence() -> u32 {
    sink::next_sequence()
}
