//! Artifacts in a directory, for JavaScript. Directories are read on threads of the sink: those of libuv's pool are the service's, and a
//! disk that hangs would keep them. Answers cross as one string of JSON: of ten thousand artifacts each property would otherwise be a
//! call on the service's own thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, Result};
use napi_derive::napi;
use serde::Serialize;

use super::crossing::{json, promise};
use super::environment::sink;
use crate::host;
use crate::sink::{self, ArtifactName, Listed, Listing};

/// How long a directory may take to be read.
const PATIENCE: Duration = Duration::from_secs(30);

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
            kind: name.kind.as_str().to_owned(),
            format: name.format.as_str().to_owned(),
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
            kind: name.kind.as_str(),
            format: name.format.as_str(),
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

/// Asks `question` of `dir` on a thread of the sink.
fn ask<'env, T>(
    env: &'env Env,
    dir: &Path,
    question: impl FnOnce(&Path) -> crate::Result<T> + Send + 'static,
) -> Result<Object<'env>>
where
    T: ToNapiValue + Send + 'static,
{
    let (reply, object) = promise(env, |answer: T| answer)?;
    let place = dir.to_owned();
    sink().ask(dir.to_owned(), PATIENCE, move || question(&place), reply);
    Ok(object)
}

/// A directory as it was read once.
#[napi]
pub struct DirectoryListing {
    dir: PathBuf,
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
    pub fn page<'env>(&self, env: &'env Env, limit: u32, after: Option<String>) -> Result<Object<'env>> {
        let listing = Arc::clone(&self.listing);
        ask(env, &self.dir, move |_| {
            let page = listing.page(after.as_deref(), usize::try_from(limit).unwrap_or(usize::MAX));
            json(&PageOfEntries { artifacts: page.artifacts.iter().map(Into::into).collect(), has_more: page.has_more })
        })
    }
}

/// Reads `dir`, for totals and pages.
#[napi(catch_unwind, ts_return_type = "Promise<DirectoryListing>")]
pub fn read_directory<'env>(env: &'env Env, dir: String) -> Result<Object<'env>> {
    ask(env, Path::new(&dir), |dir| {
        let listing = Arc::new(Listing::read(dir)?);
        Ok(DirectoryListing { dir: dir.to_owned(), listing, free_disk_bytes: host::free_disk_bytes(dir).ok() })
    })
}

/// heapkit's artifacts in `dir`, oldest first by when they were completed, as JSON.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn list_artifacts<'env>(env: &'env Env, dir: String) -> Result<Object<'env>> {
    ask(env, Path::new(&dir), |dir| json(&sink::list(dir)?.iter().map(Entry::from).collect::<Vec<_>>()))
}

/// Whether there is something called `name` in `dir`. Whoever then opens it does so on a thread of libuv's pool: of a volume that does not
/// answer, this has kept it away.
#[napi(catch_unwind, ts_return_type = "Promise<boolean>")]
pub fn is_there<'env>(env: &'env Env, dir: String, name: String) -> Result<Object<'env>> {
    ask(env, Path::new(&dir), move |dir| sink::is_there(dir, &name))
}

/// Takes a file name apart; null for every name that heapkit would not have made.
#[napi(catch_unwind)]
pub fn parse_artifact_name(name: String) -> Option<ArtifactNameParts> {
    ArtifactName::parse(&name).map(Into::into)
}
