//! The class `Writer`: one capture's way to the sink.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Buffer, Object};
use napi::{Env, JsString, Result};
use napi_derive::napi;
use parking_lot::Mutex;

use super::convert::ConversionRule;
use super::crossing::{Callback, promise, to_napi, weak_reply};
use super::environment::{owner, sink};
use super::redact::RedactRule;
use crate::error::{Error, ErrorKind};
use crate::host;
use crate::sink::{
    self, Codec, FileName, FileTarget, Format, Overflow, Packing, Pipe, Plan, Quota, StreamTarget, Target, Written,
};

/// What a capture asks for; validated by `lib/options.js`.
#[napi(object)]
pub struct WriterOptions {
    /// The directory; for a stream, where it may spool.
    pub dir: String,
    /// Whether the bytes go to `read()` and not to a file.
    pub stream: bool,
    /// Whether whoever produces the bytes may be made to wait for `read()`, because it is not the reader's own thread.
    pub producer_waits: bool,
    /// Exact file name in `dir`.
    pub file: Option<String>,
    /// Start of a generated name: label, date, time, pid, thread id.
    pub prefix: String,
    /// End of a generated name.
    pub extension: String,
    /// A name of [`codecs`].
    pub compression: String,
    /// The codec's level.
    pub level: i32,
    /// Quota of the directory.
    pub max_files: Option<i64>,
    /// Quota of the directory.
    pub max_bytes: Option<i64>,
    /// Quota of the directory.
    pub max_age_ms: Option<i64>,
    /// Quota of the volume.
    pub min_free_bytes: Option<i64>,
    /// Whether, and how, contents of strings are replaced; snapshots only.
    pub redact: Option<RedactRule>,
    /// Whether, and how, V8's own format becomes another; profiles only.
    pub convert: Option<ConversionRule>,
    /// Bound of the queue.
    pub queue_bytes: i64,
    /// How long a blocking write waits for a disk that takes nothing.
    pub patience_ms: i64,
    /// Limit of the whole capture from now on.
    pub timeout_ms: Option<i64>,
}

/// What files can be packed with.
#[napi(object)]
pub struct CodecInfo {
    /// The public name.
    pub name: String,
    /// What it adds to a file's name.
    pub extension: String,
    /// The level where nobody says; none where there is nothing to choose.
    pub level: Option<i32>,
    /// The least level.
    pub min: Option<i32>,
    /// The most.
    pub max: Option<i32>,
}

/// The table of codecs.
#[napi(catch_unwind)]
pub fn codecs() -> Vec<CodecInfo> {
    let info = |packing: Packing| {
        let levels = packing.levels();
        CodecInfo {
            name: packing.as_str().to_owned(),
            extension: packing.extension().to_owned(),
            level: levels.map(|levels| levels.usual),
            min: levels.map(|levels| levels.min),
            max: levels.map(|levels| levels.max),
        }
    };
    Packing::ALL.into_iter().map(info).collect()
}

/// What a file can hold.
#[napi(object)]
pub struct FormatInfo {
    /// The public name.
    pub name: String,
    /// What names end in, before what they are packed with.
    pub extension: String,
    /// The captures that it can be of.
    pub kinds: Vec<String>,
}

/// The table of formats.
#[napi(catch_unwind)]
pub fn formats() -> Vec<FormatInfo> {
    let info = |format: Format| FormatInfo {
        name: format.as_str().to_owned(),
        extension: format.extension().to_owned(),
        kinds: format.kinds().iter().map(|kind| kind.as_str().to_owned()).collect(),
    };
    Format::ALL.into_iter().map(info).collect()
}

/// What was written.
#[napi(object)]
pub struct WriterResult {
    /// The final file; none for a stream.
    pub path: Option<String>,
    /// Bytes put out.
    pub bytes: i64,
    /// Bytes taken in.
    pub raw_bytes: i64,
    /// SHA-256 of the bytes put out.
    pub sha256: String,
    /// What was redacted (`RedactReport`), or what became of source maps (`SourceMapsUsed`), as JSON.
    pub report: Option<String>,
    /// Artifacts that the quota would have removed and that cannot be, with the reason.
    pub not_removed: Vec<String>,
}

