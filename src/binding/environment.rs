//! The environments of JavaScript (the main thread's, each worker's), and the one sink and the readers that they share. Each environment has
//! its own number; when it ends, its captures and readings are given up.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::readers::Readers;
use crate::sink::Sink;

/// How long an ending environment waits for its unfinished files to be removed.
const FAREWELL: Duration = Duration::from_millis(500);

static SINK: OnceLock<Sink> = OnceLock::new();
static READERS: OnceLock<Readers> = OnceLock::new();
static NEXT_OWNER: AtomicU64 = AtomicU64::new(1);
static QUIET: Once = Once::new();

thread_local! {
    /// The number of this thread's environment.
    static OWNER: Cell<u64> = const { Cell::new(0) };
}

/// Runs once in each environment that loads the addon.
#[napi(module_exports)]
pub fn init(_exports: Object, env: Env) -> Result<()> {
    // Rust's own copy of the standard library belongs to this addon alone: its panics are caught and reported as errors,
    // so nothing need be printed into the service's output.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let owner = NEXT_OWNER.fetch_add(1, Ordering::Relaxed);
    OWNER.set(owner);
    env.add_env_cleanup_hook(owner, give_up)?;
    Ok(())
}

/// Gives up the captures and readings of this environment, and waits a moment for their files to be gone. For the `exit` event: Node runs
/// no cleanup hooks of the main thread when `process.exit()` is called.
#[napi(catch_unwind)]
pub fn abandon() {
    give_up(owner());
}

fn give_up(owner: u64) {
    if let Some(readers) = READERS.get() {
        readers.abandon(owner);
    }
    if let Some(sink) = SINK.get() {
        sink.abandon(owner, FAREWELL);
    }
}

/// The number of the environment that this thread has.
pub(super) fn owner() -> u64 {
    OWNER.get()
}

/// The process's one sink.
pub(super) fn sink() -> &'static Sink {
    SINK.get_or_init(Sink::default)
}

/// The process's readers of snapshots.
pub(super) fn readers() -> &'static Readers {
    READERS.get_or_init(Readers::default)
}
