//! The sink's thread: takes one step after another, each behind `catch_unwind`, and answers. A panic in a step
//! is the failure of that capture and of no other.
//!
//! It runs at a low priority, because the service comes first. It keeps only a weak hold on the shared state, and ends
//! when nobody else has one.

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(target_os = "linux")]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::lane::{Done, LaneId, Shared, Task};
use super::pipeline::Pipeline;
use super::{Reply, given_up};
use crate::error::{Error, Result};

/// How often an idle thread looks whether anybody still holds the sink.
const IDLE: Duration = Duration::from_secs(5);

/// Nice value of the thread (Linux): some 3 % of a core that the service wants for itself, all of one that is idle.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

pub(super) fn spawn(shared: &Arc<Shared>) -> io::Result<()> {
    let shared = Arc::downgrade(shared);
    std::thread::Builder::new().name(String::from("heapkit-sink")).spawn(move || run(&shared)).map(drop)
}

fn run(shared: &Weak<Shared>) {
    lower_priority();
    #[cfg(target_os = "linux")]
    if let Some(shared) = shared.upgrade() {
        shared.thread.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::Relaxed);
    }
    let mut captures = Captures::default();
    while let Some(shared) = shared.upgrade() {
        let Some((id, task)) = shared.next(IDLE) else { continue };
        let (bytes, forget) = (task.bytes(), matches!(task, Task::Forget));
        let (failed, answer) = captures.step(id, task);
        let due = shared.done(id, Done { bytes, failed, forget });
        // Answers come last, so that who is answered finds the state that the answer speaks of.
        let due = due.map(|due| Box::new(move || due(Ok(()))) as Answer);
        for answer in answer.into_iter().chain(due) {
            let _ = guard(|| {
                answer();
                Ok(())
            });
        }
    }
}

/// A reply with its value, ready to be made.
type Answer = Box<dyn FnOnce() + Send>;

fn answer<T: Send + 'static>(reply: Reply<T>, value: Result<T>) -> Option<Answer> {
    Some(Box::new(move || reply(value)))
}

/// Turns a panic into the failure of one capture.
fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Error::internal(panic_text(panic.as_ref()))))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the writer panicked: {}", text.unwrap_or("no message"))
}

/// What the thread knows of each lane.
enum Capture {
    Open(Box<Pipeline>),
    /// Kept for the finish that will ask for it.
    Failed(Error),
}

#[derive(Default)]
struct Captures(HashMap<LaneId, Capture>);

impl Captures {
    /// Does one task: whether the capture failed by it, and who is to be told what.
    fn step(&mut self, id: LaneId, task: Task) -> (bool, Option<Answer>) {
        match task {
            Task::Open { target, transform, codec, counters, opened } => {
                let outcome = match self.0.remove(&id) {
                    Some(Capture::Failed(error)) => Err(error),
                    _ => guard(|| Pipeline::open(target, transform, codec, counters)),
                };
                match outcome {
                    Ok(pipeline) => {
                        self.0.insert(id, Capture::Open(Box::new(pipeline)));
                        (false, answer(opened, Ok(())))
                    }
                    Err(error) => {
                        self.fail(id, given_up("it could not be opened"));
                        (true, answer(opened, Err(error)))
                    }
                }
            }
            Task::Chunk(bytes) => (self.write(id, &bytes), None),
            Task::Finish(reply) => {
                let written = match self.0.remove(&id) {
                    Some(Capture::Open(pipeline)) => guard(|| pipeline.commit()),
                    Some(Capture::Failed(error)) => Err(error),
                    None => Err(Error::internal("finished twice or never opened")),
                };
                (written.is_err(), answer(reply, written))
            }
            Task::Refill(pipe) => {
                let failed = guard(|| pipe.refill()).is_err();
                if failed {
                    pipe.close();
                }
                (failed, None)
            }
            Task::Discard(error, replies) => {
                self.fail(id, error);
                (true, Some(Box::new(move || replies.into_iter().for_each(|reply| reply(Ok(()))))))
            }
            Task::Forget => {
                self.discard(id);
                (true, None)
            }
        }
    }

    /// Whether it failed.
    fn write(&mut self, id: LaneId, bytes: &[u8]) -> bool {
        let Some(Capture::Open(pipeline)) = self.0.get_mut(&id) else { return true };
        let Err(error) = guard(|| pipeline.write(bytes)) else { return false };
        self.fail(id, error);
        true
    }

    /// Drops the output of a capture that is under way; the first reason stays.
    fn fail(&mut self, id: LaneId, error: Error) {
        if !matches!(self.0.get(&id), Some(Capture::Failed(_))) {
            self.discard(id);
            self.0.insert(id, Capture::Failed(error));
        }
    }

    fn discard(&mut self, id: LaneId) {
        let gone = self.0.remove(&id);
        let _ = guard(|| {
            drop(gone);
            Ok(())
        });
    }
}

#[cfg(target_os = "linux")]
fn lower_priority() {
    // On Linux "no process" means the calling thread. Where it is not allowed, the thread runs as it is.
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() {}
