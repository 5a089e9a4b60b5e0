//! The class `ForkedWork`: one attempt at letting a forked child do the work.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Result};
use napi_derive::napi;
use parking_lot::Mutex;

use super::writer::Writer;
use super::{promise, to_napi};
use crate::error::Error;
use crate::fork::{self, MemoryRule, Offered, Outcome, Outlet, Prepared, Standing};
use crate::sink;

/// How much memory the work may take; validated by `lib/options.js`.
#[napi(object)]
pub struct ForkMemory {
    /// What the heap holds now.
    pub used_heap_bytes: i64,
    /// What must stay available.
    pub reserve_bytes: i64,
    /// Begin although the estimate exceeds what is available.
    pub force: bool,
}

/// Writes all of it to the descriptor that the work of a forked child was given, or to 2. Nobody can have patched it.
#[napi(catch_unwind)]
pub fn write_from_child(descriptor: i32, bytes: &[u8]) -> Result<()> {
    fork::write_from_child(descriptor, bytes).map_err(|error| to_napi(&error))
}

/// One attempt.
#[napi]
#[derive(Default)]
pub struct ForkedWork {
    state: Arc<Mutex<State>>,
    fork_ms: Cell<f64>,
}

#[derive(Default)]
enum State {
    #[default]
    New,
    Prepared(Prepared),
    /// Forked, or given up; what comes after is dropped.
    Over,
}

struct SinkOutlet(Arc<sink::Writer>);

impl Outlet for SinkOutlet {
    fn offer(&mut self, bytes: &[u8]) -> Offered {
        if self.0.offer(bytes) {
            Offered::Taken
        } else if self.0.is_over() {
            Offered::Over
        } else {
            Offered::Full
        }
    }

    fn piece_bytes(&self) -> usize {
        self.0.piece_bytes()
    }

    fn look(&self) -> Standing {
        let sink::Standing { is_over, steps, queued_bytes } = self.0.standing();
        Standing { is_over, steps, queued_bytes }
    }

    fn patience(&self) -> Duration {
        self.0.patience()
    }

    fn stalled(&self, waited: Duration, waiting_bytes: usize) -> Error {
        self.0.stalled(waited, waiting_bytes)
    }
}

#[napi]
impl ForkedWork {
    /// Nothing happens before `prepare()`.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds out, off this thread, whether there is memory, and what the fork needs to know.
    #[napi(catch_unwind)]
    pub fn prepare<'env>(
        &self,
        env: &'env Env,
        writer: &Writer,
        memory: ForkMemory,
        v8_pool_size: u32,
    ) -> Result<Object<'env>> {
        let rule = MemoryRule {
            used_heap_bytes: u64::try_from(memory.used_heap_bytes).unwrap_or(0),
            reserve_bytes: u64::try_from(memory.reserve_bytes).unwrap_or(0),
            force: memory.force,
        };
        let outlet = SinkOutlet(writer.opened().map_err(|error| to_napi(&error))?);
        let (reply, object) = promise(env, |()| ())?;
        let place = Arc::clone(&self.state);
        let keep = move |result: crate::Result<Prepared>| {
            reply(result.map(|prepared| {
                let mut state = place.lock();
                if matches!(*state, State::New) {
                    *state = State::Prepared(prepared);
                }
            }));
        };
        let pool = usize::try_from(v8_pool_size).unwrap_or(usize::MAX);
        fork::prepare(rule, pool, Box::new(outlet), Box::new(keep));
        Ok(object)
    }

    /// Whether V8's worker threads sleep at this moment.
    #[napi(catch_unwind)]
    pub fn is_quiet(&self) -> bool {
        matches!(&*self.state.lock(), State::Prepared(prepared) if prepared.is_quiet())
    }

    /// Forks. In the child calls `work` with the descriptor of its output and ends with it; here resolves with `null` when all was
    /// delivered or nobody wants it any more (the writer knows why), and with what was seen when another attempt may help.
    #[napi(catch_unwind)]
    pub fn fork<'env>(&self, env: &'env Env, max_cpu: f64, work: Function<'_, i32, bool>) -> Result<Object<'env>> {
        let State::Prepared(prepared) = std::mem::replace(&mut *self.state.lock(), State::Over) else {
            return Err(to_napi(&Error::internal("the fork was not prepared")));
        };
        let (reply, object) = promise(env, |outcome| match outcome {
            Outcome::Delivered | Outcome::Unwanted => None,
            Outcome::Retry(seen) => Some(seen),
        })?;
        let work = |output| work.call(output).unwrap_or(false);
        if let Some(took) = prepared.fork(max_cpu, work, reply) {
            self.fork_ms.set(took.as_secs_f64() * 1000.0);
        }
        Ok(object)
    }

    /// How long `fork(2)` itself took, in milliseconds: what `bench/pause.js` compares the whole pause with.
    #[napi(getter, catch_unwind)]
    pub fn fork_ms(&self) -> f64 {
        self.fork_ms.get()
    }

    /// Gives the attempt up, unless it has forked.
    #[napi(catch_unwind)]
    pub fn drop_prepared(&self) {
        *self.state.lock() = State::Over;
    }
}