impl WriterResult {
    fn new(written: Written, not_removed: &NotRemoved) -> Self {
        Self {
            path: written.path.map(|path| path.to_string_lossy().into_owned()),
            bytes: from_u64(written.bytes),
            raw_bytes: from_u64(written.raw_bytes),
            sha256: written.sha256,
            report: written.report,
            not_removed: std::mem::take(&mut not_removed.lock()),
        }
    }
}

/// Where a capture stands.
#[napi(object)]
pub struct WriterProgress {
    /// Bytes put out so far.
    pub bytes: i64,
    /// Bytes taken in so far.
    pub raw_bytes: i64,
    /// Bytes that wait now.
    pub queued_bytes: i64,
    /// The most that waited.
    pub peak_queued_bytes: i64,
}

/// A capture's writer.
#[napi]
pub struct Writer {
    options: Option<WriterOptions>,
    inner: Option<Arc<sink::Writer>>,
    not_removed: NotRemoved,
}

/// See [`Quota::not_removed`].
type NotRemoved = Arc<Mutex<Vec<String>>>;

#[napi]
impl Writer {
    /// Nothing happens before `open()`.
    #[napi(constructor)]
    pub fn new(options: WriterOptions) -> Self {
        Self { options: Some(options), inner: None, not_removed: NotRemoved::default() }
    }

    /// Makes the output ready.
    #[napi(catch_unwind)]
    pub fn open<'env>(&mut self, env: &'env Env) -> Result<Object<'env>> {
        let options = self.options.take().ok_or_else(|| to_napi(&Error::internal("opened twice")))?;
        let plan = plan(options, &self.not_removed).map_err(|error| to_napi(&error))?;
        let (reply, object) = promise(env, |()| ())?;
        self.inner = Some(Arc::new(sink().begin(plan, reply)));
        Ok(object)
    }

    /// Queues a chunk of ASCII text, blocking this thread while there is no room. `false` when the capture is over.
    #[napi(catch_unwind)]
    pub fn write_ascii(&self, chunk: JsString) -> Result<bool> {
        let chunk = chunk.into_latin1()?;
        Ok(self.inner.as_ref().is_some_and(|inner| inner.write_holding(chunk.as_slice())))
    }

    /// Queues bytes, blocking this thread while there is no room. `false` when the capture is over.
    #[napi(catch_unwind)]
    pub fn write(&self, bytes: &[u8]) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.write_holding(bytes))
    }

    /// Queues bytes if they fit now; never blocks. `false`: see `room()`.
    #[napi(catch_unwind)]
    pub fn offer(&self, bytes: &[u8]) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.offer(bytes))
    }

    /// The largest piece that `offer()` takes.
    #[napi(catch_unwind)]
    pub fn piece_bytes(&self) -> i64 {
        self.inner.as_ref().map_or(0, |inner| from_usize(inner.piece_bytes()))
    }

    /// Resolves when half of the queue is free, or the capture is over.
    #[napi(catch_unwind)]
    pub fn room<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (reply, object) = promise(env, |()| ())?;
        match &self.inner {
            Some(inner) => inner.when_room(reply),
            None => reply(Err(unopened())),
        }
        Ok(object)
    }

    /// No more bytes; resolves when everything is on the disk.
    #[napi(catch_unwind)]
    pub fn finish<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (reply, object) = promise(env, self.result())?;
        match &self.inner {
            Some(inner) => inner.finish(reply),
            None => reply(Err(unopened())),
        }
        Ok(object)
    }

    /// The same, but calls `callback(error, result)` and does not keep the process alive: for a stream, which may have no reader.
    #[napi(catch_unwind)]
    pub fn finish_weakly(&self, callback: Callback<'_, WriterResult>) -> Result<()> {
        let reply = weak_reply(&callback, self.result())?;
        match &self.inner {
            Some(inner) => inner.finish(reply),
            None => reply(Err(unopened())),
        }
        Ok(())
    }

    /// Lets go of everything, of a spool's disk space as well.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.abort(ErrorKind::Aborted { reason: String::from("it was closed") }.into(), Box::new(|_| {}));
        }
    }

    /// Gives the capture up; resolves when nothing of it is left.
    #[napi(catch_unwind)]
    pub fn abort<'env>(&self, env: &'env Env, reason: String) -> Result<Object<'env>> {
        let (reply, object) = promise(env, |()| ())?;
        match &self.inner {
            Some(inner) => inner.abort(ErrorKind::Aborted { reason }.into(), reply),
            None => reply(Ok(())),
        }
        Ok(object)
    }

    /// The next encoded bytes of a stream; `null` at the end.
    #[napi(catch_unwind)]
    pub fn read<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (reply, object) = promise(env, |bytes: Option<Vec<u8>>| bytes.map(Buffer::from))?;
        match &self.inner {
            Some(inner) => inner.read(reply),
            None => reply(Err(unopened())),
        }
        Ok(object)
    }

    /// Where the capture stands.
    #[napi(catch_unwind)]
    pub fn progress(&self) -> WriterProgress {
        let Some(inner) = &self.inner else {
            return WriterProgress { bytes: 0, raw_bytes: 0, queued_bytes: 0, peak_queued_bytes: 0 };
        };
        let (backlog, counters) = (inner.backlog(), inner.counters());
        WriterProgress {
            bytes: from_u64(counters.bytes.load(Ordering::Relaxed)),
            raw_bytes: from_u64(backlog.taken_bytes),
            queued_bytes: from_usize(backlog.queued_bytes),
            peak_queued_bytes: from_usize(backlog.peak_queued_bytes),
        }
    }
}

