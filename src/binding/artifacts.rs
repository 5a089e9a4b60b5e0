//! Artifacts in a directory, for JavaScript. Directories are read on threads of the pool, and answers cross as one string of
//! JSON: of ten thousand artifacts each property would otherwise be a call on the service's own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use napi_derive::napi;
use serde::Serialize;

use crate::error::Error;
use crate::host;
use crate::sink::{self, ArtifactName, Listed, Listing};

/// What the name of an artifact says.
#[napi(object)]
pub struct ArtifactNameParts {
    /// `snapshot`, `sampling`, `timeline` or `cpu`.
    pub kind: String,
    /// `heapsnapshot`, `heapprofile` …
    pub format: String,
    /// `gzip`, `zstd` or `none`.
    pub compression: String,
    /// `YYYYMMDD`, local time.
    pub date: String,
    /// `HHMMSS`, local time.
    pub time: String,
    /// The process.
    pub pid: u32,
    /// The thread.
    pub thread_id: i64,
}

impl From<ArtifactName> for ArtifactNameParts {
    fn from(name: ArtifactName) -> Self {
        Self {
            kind: name.format.kind().to_owned(),
            format: name.format.extension().to_owned(),
            compression: name.packing.as_str().to_owned(),
            date: name.date,
            time: name.time,
            pid: name.pid,
            thread_id: i64::try_from(name.thread_id).unwrap_or(i64::MAX),
        }
    }
}

/// An artifact in a directory.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    kind: &'a str,
    format: &'a str,
    path: String,
    bytes: u64,
    compression: &'a str,
    date: &'a str,
    time: &'a str,
    pid: u32,
    thread_id: u64,
}

impl<'a> From<&'a Listed> for Entry<'a> {
    fn from(Listed { path, name, bytes, .. }: &'a Listed) -> Self {
        Self {
            kind: name.format.kind(),
            format: name.format.extension(),
            path: path.to_string_lossy().into_owned(),
            bytes: *bytes,
            compression: name.packing.as_str(),
            date: &name.date,
            time: &name.time,
            pid: name.pid,
            thread_id: name.thread_id,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageOfEntries<'a> {
    artifacts: Vec<Entry<'a>>,
    has_more: bool,
}

fn json(answer: &impl Serialize) -> crate::Result<String> {
    serde_json::to_string(answer).map_err(|error| Error::internal(format!("a listing could not be written: {error}")))
}

/// Work for a thread of the pool.
pub struct OnPool<T>(Option<Box<dyn FnOnce() -> crate::Result<T> + Send>>);

fn on_pool<T>(work: impl FnOnce() -> crate::Result<T> + Send + 'static) -> AsyncTask<OnPool<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(OnPool(Some(Box::new(work))))
}

impl<T: ToNapiValue + TypeName + Send + 'static> Task for OnPool<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let work = self.0.take();
        let answer =
            catch_unwind(AssertUnwindSafe(|| work.map_or_else(|| Err(Error::internal("asked twice")), |work| work())));
        answer
            .unwrap_or_else(|_| Err(Error::internal("the reading of a directory panicked")))
            .map_err(|error| super::to_napi(&error))
    }

    fn resolve(&mut self, _env: Env, answer: T) -> Result<T> {
        Ok(answer)
    }
}

/// A directory as it was read once.
#[napi]
pub struct DirectoryListing {
    listing: Arc<Listing>,
    free_disk_bytes: Option<u64>,
}

#[napi]
impl DirectoryListing {
    /// How many artifacts there are.
    #[napi(getter, catch_unwind)]
    pub fn count(&self) -> i64 {
        i64::try_from(self.listing.count()).unwrap_or(i64::MAX)
    }

    /// Their size.
    #[napi(getter, catch_unwind)]
    pub fn bytes(&self) -> i64 {
        i64::try_from(self.listing.bytes()).unwrap_or(i64::MAX)
    }

    /// Free bytes of the volume; null where the system does not tell.
    #[napi(getter, catch_unwind)]
    pub fn free_disk_bytes(&self) -> Option<i64> {
        self.free_disk_bytes.map(|free| i64::try_from(free).unwrap_or(i64::MAX))
    }

    /// At most `limit` artifacts behind the name `after` (or from the newest on), newest first: `{ artifacts, hasMore }` as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn page(&self, limit: u32, after: Option<String>) -> AsyncTask<OnPool<String>> {
        let listing = Arc::clone(&self.listing);
        on_pool(move || {
            let page = listing.page(after.as_deref(), usize::try_from(limit).unwrap_or(usize::MAX));
            json(&PageOfEntries { artifacts: page.artifacts.iter().map(Into::into).collect(), has_more: page.has_more })
        })
    }
}

/// Reads `dir`, for totals and pages.
#[napi(catch_unwind, ts_return_type = "Promise<DirectoryListing>")]
pub fn read_directory(dir: String) -> AsyncTask<OnPool<DirectoryListing>> {
    on_pool(move || {
        let dir = Path::new(&dir);
        let listing = Arc::new(Listing::read(dir)?);
        Ok(DirectoryListing { listing, free_disk_bytes: host::free_disk_bytes(dir).ok() })
    })
}

/// heapkit's artifacts in `dir`, oldest first by when they were completed, as JSON.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn list_artifacts(dir: String) -> AsyncTask<OnPool<String>> {
    on_pool(move || {
        let files = sink::list(Path::new(&dir))?;
        json(&files.iter().map(Entry::from).collect::<Vec<_>>())
    })
}

/// Takes a file name apart; null for every name that heapkit would not have made.
#[napi(catch_unwind)]
pub fn parse_artifact_name(name: String) -> Option<ArtifactNameParts> {
    ArtifactName::parse(&name).map(Into::into)
}
