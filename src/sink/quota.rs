//! What may stand in a directory: quotas, and making room by removing heapkit's own oldest artifacts.
//!
//! Invariants: only files whose names pass [`ArtifactName::parse`] are ever removed, oldest first, and never one that is
//! being written; nothing is removed for a limit that removing cannot satisfy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::name::ArtifactName;
use crate::error::{Error, ErrorKind, Result};

/// Limits on a directory; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quota {
    /// At most so many artifacts.
    pub max_files: Option<u64>,
    /// At most so many bytes of artifacts; the one that is being written counts when it is complete.
    pub max_bytes: Option<u64>,
    /// Artifacts older than this are removed.
    pub max_age: Option<Duration>,
    /// The volume keeps at least so many bytes free.
    pub min_free_bytes: Option<u64>,
}

/// Asks the machine for the free bytes of the volume that holds a directory; handed in, because `sink` does not know
/// `host`.
pub type FreeBytes = fn(&Path) -> io::Result<u64>;

/// An artifact found in a directory.
#[derive(Debug)]
pub struct Listed {
    /// Directory and name.
    pub path: PathBuf,
    /// What its name says.
    pub name: ArtifactName,
    /// Its size.
    pub bytes: u64,
    /// When it was completed.
    pub modified: SystemTime,
}

/// heapkit's artifacts in `dir`, oldest first. Other files, links and directories are passed over.
pub fn list(dir: &Path) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| Error::io("scandir", dir, error))? {
        let entry = entry.map_err(|error| Error::io("scandir", dir, error))?;
        let Some(name) = entry.file_name().to_str().and_then(ArtifactName::parse) else { continue };
        // A file that is gone between the two calls was removed by somebody else: not ours to report.
        let Ok(meta) = entry.metadata() else { continue };
        if !meta.is_file() {
            continue;
        }
        let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        listed.push(Listed { path: entry.path(), name, bytes: meta.len(), modified });
    }
    listed.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    Ok(listed)
}

/// A directory with its limits.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) dir: PathBuf,
    pub(super) quota: Quota,
    pub(super) free_bytes: FreeBytes,
}

impl Room {
    /// Before a capture: removes what is too old, and refuses where the volume is too full already.
    pub(super) fn enter(&self, path: &Path) -> Result<()> {
        if let Some(max_age) = self.quota.max_age {
            let now = SystemTime::now();
            for old in list(&self.dir)? {
                if now.duration_since(old.modified).is_ok_and(|age| age > max_age) {
                    remove(&old.path)?;
                }
            }
        }
        self.admit(path, 0)
    }

    /// During a capture that has put out `written` bytes: refuses what can never fit, and keeps the volume's free space.
    pub(super) fn admit(&self, path: &Path, written: u64) -> Result<()> {
        if let Some(max_bytes) = self.quota.max_bytes.filter(|max_bytes| written > *max_bytes) {
            return Err(no_space(
                path,
                format!(
                    "this artifact alone has {written} bytes so far, and `maxBytes` allows {max_bytes} for the whole \
                     directory; raise `maxBytes` or compress harder (`compression`, `level`)"
                ),
            ));
        }
        let Some(min_free) = self.quota.min_free_bytes else { return Ok(()) };
        let free = (self.free_bytes)(&self.dir).map_err(|error| Error::io("statfs", &self.dir, error))?;
        let Some(missing) = min_free.checked_sub(free).filter(|missing| *missing > 0) else { return Ok(()) };
        let others = if self.quota.evicts() { list(&self.dir)? } else { Vec::new() };
        let removable = others.iter().map(|other| other.bytes).sum::<u64>();
        if removable < missing {
            return Err(no_space(
                path,
                format!(
                    "the volume has {free} bytes free and `minFreeBytes` keeps {min_free}; free {} bytes, choose \
                     another `dir`, or lower `minFreeBytes`",
                    missing - removable
                ),
            ));
        }
        remove_oldest(others, missing)
    }

    /// Before `path`, complete with `written` bytes, gets its name: the oldest beyond the quota go. Not earlier, so that a
    /// capture that comes to nothing costs no artifact.
    pub(super) fn make_way(&self, path: &Path, written: u64) -> Result<()> {
        self.admit(path, written)?;
        if let Some(max_bytes) = self.quota.max_bytes {
            let others = list(&self.dir)?;
            let total = written + others.iter().map(|other| other.bytes).sum::<u64>();
            remove_oldest(others, total.saturating_sub(max_bytes))?;
        }
        let Some(max_files) = self.quota.max_files else { return Ok(()) };
        let others = list(&self.dir)?;
        let keep = usize::try_from(max_files.saturating_sub(1)).unwrap_or(usize::MAX);
        let surplus = others.len().saturating_sub(keep);
        others.iter().take(surplus).try_for_each(|other| remove(&other.path))
    }
}

impl Quota {
    /// Whether somebody asked for a bounded directory; without a bound nothing is ever removed.
    fn evicts(&self) -> bool {
        self.max_files.is_some() || self.max_bytes.is_some() || self.max_age.is_some()
    }
}

/// Removes the oldest until `bytes` are freed.
fn remove_oldest(oldest_first: Vec<Listed>, bytes: u64) -> Result<()> {
    let mut freed = 0;
    for old in oldest_first {
        if freed >= bytes {
            break;
        }
        remove(&old.path)?;
        freed += old.bytes;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("unlink", path, error)),
        _ => Ok(()),
    }
}

fn no_space(path: &Path, reason: String) -> Error {
    ErrorKind::NoSpace { path: path.into(), reason, source: None }.into()
}
