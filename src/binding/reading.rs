//! A piece of work of the readers: what is done on one of their threads, and who waits for its answer.

use std::sync::Arc;

use parking_lot::Mutex;

use super::environment::{owner, readers};
use crate::error::{Error, ErrorKind, Result};
use crate::heap::{Heap, Progress, Source};
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

/// A heap, which is freed on a thread of its own: gigabytes take a while, and whoever lets go of it last may be JavaScript's thread.
#[derive(Clone)]
pub(super) struct Held(Option<Arc<Heap>>);

impl Held {
    pub(super) fn new(heap: Heap) -> Self {
        Self(Some(Arc::new(heap)))
    }

    pub(super) fn get(&self) -> Result<&Heap> {
        self.0.as_deref().ok_or_else(|| Error::internal("a heap that is gone was asked"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(heap) = self.0.take().and_then(Arc::into_inner) {
            // Where there is no thread for it, the heap is freed here.
            let _ = std::thread::Builder::new().name("heapkit-free".into()).spawn(move || drop(heap));
        }
    }
}
