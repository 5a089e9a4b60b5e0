//! Artifacts in a directory, for JavaScript.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use super::{promise, sink};
use crate::sink::{self, ArtifactName, Listed};

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

/// An artifact in a directory.
#[napi(object)]
pub struct ArtifactFile {
    /// Directory and name.
    pub path: String,
    /// Size in bytes.
    pub bytes: i64,
    /// When it was completed, in milliseconds since the epoch.
    pub modified_ms: i64,
    /// What its name says.
    pub name: ArtifactNameParts,
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

impl From<Listed> for ArtifactFile {
    fn from(listed: Listed) -> Self {
        let modified = listed.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            path: listed.path.to_string_lossy().into_owned(),
            bytes: i64::try_from(listed.bytes).unwrap_or(i64::MAX),
            modified_ms: i64::try_from(modified.as_millis()).unwrap_or(i64::MAX),
            name: listed.name.into(),
        }
    }
}

/// How long a directory may take to be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// heapkit's artifacts in `dir`, oldest first. Read on a thread of the sink: those of libuv's pool are the service's, and a disk that
/// hangs would keep them.
#[napi(catch_unwind, ts_return_type = "Promise<ArtifactFile[]>")]
pub fn list_artifacts<'env>(env: &'env Env, dir: String) -> Result<Object<'env>> {
    let (reply, object) =
        promise(env, |listed: Vec<Listed>| listed.into_iter().map(Into::into).collect::<Vec<ArtifactFile>>())?;
    let dir = PathBuf::from(dir);
    let question = {
        let dir = dir.clone();
        move || sink::list(&dir)
    };
    sink().ask(dir, PATIENCE, question, reply);
    Ok(object)
}

/// Takes a file name apart; null for every name that heapkit would not have made.
#[napi(catch_unwind)]
pub fn parse_artifact_name(name: String) -> Option<ArtifactNameParts> {
    ArtifactName::parse(&name).map(Into::into)
}
