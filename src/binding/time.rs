//! Clocks and alarms for JavaScript, where timers and clocks may have been replaced.

use std::io;
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use napi::bindgen_prelude::{Function, Object};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Result};
use napi_derive::napi;

use super::crossing::{promise, to_napi};
use crate::alarms::{AlarmId, Alarms};
use crate::error::Error;

static ALARMS: LazyLock<Alarms> = LazyLock::new(Alarms::default);
static BEGAN: OnceLock<Instant> = OnceLock::new();

/// Milliseconds by a clock that nobody sets.
#[napi(catch_unwind)]
pub fn monotonic_ms() -> f64 {
    BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}

/// Milliseconds since the epoch.
#[napi(catch_unwind)]
pub fn wall_clock_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Resolves in so many milliseconds; keeps the process alive until then. 0 needs no thread.
#[napi(catch_unwind)]
pub fn delay(env: &Env, ms: u32) -> Result<Object<'_>> {
    if ms > 0 {
        // Before there is a promise, which nobody would see fail.
        ALARMS.start().map_err(no_thread)?;
    }
    let (reply, object) = promise(env, |()| ())?;
    if ms == 0 {
        reply(Ok(()));
        return Ok(object);
    }
    set(ms, Box::new(move || reply(Ok(()))))?;
    Ok(object)
}

/// Calls back once, in so many milliseconds; 0: in this turn of the event loop or the next, before any timer. Does not keep the process alive.
#[napi]
pub struct Alarm(Option<AlarmId>);

#[napi]
impl Alarm {
    /// Sets it.
    #[napi(constructor)]
    pub fn new(ms: u32, callback: Function<'_, (), ()>) -> Result<Self> {
        let function = callback.build_threadsafe_function().weak::<true>().build()?;
        let ring = move || {
            function.call((), ThreadsafeFunctionCallMode::NonBlocking);
        };
        if ms == 0 {
            ring();
            return Ok(Self(None));
        }
        set(ms, Box::new(ring)).map(|id| Self(Some(id)))
    }

    /// Takes it back, unless it has rung.
    #[napi(catch_unwind)]
    pub fn cancel(&mut self) {
        if let Some(id) = self.0.take() {
            ALARMS.cancel(&id);
        }
    }
}

fn set(ms: u32, ring: Box<dyn FnOnce() + Send>) -> Result<AlarmId> {
    ALARMS.set(Duration::from_millis(u64::from(ms)), ring).map_err(no_thread)
}

fn no_thread(error: io::Error) -> napi::Error {
    to_napi(&Error::io("pthread_create", "heapkit-alarms", error))
}
