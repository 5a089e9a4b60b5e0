//! Snapshots that are read: the classes `HeapReading` (how far it is) and `HeapFile` (what is asked), for JavaScript.
//!
//! All work is done on threads of the pool; answers cross as JSON.

use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result, Task};
use napi_derive::napi;

use super::crossing::{json, to_napi};
use super::writer::Writer;
use crate::error::{self, Error, ErrorKind};
use crate::heap::{self, DiffOptions, Heap, Progress, ReportOptions, Sort, Source, Stage, SummaryOptions, Target};

fn to_usize(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// How far a reading is.
#[napi(object)]
pub struct ReadingProgress {
    /// `reading`, `analysing` or `done`.
    pub stage: String,
    /// Bytes of the file, as it is on disk, that were read.
    pub read: f64,
    /// Bytes that it has; 0 if that is not known.
    pub total: f64,
}

/// Reads snapshots.
#[napi]
#[derive(Default)]
pub struct HeapReading {
    progress: Arc<Progress>,
}

#[napi]
impl HeapReading {
    /// Nothing is read yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far it is.
    #[napi(catch_unwind)]
    pub fn progress(&self) -> ReadingProgress {
        let (read, total) = self.progress.read();
        #[allow(clippy::cast_precision_loss, reason = "sizes of files")]
        let (read, total) = (read as f64, total as f64);
        let stage = match self.progress.stage() {
            Stage::Reading => "reading",
            Stage::Analysing => "analysing",
            Stage::Done => "done",
        };
        ReadingProgress { stage: stage.into(), read, total }
    }

    /// Gives up; what is under way is rejected.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.progress.cancel();
    }

    /// Reads one file, `-` for standard input.
    #[napi(catch_unwind, ts_return_type = "Promise<HeapFile>")]
    pub fn open(&self, path: String, partial: bool) -> AsyncTask<Open> {
        AsyncTask::new(Open { source: Source::of(&path), partial, progress: Arc::clone(&self.progress) })
    }

    /// Compares files.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn diff(&self, paths: Vec<String>, top: i64, tree: bool, partial: bool) -> AsyncTask<Ask> {
        let progress = Arc::clone(&self.progress);
        let sources: Vec<Source> = paths.iter().map(|path| Source::of(path)).collect();
        ask(move || json(&heap::diff(&sources, &DiffOptions { top: to_usize(top), tree, partial }, &progress)?))
    }

    /// Decompresses a file into a writer.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn copy(&self, path: String, writer: &Writer) -> Result<AsyncTask<Ask>> {
        let writer = writer.opened().map_err(|error| to_napi(&error))?;
        let progress = Arc::clone(&self.progress);
        Ok(ask(move || {
            let source = Source::of(&path);
            let copied = source.each_chunk(progress.start(&source), &mut |chunk| {
                progress.check()?;
                // Why the writer takes no more, its finish tells.
                if writer.write(chunk) {
                    Ok(())
                } else {
                    Err(ErrorKind::Aborted { reason: "the copy was given up".into() }.into())
                }
            });
            json(&copied.map_err(|error| error.about(source.name()))?)
        }))
    }
}

/// Reads a file on a thread of the pool.
pub struct Open {
    source: Source,
    partial: bool,
    progress: Arc<Progress>,
}

impl Task for Open {
    type Output = Heap;
    type JsValue = HeapFile;

    fn compute(&mut self) -> Result<Self::Output> {
        let heap = guard(|| Heap::open(&self.source, self.partial, None, &self.progress));
        heap.map_err(|error| to_napi(&error))
    }

    fn resolve(&mut self, _env: Env, heap: Self::Output) -> Result<Self::JsValue> {
        Ok(HeapFile { heap: Some(Arc::new(heap)) })
    }
}

type Question = Box<dyn FnOnce() -> crate::Result<String> + Send>;

/// Answers a question on a thread of the pool.
pub struct Ask(Option<Question>);

fn ask(question: impl FnOnce() -> crate::Result<String> + Send + 'static) -> AsyncTask<Ask> {
    AsyncTask::new(Ask(Some(Box::new(question))))
}

impl Task for Ask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<Self::Output> {
        let question = self.0.take();
        let answer = guard(|| question.map_or_else(|| Err(Error::internal("asked twice")), |question| question()));
        answer.map_err(|error| to_napi(&error))
    }

    fn resolve(&mut self, _env: Env, answer: Self::Output) -> Result<Self::JsValue> {
        Ok(answer)
    }
}

/// A panic in the reading of one file is the failure of that reading.
fn guard<T>(work: impl FnOnce() -> crate::Result<T>) -> crate::Result<T> {
    error::guard("the reading of a snapshot", work)
}

/// A snapshot that was read.
#[napi]
pub struct HeapFile {
    heap: Option<Arc<Heap>>,
}

#[napi]
impl HeapFile {
    /// Gives its memory back, as soon as nothing is asked any more.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.heap = None;
    }

    /// What is in the heap.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn summary(&self, top: i64, sort: String) -> Result<AsyncTask<Ask>> {
        let sort = match sort.as_str() {
            "shallow" => Sort::Shallow,
            "count" => Sort::Count,
            _ => Sort::Retained,
        };
        self.ask(move |heap| json(&heap::summary(heap, &SummaryOptions { top: to_usize(top), sort })))
    }

    /// What retains at least this share of it.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn suspects(&self, share: f64) -> Result<AsyncTask<Ask>> {
        self.ask(move |heap| json(&heap::suspects(heap, share)))
    }

    /// Who holds an object or a class; `null` if there is none.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn retainers(&self, target: String, limit: i64) -> Result<AsyncTask<Ask>> {
        self.ask(move |heap| json(&heap::retainers(heap, &Target::parse(&target), to_usize(limit))))
    }

    /// What a page about it shows.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn report(&self, top: i64) -> Result<AsyncTask<Ask>> {
        self.ask(move |heap| json(&heap::report(heap, &ReportOptions { top: to_usize(top) })))
    }
}

impl HeapFile {
    fn ask(&self, question: impl FnOnce(&Heap) -> crate::Result<String> + Send + 'static) -> Result<AsyncTask<Ask>> {
        let heap = self
            .heap
            .clone()
            .ok_or_else(|| to_napi(&ErrorKind::Aborted { reason: "the snapshot was closed".into() }.into()))?;
        Ok(ask(move || question(&heap)))
    }
}
