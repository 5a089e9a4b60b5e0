//! The discipline of files: an artifact is there whole or not at all.
//!
//! A capture is written to a temporary file in the directory of the final one (unique name ending in `.partial`,
//! exclusive, never through a link, mode 0600), synced, renamed without overwriting, and the directory is synced. The
//! temporary is removed when the output is dropped. Invariant: a final name never holds a part of an artifact, and
//! never replaces a file.

mod temporary;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub use temporary::sweep;

use super::pipeline::{Committed, Output, Target};
use super::quota::{FreeBytes, Quota, Room};
use crate::error::{Error, ErrorKind, Result};
use temporary::Temporary;

/// The free space is looked at whenever so many more bytes have been written.
const LOOK_EVERY_BYTES: u64 = 4 << 20;

/// Names to try before giving up, for temporaries and for sequence numbers alike.
const ATTEMPTS: u32 = 64;

/// Sequence numbers are unique in the process, over all its threads.
static SEQUENCE: AtomicU32 = AtomicU32::new(0);

/// A file to be written.
#[derive(Debug)]
pub struct FileTarget {
    /// The directory; made if it is missing.
    pub dir: PathBuf,
    /// How the file is called.
    pub name: FileName,
    /// Limits on the directory.
    pub quota: Quota,
    /// How to learn the free space.
    pub free_bytes: FreeBytes,
}

/// A final name.
#[derive(Debug, Clone)]
pub enum FileName {
    /// Exactly this; the quota's limits on heapkit's own files do not apply to it.
    Exact(String),
    /// `{prefix}.{sequence}.{extension}`, after the pattern of [`super::name::ArtifactName`].
    Generated {
        /// For example `Heap.20261120.213000.4242.0`.
        prefix: String,
        /// For example `heapsnapshot.gz`.
        extension: String,
    },
}

/// The next number for a generated name.
pub fn next_sequence() -> u32 {
    SEQUENCE.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

impl FileName {
    fn next(&self) -> String {
        match self {
            Self::Exact(name) => name.clone(),
            Self::Generated { prefix, extension } => format!("{prefix}.{:03}.{extension}", next_sequence()),
        }
    }
}

impl Target for FileTarget {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        let Self { dir, name, mut quota, free_bytes } = *self;
        make_dir(&dir, &name)?;
        sweep(&dir)?;
        if matches!(name, FileName::Exact(_)) {
            quota = Quota { min_free_bytes: quota.min_free_bytes, ..Quota::default() };
        }
        let room = Room { dir, quota, free_bytes };
        let path = room.dir.join(name.next());
        if matches!(name, FileName::Exact(_)) && fs::symlink_metadata(&path).is_ok() {
            return Err(ErrorKind::Exists { path }.into());
        }
        room.enter(&path)?;
        let temporary = Temporary::create(&path)?;
        Ok(Box::new(FileOutput { room, name, path, temporary, written: 0, looked: 0 }))
    }
}

struct FileOutput {
    room: Room,
    name: FileName,
    path: PathBuf,
    temporary: Temporary,
    written: u64,
    looked: u64,
}

impl Write for FileOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written - self.looked >= LOOK_EVERY_BYTES {
            self.room.admit(&self.path, self.written)?;
            self.looked = self.written;
        }
        let count = match self.temporary.file.write(bytes) {
            // As it is, so that `write_all` tries again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            result => result.map_err(|error| self.failed("write", error))?,
        };
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileOutput {
    fn failed(&self, syscall: &'static str, error: io::Error) -> Error {
        failed(syscall, &self.path, self.written, error)
    }
}

