//! The discipline of files: an artifact is there whole or not at all.
//!
//! A capture is written to a temporary file in the directory of the final one (unique name ending in `.partial`,
//! exclusive, never through a link, mode 0600), synced, renamed without overwriting, and the directory is synced. The
//! temporary is removed when the output is dropped. All of it happens in the directory that was opened, also when that is renamed or
//! removed meanwhile: nothing is left behind anywhere. Invariant: a final name never holds a part of an artifact, and never
//! replaces a file.

mod temporary;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub use temporary::sweep;
#[cfg(windows)]
pub(super) use temporary::temporary_name;

use super::dir::Dir;
use super::pipeline::{Committed, Output, Target};
use super::quota::{FreeBytes, Quota, Room};
use crate::error::{Error, ErrorKind, Result};
use temporary::{Temporary, sweep_in};

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
    /// What the file is called.
    pub name: FileName,
    /// Limits on the directory.
    pub quota: Quota,
    /// How to find out the free space.
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
        let dir = Arc::new(Dir::open(&dir).map_err(|error| Error::io_of_target("open", &dir, error))?);
        sweep_in(&dir)?;
        if matches!(name, FileName::Exact(_)) {
            quota = Quota { min_free_bytes: quota.min_free_bytes, ..Quota::default() };
        }
        let room = Room { dir, quota, free_bytes };
        let (file_name, path) = (name.next(), |name: &str| room.dir.path().join(name));
        match room.dir.meta(&file_name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) if matches!(name, FileName::Exact(_)) => {
                return Err(ErrorKind::Exists { path: path(&file_name) }.into());
            }
            // A generated one gets the next number when it is complete.
            Ok(_) => {}
            // Such as a name that is too long: better said now than after the capture.
            Err(error) => return Err(failed("open", &path(&file_name), 0, error)),
        }
        room.enter(&path(&file_name))?;
        let temporary = Temporary::create(&room.dir, &file_name)?;
        Ok(Box::new(FileOutput { room, name, file_name, temporary, written: 0, looked: 0 }))
    }
}

struct FileOutput {
    room: Room,
    name: FileName,
    /// What it is to be called; the number of a generated name may change.
    file_name: String,
    temporary: Temporary,
    written: u64,
    looked: u64,
}

impl Write for FileOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written - self.looked >= LOOK_EVERY_BYTES {
            self.room.admit(&self.path(), self.written)?;
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
    fn path(&self) -> PathBuf {
        self.room.dir.path().join(&self.file_name)
    }

    fn failed(&self, syscall: &'static str, error: io::Error) -> Error {
        failed(syscall, &self.path(), self.written, error)
    }

    /// The final name, and nothing that was there is replaced.
    fn publish(&mut self) -> Result<()> {
        let mut attempts = 0;
        while let Err(error) = self.temporary.publish(&self.file_name) {
            attempts += 1;
            let taken = error.kind() == io::ErrorKind::AlreadyExists;
            match self.name {
                FileName::Exact(_) if taken => return Err(ErrorKind::Exists { path: self.path() }.into()),
                // Another container with the same pid wrote the same name to a shared volume: take the next number.
                FileName::Generated { .. } if taken && attempts < ATTEMPTS => self.file_name = self.name.next(),
                _ => return Err(Error::io_of_target("rename", self.path(), error)),
            }
        }
        Ok(())
    }
}

impl Output for FileOutput {
    fn commit(mut self: Box<Self>, is_wanted: &dyn Fn() -> bool) -> Result<Committed> {
        // Delayed allocation: a full disk may show only now.
        self.temporary.file.sync_all().map_err(|error| self.failed("fsync", error))?;
        if !is_wanted() {
            return Err(ErrorKind::Aborted { reason: String::from("it took too long") }.into());
        }
        // Only now, when the new artifact is safely on the disk, may old ones go for the number of files.
        self.room.make_way(&self.path(), self.written)?;
        self.publish()?;
        let Self { room: Room { dir, .. }, file_name, temporary, .. } = *self;
        // A capture that is reported as failed leaves no file.
        if let Err(error) = dir.sync() {
            temporary.withdraw();
            return Err(Error::io_of_target("fsync", dir.path(), error));
        }
        // The file is where the directory is, which somebody may have renamed meanwhile.
        let Some(place) = dir.current_path() else {
            temporary.withdraw();
            let reason = io::Error::new(
                io::ErrorKind::NotFound,
                "the directory was moved or removed while the capture was under way",
            );
            return Err(Error::io_of_target("find", dir.path(), reason));
        };
        Ok(Committed { path: Some(place.join(file_name)), withdraw: Some(Box::new(move || temporary.withdraw())) })
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
        Err(error) => Err(Error::io_of_target("mkdir", dir, error)),
    }
}

/// What the system's `error` means for an artifact of which `written` bytes are on the disk.
fn failed(syscall: &'static str, path: &Path, written: u64, error: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let (what, remedy) = match error.kind() {
        StorageFull => ("the volume is full", "free space there or choose another `dir`"),
        QuotaExceeded => ("the disk quota of this user is used up", "free space there or choose another `dir`"),
        FileTooLarge => ("the file is larger than this process may write", "raise the limit (`ulimit -f`)"),
        _ => return Error::io_of_target(syscall, path, error),
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

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
