//! The class `ForkedWork`: one attempt at letting a forked child do the work.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Result};
use napi_derive::napi;
use parking_lot::Mutex;

use super::crossing::{Callback, promise, to_napi, weak_reply};
use super::environment::owner;
use super::writer::Writer;
use crate::error::Error;
use crate::fork::{
    self, CpuRule, Heap, MemoryRule, Offered, Outcome, Outlet, Prepared, Standing, Terms, Throttle, Wanted,
};
use crate::sink::{self, Reply};

/// How much memory the work may take; validated by `lib/options.js`.
#[napi(object)]
pub struct ForkMemory {
    /// What the heap holds now.
    pub used_heap_bytes: i64,
    /// What of that has pages of its own.
    pub large_object_bytes: i64,
    /// What its objects hold outside of it.
    pub external_bytes: i64,
    /// Of a snapshot: whether the values of numbers are wanted.
    pub has_numbers: bool,
    /// Of a profile: about how many samples it has. None for a snapshot.
    pub samples: Option<i64>,
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

/// How much processor time the work may take, and what V8 has of it in this process.
#[napi(object)]
pub struct ForkCpu {
    /// The share of one processor for the child; none for what CPU quotas leave.
    pub max_cpu: Option<f64>,
    /// How many threads V8 has for its jobs.
    pub v8_pool_size: u32,
}

/// How much the child is held back.
#[napi(object)]
pub struct ForkThrottle {
    /// The share of one processor that it may have now; 1 if it is not held back.
    pub share: f64,
    /// How long it has rested for that so far.
    pub held_back_ms: f64,
}

/// One attempt.
#[napi]
#[derive(Default)]
pub struct ForkedWork {
    state: Arc<Mutex<State>>,
    fork_ms: Cell<f64>,
    throttle: RefCell<Option<Arc<Throttle>>>,
}

#[derive(Default)]
enum State {
    #[default]
    New,
    Prepared(Box<Prepared>),
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

    fn thread(&self) -> Option<i32> {
        self.0.thread()
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

    /// Finds out, off this thread, whether there is memory, and what the fork needs to know. Resolves with whether the work must count first.
    #[napi(catch_unwind)]
    pub fn prepare<'env>(
        &self,
        env: &'env Env,
        writer: &Writer,
        memory: ForkMemory,
        cpu: ForkCpu,
    ) -> Result<Object<'env>> {
        let bytes = |number: i64| u64::try_from(number).unwrap_or(0);
        let heap = Heap {
            owner: owner(),
            used_bytes: bytes(memory.used_heap_bytes),
            large_bytes: bytes(memory.large_object_bytes),
            external_bytes: bytes(memory.external_bytes),
            wanted: memory.samples.map_or(Wanted::Snapshot { has_numbers: memory.has_numbers }, |samples| {
                Wanted::Profile { samples: bytes(samples) }
            }),
        };
        let rule = MemoryRule { heap, reserve_bytes: bytes(memory.reserve_bytes), force: memory.force };
        let outlet = SinkOutlet(writer.opened().map_err(|error| to_napi(&error))?);
        let (reply, object) = promise(env, |counts: bool| counts)?;
        let place = Arc::clone(&self.state);
        let keep = move |result: crate::Result<Prepared>| {
            reply(result.map(|prepared| {
                let counts = prepared.counts();
                let mut state = place.lock();
                if matches!(*state, State::New) {
                    *state = State::Prepared(Box::new(prepared));
                }
                counts
            }));
        };
        let terms = Terms {
            memory: rule,
            cpu: cpu.max_cpu.map_or(CpuRule::Auto, CpuRule::Share),
            v8_pool_size: usize::try_from(cpu.v8_pool_size).unwrap_or(usize::MAX),
        };
        fork::prepare(terms, Box::new(outlet), Box::new(keep));
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
    pub fn fork<'env>(&self, env: &'env Env, work: Function<'_, i32, bool>) -> Result<Object<'env>> {
        let prepared = self.take_prepared()?;
        let (reply, object) = promise(env, seen)?;
        self.start(*prepared, &work, reply);
        Ok(object)
    }

    /// The same, but calls `callback(error, seen)` and does not keep the process alive: for a stream, which may have no reader.
    #[napi(catch_unwind)]
    pub fn fork_weakly(&self, work: Function<'_, i32, bool>, callback: Callback<'_, Option<String>>) -> Result<()> {
        let prepared = self.take_prepared()?;
        self.start(*prepared, &work, weak_reply(&callback, seen)?);
        Ok(())
    }

    fn take_prepared(&self) -> Result<Box<Prepared>> {
        match std::mem::replace(&mut *self.state.lock(), State::Over) {
            State::Prepared(prepared) => Ok(prepared),
            State::New | State::Over => Err(to_napi(&Error::internal("the fork was not prepared"))),
        }
    }

    fn start(&self, prepared: Prepared, work: &Function<'_, i32, bool>, reply: Reply<Outcome>) {
        let work = |output| work.call(output).unwrap_or(false);
        *self.throttle.borrow_mut() = prepared.throttle();
        if let Some(took) = prepared.fork(work, reply) {
            self.fork_ms.set(took.as_secs_f64() * 1000.0);
        }
    }

    /// How long `fork(2)` itself took, in milliseconds: what `bench/pause.js` compares the whole pause with.
    #[napi(getter, catch_unwind)]
    pub fn fork_ms(&self) -> f64 {
        self.fork_ms.get()
    }

    /// How much the child is held back; none before the fork, or without a limit.
    #[napi(catch_unwind)]
    pub fn throttle(&self) -> Option<ForkThrottle> {
        let throttle = self.throttle.borrow();
        let throttle = throttle.as_ref()?;
        Some(ForkThrottle { share: throttle.share(), held_back_ms: throttle.held_back().as_secs_f64() * 1000.0 })
    }

    /// Gives the attempt up, unless it has forked.
    #[napi(catch_unwind)]
    pub fn drop_prepared(&self) {
        *self.state.lock() = State::Over;
    }
}

/// What was seen when another attempt may help.
fn seen(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Delivered | Outcome::Unwanted => None,
        Outcome::Retry(seen) => Some(seen),
    }
}
