//! The only module that knows napi: converts, calls the core, converts back.
//!
//! Every fallible function fails with an [`Error`](crate::Error) as one line of JSON in the reason, which `lib/native.js` turns into a
//! `HeapkitError`. Each JavaScript environment (the main thread's, each worker's) has its own number; when it ends, its
//! captures are given up.
#![allow(unreachable_pub, reason = "napi exports what is `pub`")]
#![cfg_attr(test, allow(dead_code, reason = "napi registers nothing in tests"))]

mod artifacts;
mod copies;
mod event_loop;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod fork;
mod heap;
mod process;
mod redact;
mod time;
mod writer;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function, Object, ToNapiValue};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, JsDeferred, Result};
use napi_derive::napi;
use serde::Serialize;

use crate::error::Error;
use crate::sink::{Reply, Sink};

/// How long an ending environment waits for its unfinished files to be removed.
const FAREWELL: Duration = Duration::from_millis(500);

static SINK: OnceLock<Sink> = OnceLock::new();
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

/// Gives up the captures of this environment, and waits a moment for their files to be gone. For the `exit` event: Node runs
/// no cleanup hooks of the main thread when `process.exit()` is called.
#[napi(catch_unwind)]
pub fn abandon() {
    give_up(owner());
}

fn give_up(owner: u64) {
    if let Some(sink) = SINK.get() {
        sink.abandon(owner, FAREWELL);
    }
}

fn owner() -> u64 {
    OWNER.get()
}

/// The process's one sink.
fn sink() -> &'static Sink {
    SINK.get_or_init(Sink::default)
}

/// An answer of the core, as it crosses.
fn json(answer: &impl Serialize) -> crate::Result<String> {
    serde_json::to_string(answer).map_err(|error| Error::internal(format!("an answer could not be written: {error}")))
}

fn to_napi(error: &Error) -> napi::Error {
    napi::Error::from_reason(error.to_json())
}

/// Is called with an error, as one line of JSON, or with a value.
type Callback<'a, J> = Function<'a, FnArgs<(Option<String>, Option<J>)>, ()>;

/// A reply that calls `callback(error, value)`, and unlike a promise does not keep the process alive.
fn weak_reply<T, J>(callback: &Callback<'_, J>, convert: impl FnOnce(T) -> J + Send + 'static) -> Result<Reply<T>>
where
    T: Send + 'static,
    J: ToNapiValue + Send + 'static,
{
    let function =
        callback.build_threadsafe_function::<FnArgs<(Option<String>, Option<J>)>>().weak::<true>().build()?;
    Ok(Box::new(move |result: crate::Result<T>| {
        let answer = match result {
            Ok(value) => (None, Some(convert(value))),
            Err(error) => (Some(error.to_json()), None),
        };
        function.call(answer.into(), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// A promise that is not settled yet. One that is never settled would keep the process alive, so dropping this settles it.
struct Pending<D: ToNapiValue + 'static, R: FnOnce(Env) -> Result<D> + Send + 'static>(Option<JsDeferred<D, R>>);

impl<D: ToNapiValue + 'static, R: FnOnce(Env) -> Result<D> + Send + 'static> Drop for Pending<D, R> {
    fn drop(&mut self) {
        if let Some(deferred) = self.0.take() {
            deferred.reject(to_napi(&Error::internal("nobody answered")));
        }
    }
}

/// A promise, and the reply that settles it from any thread. The caller must return the promise to JavaScript: one that fails
/// unseen is an unhandled rejection.
fn promise<T, J>(env: &Env, convert: impl FnOnce(T) -> J + Send + 'static) -> Result<(Reply<T>, Object<'_>)>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    let (deferred, object) = env.create_deferred()?;
    let mut pending = Pending(Some(deferred));
    let reply = move |result: crate::Result<T>| {
        let Some(deferred) = pending.0.take() else { return };
        match result {
            Ok(value) => deferred.resolve(move |_| Ok(convert(value))),
            Err(error) => deferred.reject(to_napi(&error)),
        }
    };
    Ok((Box::new(reply), object))
}
