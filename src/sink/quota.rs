//! What may be in a directory: quotas, and making room by removing heapkit's own oldest artifacts.
//!
//! Invariants: only files whose names pass [`ArtifactName::parse`] are ever removed, oldest first, and never one that is
//! being written; nothing is removed for a limit that removing cannot satisfy. What cannot be removed (another user's in a sticky
//! directory, one that is immutable) is not ours: it is passed over, does not count, and is named in [`Quota::not_removed`].

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::dir::Dir;
use super::name::ArtifactName;
use crate::error::{Error, ErrorKind, Result};

/// How many of the files that cannot be removed are named: somebody has to look at the directory anyway.
const MOST_NAMED: usize = 10;

/// Limits on a directory; `None` is no limit.
#[derive(Debug, Clone, Default)]
pub struct Quota {
    /// At most so many artifacts.
    pub max_files: Option<u64>,
    /// At most so many bytes of artifacts; the one that is being written counts when it is complete.
    pub max_bytes: Option<u64>,
    /// Artifacts older than this are removed.
    pub max_age: Option<Duration>,
    /// The volume keeps at least so many bytes free.
    pub min_free_bytes: Option<u64>,
    /// Artifacts that had to go and cannot be removed, with the reason; for whoever set the limits.
    pub not_removed: Arc<Mutex<Vec<String>>>,
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
    list_in(&Dir::open(dir).map_err(|error| Error::io("scandir", dir, error))?)
}

fn list_in(dir: &Dir) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let is_artifact = |name: &str| ArtifactName::parse(name).is_some();
    for file_name in dir.names(is_artifact).map_err(|error| Error::io("scandir", dir.path(), error))? {
        let Some(name) = ArtifactName::parse(&file_name) else { continue };
        // A file that is gone between the two calls was removed by somebody else: not ours to report.
        let Ok(meta) = dir.meta(&file_name) else { continue };
        if meta.is_file {
            listed.push(Listed { path: dir.path().join(&file_name), name, bytes: meta.bytes, modified: meta.modified });
        }
    }
    listed.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    Ok(listed)
}

/// Their size. Files with holes can have more bytes in sum than a number has room for.
pub(super) fn bytes_of(listed: &[Listed]) -> u64 {
    listed.iter().fold(0, |bytes, one| one.bytes.saturating_add(bytes))
}

/// A directory with its limits.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) dir: Arc<Dir>,
    pub(super) quota: Quota,
    pub(super) free_bytes: FreeBytes,
}

impl Room {
    /// Before a capture: removes what is too old, and refuses where the volume is too full already.
    pub(super) fn enter(&self, path: &Path) -> Result<()> {
        if let Some(max_age) = self.quota.max_age {
            let now = SystemTime::now();
            for old in list_in(&self.dir)? {
                if now.duration_since(old.modified).is_ok_and(|age| age > max_age) {
                    let _ = self.remove(&old);
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
        // The volume is that of the directory as it was opened, wherever that is now.
        let dir = self.dir.current_path().unwrap_or_else(|| self.dir.path().into());
        let free = (self.free_bytes)(&dir).map_err(|error| Error::io("statfs", &dir, error))?;
        let Some(missing) = min_free.checked_sub(free).filter(|missing| *missing > 0) else { return Ok(()) };
        let others = if self.quota.evicts() { list_in(&self.dir)? } else { Vec::new() };
        let short = |removable: u64, kept: &str| {
            let reason = format!(
                "the volume has {free} bytes free and `minFreeBytes` keeps {min_free}; free {} bytes, choose another `dir`, or \
                 lower `minFreeBytes`{kept}",
                missing - removable
            );
            Err(no_space(path, reason))
        };
        let removable = bytes_of(&others);
        if removable < missing {
            return short(removable, "");
        }
        let (mut freed, mut kept) = (0, Vec::new());
        for old in others {
            if freed >= missing {
                break;
            }
            match self.remove(&old) {
                Ok(()) => freed = old.bytes.saturating_add(freed),
                Err(error) => kept.push(format!("{} ({error})", old.path.display())),
            }
        }
        if freed < missing {
            short(freed, &format!(". These artifacts cannot be removed: {}", kept.join(", ")))
        } else {
            Ok(())
        }
    }

    /// Before `path`, complete with `written` bytes, gets its name: the oldest beyond the quota go. Not earlier, so that a
    /// capture that comes to nothing costs no artifact.
    pub(super) fn make_way(&self, path: &Path, written: u64) -> Result<()> {
        self.admit(path, written)?;
        if self.quota.max_bytes.is_none() && self.quota.max_files.is_none() {
            return Ok(());
        }
        let others = list_in(&self.dir)?;
        let (max_files, max_bytes) =
            (self.quota.max_files.unwrap_or(u64::MAX), self.quota.max_bytes.unwrap_or(u64::MAX));
        // With the new one.
        let mut files = others.len() as u64 + 1;
        let mut bytes = bytes_of(&others).saturating_add(written);
        for old in others {
            if files <= max_files && bytes <= max_bytes {
                break;
            }
            let _ = self.remove(&old);
            files -= 1;
            bytes = bytes.saturating_sub(old.bytes);
        }
        Ok(())
    }

    fn remove(&self, old: &Listed) -> io::Result<()> {
        let name = old.path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        match self.dir.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let (mut named, text) = (self.quota.not_removed.lock(), format!("{} ({error})", old.path.display()));
                if named.len() < MOST_NAMED && !named.contains(&text) {
                    named.push(text);
                }
                drop(named);
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl Quota {
    /// Whether somebody asked for a bounded directory; without a bound nothing is ever removed.
    fn evicts(&self) -> bool {
        self.max_files.is_some() || self.max_bytes.is_some() || self.max_age.is_some()
    }
}

fn no_space(path: &Path, reason: String) -> Error {
    ErrorKind::NoSpace { path: path.into(), reason, source: None }.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_with_holes_do_not_count_for_less_than_they_have() {
        let name = ArtifactName::parse("Heap.20250101.000000.1.0.001.heapprofile.gz").unwrap();
        let one = |bytes| Listed { path: PathBuf::new(), name: name.clone(), bytes, modified: SystemTime::now() };
        assert_eq!(bytes_of(&[one(3), one(4)]), 7);
        assert_eq!(bytes_of(&[one(u64::MAX / 2), one(u64::MAX / 2), one(u64::MAX / 2)]), u64::MAX);
    }
}
