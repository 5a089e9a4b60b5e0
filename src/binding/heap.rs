//! Snapshots that are read: the classes `HeapReading` (one piece of work, and how far it is) and `HeapFile` (what is asked), for JavaScript.
//!
//! All work is done on threads of the readers; answers cross as JSON.

use std::sync::Arc;

use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi::{Env, Result};
use napi_derive::napi;

use super::crossing::{json, promise, promise_with, to_napi};
use super::environment::readers;
use super::reading::{Held, Kept, begin};
use super::writer::Writer;
use crate::error::ErrorKind;
use crate::heap::{
    self, DiffOptions, Heap, MemoryRule, Opening, Progress, ReportOptions, Sort, Source, Stage, SummaryOptions, Target,
};
use crate::readers::Work;
use crate::sink::Reply;
use crate::source_maps::MapsFrom;

fn to_usize(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// How much memory a reading may take; validated by `lib/options.js`.
#[napi(object)]
pub struct ReadingMemory {
    /// What must stay available.
    pub reserve_bytes: i64,
    /// Begin although the estimate exceeds what is available.
    pub force: bool,
}

/// How files are opened; validated by `lib/options.js`.
#[napi(object)]
pub struct FileOpening {
    /// Read what there is of a file that breaks off.
    pub partial: bool,
    /// Folders that have source maps; an empty list for those of the scripts; nothing for no maps.
    pub source_maps: Option<Vec<String>>,
}

impl From<FileOpening> for Opening {
    fn from(FileOpening { partial, source_maps }: FileOpening) -> Self {
        Self { partial, source_maps: source_maps.map(MapsFrom::of) }
    }
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

/// One piece of work: a file that is read, files that are compared, a question.
#[napi]
pub struct HeapReading {
    progress: Arc<Progress>,
    work: Option<Arc<dyn Work>>,
}

#[napi]
impl HeapReading {
    /// Nothing is read yet.
    #[napi(constructor)]
    pub fn new(memory: ReadingMemory) -> Self {
        let reserve_bytes = u64::try_from(memory.reserve_bytes).unwrap_or(0);
        let rule = MemoryRule { reserve_bytes, force: memory.force };
        Self { progress: Arc::new(Progress::within(rule)), work: None }
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

    /// Gives up: what is under way is rejected at once, whatever its thread still waits for.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.progress.cancel();
        if let Some(work) = &self.work {
            readers().give_up(work);
        }
    }

    /// Reads one file, `-` for standard input.
    #[napi(catch_unwind, ts_return_type = "Promise<HeapFile>")]
    pub fn open<'env>(&mut self, env: &'env Env, path: String, opening: FileOpening) -> Result<Object<'env>> {
        let (reply, object) = promise_with(env, |env, heap: Held<Heap>| HeapFile::new(heap, env))?;
        let (source, opening) = (Source::of(&path), opening.into());
        let task = move |progress: &Progress| Ok(Held::new(Heap::open(&source, &opening, None, progress)?));
        self.begin(vec![Source::of(&path)], task, reply);
        Ok(object)
    }

    /// Compares files.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn diff<'env>(
        &mut self,
        env: &'env Env,
        paths: Vec<String>,
        top: i64,
        tree: bool,
        opening: FileOpening,
    ) -> Result<Object<'env>> {
        let progress = Arc::clone(&self.progress);
        let sources: Vec<Source> = paths.iter().map(|path| Source::of(path)).collect();
        self.answer(env, sources.clone(), move || {
            json(&heap::diff(&sources, &DiffOptions { top: to_usize(top), tree, opening: opening.into() }, &progress)?)
        })
    }

    /// Decompresses a file into a writer.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn copy<'env>(&mut self, env: &'env Env, path: String, writer: &Writer) -> Result<Object<'env>> {
        let writer = writer.opened().map_err(|error| to_napi(&error))?;
        let progress = Arc::clone(&self.progress);
        let source = Source::of(&path);
        self.answer(env, vec![source.clone()], move || {
            let copied = source.each_chunk(progress.start(source.bytes()), &mut |chunk| {
                // Why the writer takes no more, its finish tells.
                if progress.is_cancelled() || !writer.write(chunk) {
                    return Err(ErrorKind::Aborted { reason: "the copy was given up".into() }.into());
                }
                Ok(())
            });
            json(&copied.map_err(|error| error.about(source.name()))?)
        })
    }
}

impl HeapReading {
    pub(super) fn answer<'env>(
        &mut self,
        env: &'env Env,
        sources: Vec<Source>,
        question: impl FnOnce() -> crate::Result<String> + Send + 'static,
    ) -> Result<Object<'env>> {
        let (reply, object) = promise(env, |answer: String| answer)?;
        self.begin(sources, move |_| question(), reply);
        Ok(object)
    }

    /// Has `task` done, as the one piece of work that this is.
    pub(super) fn begin<T: Send + 'static>(
        &mut self,
        sources: Vec<Source>,
        task: impl FnOnce(&Progress) -> crate::Result<T> + Send + 'static,
        reply: Reply<T>,
    ) {
        let progress = Arc::clone(&self.progress);
        self.work = Some(begin(&self.progress, sources, move || task(&progress), reply));
    }
}

/// A snapshot that was read.
#[napi(custom_finalize)]
pub struct HeapFile {
    heap: Kept<Heap>,
}

#[napi]
impl HeapFile {
    /// Gives its memory back, as soon as nothing is asked any more.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: Env) {
        self.heap.close(env);
    }

    /// What is in the heap.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn summary<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        top: i64,
        sort: String,
    ) -> Result<Object<'env>> {
        let sort = match sort.as_str() {
            "shallow" => Sort::Shallow,
            "count" => Sort::Count,
            _ => Sort::Retained,
        };
        self.ask(env, reading, move |heap| json(&heap::summary(heap, &SummaryOptions { top: to_usize(top), sort })))
    }

    /// What retains at least this share of it.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn suspects<'env>(&self, env: &'env Env, reading: &mut HeapReading, share: f64) -> Result<Object<'env>> {
        self.ask(env, reading, move |heap| json(&heap::suspects(heap, share)))
    }

    /// Who holds an object or a class; `null` if there is none.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn retainers<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        target: String,
        limit: i64,
    ) -> Result<Object<'env>> {
        self.ask(env, reading, move |heap| json(&heap::retainers(heap, &Target::parse(&target), to_usize(limit))))
    }

    /// What a page about it shows.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn report<'env>(&self, env: &'env Env, reading: &mut HeapReading, top: i64) -> Result<Object<'env>> {
        self.ask(env, reading, move |heap| json(&heap::report(heap, &ReportOptions { top: to_usize(top) })))
    }
}

impl HeapFile {
    fn new(heap: Held<Heap>, env: Env) -> Self {
        let bytes = heap.get().map_or(0, Heap::bytes);
        Self { heap: Kept::new(heap, bytes, env) }
    }

    fn ask<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        question: impl FnOnce(&Heap) -> crate::Result<String> + Send + 'static,
    ) -> Result<Object<'env>> {
        let heap = self.heap.hold().map_err(|error| to_napi(&error))?;
        reading.answer(env, Vec::new(), move || question(heap.get()?))
    }
}

impl ObjectFinalize for HeapFile {
    fn finalize(mut self, env: Env) -> Result<()> {
        self.close(env);
        Ok(())
    }
}
