//! The discipline of files: an artifact is there whole or not at all.
//!
//! A capture is written to a temporary file in the directory of the final one (unique name ending in `.partial`,
//! exclusive, never through a link, mode 0600), synced, renamed without overwriting, and the directory is synced. The
//! temporary is removed when the output is dropped. A process that is killed leaves its temporary behind; the next
//! one that writes to the directory removes it. Invariants:
//!
//! * a final name never holds a part of an artifact, and never replaces a file;
//! * a temporary belongs to a living writer exactly while that writer holds the lock on it (`flock`, which the kernel
//!   drops with the process). Process ids would not do: in containers that share a volume everybody is pid 1.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::pipeline::{Committed, Output, Target};
use super::quota::{FreeBytes, Quota, Room, no_space};
use crate::error::{Error, ErrorKind, Result};

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

impl FileName {
    fn next(&self) -> String {
        match self {
            Self::Exact(name) => name.clone(),
            Self::Generated { prefix, extension } => {
                let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
                format!("{prefix}.{sequence:03}.{extension}")
            }
        }
    }
}

impl Target for FileTarget {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        let Self { dir, name, mut quota, free_bytes } = *self;
        make_dir(&dir)?;
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
        let count = self.temporary.file.write(bytes).map_err(|error| self.failed("write", error))?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileOutput {
    fn failed(&self, syscall: &'static str, error: io::Error) -> Error {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let (what, remedy) = match error.kind() {
            StorageFull => ("the volume is full", "free space there or choose another `dir`"),
            QuotaExceeded => ("the disk quota of this user is used up", "free space there or choose another `dir`"),
            FileTooLarge => ("the file is larger than this process may write", "raise the limit (`ulimit -f`)"),
            _ => return Error::io(syscall, &self.path, error),
        };
        let reason = format!("{what} after {} bytes; {remedy}. Nothing was left behind", self.written);
        ErrorKind::NoSpace { path: self.path.clone(), reason, source: Some(error) }.into()
    }
}

impl Output for FileOutput {
    fn commit(mut self: Box<Self>) -> Result<Committed> {
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
        Ok(Committed { path: Some(self.path) })
    }
}

/// A locked temporary file; removed when dropped, unless it was renamed.
struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    fn create(path: &Path) -> Result<Self> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Self::create_as(temporary_path(path)) {
                Ok(Some(temporary)) => return Ok(temporary),
                // A sweep removed it between creation and lock: make another.
                Ok(None) if attempts < ATTEMPTS => {}
                Ok(None) => return Err(Error::io("open", path, io::ErrorKind::AlreadyExists.into())),
                // Something stands in the place of the temporary, be it a link: never written through, never removed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {}
                Err(error) => return Err(open_failed(path, error)),
            }
        }
    }

    fn create_as(path: PathBuf) -> io::Result<Option<Self>> {
        let file = create_exclusive(&path)?;
        // Where the file system has no locks nobody will take the temporary for stale either.
        let _ = file.try_lock();
        let temporary = Self { path, file, renamed: false };
        Ok(temporary.is_linked().then_some(temporary))
    }

    fn is_linked(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // Failing here leaves a `.partial`, which the next writer sweeps.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// `FINAL.PID-RANDOM.partial`: the pid is for people, the random part makes it unique and unguessable.
fn temporary_path(path: &Path) -> PathBuf {
    // RandomState is seeded by the system for every value.
    let random = RandomState::new().hash_one(path);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{random:016x}.partial", std::process::id()));
    PathBuf::from(name)
}

/// Removes temporaries that no living process is writing. Called before each capture into `dir`.
pub fn sweep(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).map_err(|error| Error::io("scandir", dir, error))? {
        let Ok(entry) = entry else { continue };
        let is_ours = entry.file_name().to_str().is_some_and(is_temporary_name);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Not ours to open, or gone already: leave it alone.
        let Ok(file) = open_existing(&path) else { continue };
        match file.try_lock() {
            Ok(()) => {
                let _ = fs::remove_file(&path);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    Ok(())
}

/// `….PID-RANDOM.partial`, as [`temporary_path`] makes them.
fn is_temporary_name(name: &str) -> bool {
    let Some((_, tail)) = name.strip_suffix(".partial").and_then(|rest| rest.rsplit_once('.')) else { return false };
    let Some((pid, random)) = tail.split_once('-') else { return false };
    let is_hex = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())
}

fn make_dir(dir: &Path) -> Result<()> {
    if fs::metadata(dir).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    match dir_builder().recursive(true).create(dir) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) => {
            Err(ErrorKind::InvalidOption {
                option: "dir",
                reason: format!("is not a directory, or lies below a file: {}", dir.display()),
            }
            .into())
        }
        Err(error) => Err(Error::io("mkdir", dir, error)),
    }
}

fn open_failed(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return no_space(path, String::from("the volume is full; free space there or choose another `dir`"));
    }
    Error::io("open", path, error)
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

#[cfg(unix)]
fn create_exclusive(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn create_exclusive(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn open_existing(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new().write(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_existing(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
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
    fs::remove_file(from)
}

/// Makes the rename durable. Some file systems cannot sync a directory and say so: nothing is lost by that.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> Result<()> {
    match File::open(dir).and_then(|dir| dir.sync_all()) {
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
