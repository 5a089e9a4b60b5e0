//! A piece of work of the readers: what is done on one of their threads, and who waits for its answer.

use std::sync::Arc;

use napi::Env;
use parking_lot::Mutex;

use super::environment::{owner, readers};
use crate::error::{Error, ErrorKind, Result};
use crate::heap::{Progress, Source};
use crate::readers::Work;
use crate::sink::Reply;

/// Has `task` done on a thread of the readers. What is not for `sources`, or for files only, waits for a place.
pub(super) fn begin<T: Send + 'static>(
    progress: &Arc<Progress>,
    sources: Vec<Source>,
    task: impl FnOnce() -> Result<T> + Send + 'static,
    reply: Reply<T>,
) -> Arc<dyn Work> {
    let (task, reply): (Option<Task<T>>, _) = (Some(Box::new(task)), Mutex::new(Some(reply)));
    let job = Job { owner: owner(), progress: Arc::clone(progress), sources, task: Mutex::new(task), reply };
    let job = Arc::new(job);
    let work = Arc::clone(&job) as Arc<dyn Work>;
    if let Err(error) = readers().begin(Arc::clone(&work)) {
        job.answer(Err(Error::io("pthread_create", "heapkit-read", error)));
    }
    work
}

type Task<T> = Box<dyn FnOnce() -> Result<T> + Send>;

struct Job<T> {
    owner: u64,
    progress: Arc<Progress>,
    sources: Vec<Source>,
    task: Mutex<Option<Task<T>>>,
    reply: Mutex<Option<Reply<T>>>,
}

impl<T: Send> Work for Job<T> {
    fn owner(&self) -> u64 {
        self.owner
    }

    fn takes_place(&self) -> bool {
        self.sources.iter().all(Source::is_file)
    }

    fn serve(&self) {
        let task = self.task.lock().take();
        if let Some(task) = task {
            let outcome = self.progress.run(task);
            self.answer(outcome);
        }
    }

    fn give_up(&self) {
        self.progress.cancel();
        self.answer(Err(ErrorKind::Aborted { reason: "its reading was cancelled".into() }.into()));
    }

    fn is_over(&self) -> bool {
        self.progress.is_cancelled()
    }
}

impl<T> Job<T> {
    /// Once; what comes later was given up.
    fn answer(&self, outcome: Result<T>) {
        let reply = self.reply.lock().take();
        if let Some(reply) = reply {
            reply(outcome);
        }
    }
}

/// What was read, which is freed on a thread of its own: gigabytes take a while, and whoever lets go of it last may be JavaScript's thread.
pub(super) struct Held<T: Send + Sync + 'static>(Option<Arc<T>>);

impl<T: Send + Sync + 'static> Held<T> {
    pub(super) fn new(read: T) -> Self {
        Self(Some(Arc::new(read)))
    }

    pub(super) fn get(&self) -> Result<&T> {
        self.0.as_deref().ok_or_else(|| Error::internal("what was read is gone, and was asked"))
    }
}

impl<T: Send + Sync + 'static> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(read) = self.0.take().and_then(Arc::into_inner) {
            // Where there is no thread for it, it is freed here.
            let _ = std::thread::Builder::new().name("heapkit-free".into()).spawn(move || drop(read));
        }
    }
}

/// What JavaScript holds of it, until it is closed.
pub(super) struct Kept<T: Send + Sync + 'static> {
    held: Option<Held<T>>,
    /// What V8 was told that it takes.
    bytes: i64,
}

impl<T: Send + Sync + 'static> Kept<T> {
    pub(super) fn new(held: Held<T>, bytes: usize, env: Env) -> Self {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        // V8 counts it with what its own objects hold outside of its heap, and collects garbage the sooner.
        let told = env.adjust_external_memory(bytes).is_ok();
        Self { held: Some(held), bytes: if told { bytes } else { 0 } }
    }

    /// Another hold on it, for a question.
    pub(super) fn hold(&self) -> Result<Held<T>> {
        let closed = || ErrorKind::Aborted { reason: "what is asked was closed".into() }.into();
        self.held.as_ref().map(|held| Held(held.0.clone())).ok_or_else(closed)
    }

    /// Gives its memory back, as soon as nothing is asked any more.
    pub(super) fn close(&mut self, env: Env) {
        self.held = None;
        // Like collected garbage, it may be more than V8 thinks; then V8 is none the wiser.
        let _ = env.adjust_external_memory(-std::mem::take(&mut self.bytes));
    }
}