impl Output for FileOutput {
    fn commit(mut self: Box<Self>, is_wanted: &dyn Fn() -> bool) -> Result<Committed> {
        // Delayed allocation: a full disk may show only now.
        self.temporary.file.sync_all().map_err(|error| self.failed("fsync", error))?;
        // Only now, when the new artifact is safely on the disk, may old ones go for the number of files.
        self.room.make_way(&self.path, self.written)?;
        let mut attempts = 0;
        while let Err(error) = rename_new(&self.temporary.path, &self.path) {
            attempts += 1;
            let taken = error.kind() == io::ErrorKind::AlreadyExists;
            match self.name {
                FileName::Exact(_) if taken => return Err(ErrorKind::Exists { path: self.path.clone() }.into()),
                // Another container with the same pid wrote the same name to a shared volume: take the next number.
                FileName::Generated { .. } if taken && attempts < ATTEMPTS => {
                    self.path = self.room.dir.join(self.name.next());
                }
                _ => return Err(Error::io("rename", &self.path, error)),
            }
        }
        self.temporary.renamed = true;
        if let Err(error) = sync_dir(&self.room.dir) {
            // A capture that is reported as failed leaves no file.
            let _ = fs::remove_file(&self.path);
            return Err(error);
        }
        Ok(Committed { path: Some(self.path), withdraw: None })
    }
}

fn make_dir(dir: &Path, name: &FileName) -> Result<()> {
    if fs::metadata(dir).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    match dir_builder().recursive(true).create(dir) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) => {
            let (option, what) = match name {
                FileName::Generated { .. } => ("dir", "is not a directory, or lies below a file"),
                FileName::Exact(_) => ("file", "is in a place that is not a directory, or lies below a file"),
            };
            Err(ErrorKind::InvalidOption { option, reason: format!("{what}: {}", dir.display()) }.into())
        }
        Err(error) => Err(Error::io("mkdir", dir, error)),
    }
}

/// What the system's `error` means for an artifact of which `written` bytes are on the disk.
fn failed(syscall: &'static str, path: &Path, written: u64, error: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let (what, remedy) = match error.kind() {
        StorageFull => ("the volume is full", "free space there or choose another `dir`"),
        QuotaExceeded => ("the disk quota of this user is used up", "free space there or choose another `dir`"),
        FileTooLarge => ("the file is larger than this process may write", "raise the limit (`ulimit -f`)"),
        _ => return Error::io(syscall, path, error),
    };
    let reason = format!("{what} after {written} bytes; {remedy}. Nothing was left behind");
    ErrorKind::NoSpace { path: path.into(), reason, source: Some(error) }.into()
}

#[cfg(unix)]
fn dir_builder() -> fs::DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn dir_builder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

/// Renames without ever replacing a file.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system or kernel that does not know the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_then_unlink(from, to),
        result => Ok(result?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    link_then_unlink(from, to)
}

/// A hard link is atomic and refuses an existing name everywhere; the temporary's own name goes afterwards.
fn link_then_unlink(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    // The artifact is there; a name that cannot be removed now is swept by the next writer.
    let _ = fs::remove_file(from);
    Ok(())
}

/// Makes the rename durable. Some file systems cannot sync a directory and say so: nothing is lost by that.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> Result<()> {
    match fs::File::open(dir).and_then(|dir| dir.sync_all()) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(Error::io("fsync", dir, error))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_the_flag_does_not_overwrite_either() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "new").unwrap();
        std::os::unix::fs::symlink("nowhere", &to).unwrap();
        assert_eq!(link_then_unlink(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_file(&to).unwrap();
        fs::write(&to, "old").unwrap();
        assert_eq!(link_then_unlink(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&to).unwrap(), "old");
        fs::remove_file(&to).unwrap();
        link_then_unlink(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        assert!(!from.exists());
    }

    #[test]
    fn a_full_disk_says_so_with_the_numbers_and_its_cause() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
            let error = failed("write", Path::new("/dumps/a"), 4711, kind.into());
            assert_eq!(error.code(), "HEAPKIT_ERR_NO_SPACE");
            assert!(error.to_string().contains("/dumps/a") && error.to_string().contains("4711 bytes"), "{error}");
            assert!(std::error::Error::source(&error).is_some());
        }
        let error = failed("fsync", Path::new("/dumps/a"), 1, io::ErrorKind::PermissionDenied.into());
        assert_eq!(error.code(), "HEAPKIT_ERR_IO");
    }
}