impl Writer {
    fn result(&self) -> impl FnOnce(Written) -> WriterResult + Send + 'static + use<> {
        let not_removed = Arc::clone(&self.not_removed);
        move |written| WriterResult::new(written, &not_removed)
    }

    /// The core's writer, for whoever else produces this capture's bytes.
    pub(super) fn opened(&self) -> crate::Result<Arc<sink::Writer>> {
        self.inner.clone().ok_or_else(unopened)
    }
}

fn unopened() -> Error {
    Error::internal("the writer was not opened")
}

fn plan(options: WriterOptions, not_removed: &NotRemoved) -> crate::Result<Plan> {
    let dir = PathBuf::from(options.dir);
    // V8 on the reader's own thread cannot wait for its reader.
    let overflow = if options.producer_waits { Overflow::Wait } else { Overflow::Spool(dir.clone()) };
    // A stream whose producer waits touches no disk.
    let place = (!(options.stream && options.producer_waits)).then(|| dir.clone());
    let pipe = options.stream.then(|| Pipe::new(overflow));
    let target: Box<dyn Target> = match &pipe {
        Some(pipe) => Box::new(StreamTarget(Arc::clone(pipe))),
        None => Box::new(FileTarget {
            dir,
            name: match options.file {
                Some(file) => FileName::Exact(file),
                None => FileName::Generated { prefix: options.prefix, extension: options.extension },
            },
            quota: Quota {
                max_files: options.max_files.map(to_u64),
                max_bytes: options.max_bytes.map(to_u64),
                max_age: options.max_age_ms.map(to_duration),
                min_free_bytes: options.min_free_bytes.map(to_u64),
                not_removed: Arc::clone(not_removed),
            },
            free_bytes: host::free_disk_bytes,
        }),
    };
    let transform = match (options.redact, options.convert) {
        (Some(rule), _) => Some(rule.transform()?),
        (None, rule) => rule.map(ConversionRule::transform),
    };
    Ok(Plan {
        target,
        place,
        pipe,
        transform,
        codec: Codec::named(&options.compression, options.level)?,
        queue_bytes: usize::try_from(options.queue_bytes).unwrap_or(usize::MAX),
        patience: to_duration(options.patience_ms),
        deadline: options
            .timeout_ms
            .map(to_duration)
            .and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))),
        owner: owner(),
    })
}

fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn to_duration(milliseconds: i64) -> Duration {
    Duration::from_millis(to_u64(milliseconds))
}

fn from_u64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn from_usize(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
