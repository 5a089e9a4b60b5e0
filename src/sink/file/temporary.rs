//! Temporary files: the names of artifacts to be.
//!
//! Invariant: a temporary belongs to a living writer exactly while that writer holds the lock on it (`flock`, which the
//! kernel drops with the process). Process ids would not do: in containers that share a volume everybody is pid 1.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use super::{ATTEMPTS, failed};
use crate::descriptors::above_standard;
use crate::error::{Error, Result};

/// A locked temporary file; removed when dropped, unless it was renamed.
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// It has its final name now.
    pub(super) renamed: bool,
}

impl Temporary {
    /// For an artifact that is to be called `path`.
    pub(super) fn create(path: &Path) -> Result<Self> {
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
                Err(error) => return Err(failed("open", path, 0, error)),
            }
        }
    }

    fn create_as(path: PathBuf) -> io::Result<Option<Self>> {
        let file = above_standard(|| create_exclusive(&path))?;
        Ok(Self { path, file, renamed: false }.lock())
    }

    /// `None` where a sweep was faster.
    fn lock(self) -> Option<Self> {
        match self.file.try_lock() {
            // It is about to remove it.
            Err(TryLockError::WouldBlock) => None,
            // Where the file system has no locks nobody will take the temporary for stale either.
            Ok(()) | Err(TryLockError::Error(_)) => self.is_linked().then_some(self),
        }
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

/// What tells heapkit's temporaries from everybody else's.
const MARK: &str = ".heapkit-";
const EXTENSION: &str = ".partial";

/// What every file system takes as a name.
const LONGEST_NAME_BYTES: usize = 255;

/// `FINAL.heapkit-PID-RANDOM.partial`: the pid is for people, the random part makes it unique and unguessable. Of a long name there is as
/// much as has room.
fn temporary_path(path: &Path) -> PathBuf {
    // RandomState is seeded by the system for every value.
    let random = RandomState::new().hash_one(path);
    let tail = format!("{MARK}{}-{random:016x}{EXTENSION}", std::process::id());
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    while name.len() + tail.len() > LONGEST_NAME_BYTES {
        name.pop();
    }
    path.with_file_name(name + &tail)
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

/// As [`temporary_path`] makes them.
fn is_temporary_name(name: &str) -> bool {
    let Some((_, tail)) = name.strip_suffix(EXTENSION).and_then(|rest| rest.rsplit_once(MARK)) else { return false };
    let Some((pid, random)) = tail.split_once('-') else { return false };
    let is_hex = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())
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

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn makes_names_that_the_sweep_knows_and_nobody_can_guess() {
        let path = Path::new("/dumps/Heap.20261120.213000.4242.0.001.heapsnapshot.gz");
        let (one, other) = (temporary_path(path), temporary_path(path));
        assert_ne!(one, other);
        assert_eq!(one.parent(), path.parent());
        assert!(is_temporary_name(one.file_name().unwrap().to_str().unwrap()));
    }

    #[test]
    fn a_name_as_long_as_a_name_may_be_has_a_temporary() {
        let dir = tempfile::tempdir().unwrap();
        for letter in ["a", "\u{20ac}"] {
            let path = dir.path().join(letter.repeat(LONGEST_NAME_BYTES / letter.len()));
            let temporary = Temporary::create(&path).unwrap();
            assert!(is_temporary_name(temporary.path.file_name().unwrap().to_str().unwrap()));
        }
    }

    #[test]
    fn knows_no_other_temporary_names() {
        assert!(is_temporary_name("x.heapkit-1-0123456789abcdef.partial"));
        for name in [
            "",
            ".partial",
            "x.partial",
            "movie.mkv.partial",
            "1-0123456789abcdef.partial",
            "x.1-0123456789abcdef.partial",
            "x.heapkit-1-0123456789abcdef",
            "x.heapkit-1-0123456789abcdef.partial.gz",
            "x.heapkit-1-0123456789abcde.partial",
            "x.heapkit-1-0123456789abcdef0.partial",
            "x.heapkit-1-0123456789abcdeg.partial",
            "x.heapkit--0123456789abcdef.partial",
            "x.heapkit-a-0123456789abcdef.partial",
            "x.heapkit-10123456789abcdef.partial",
        ] {
            assert!(!is_temporary_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_temporary_is_private_locked_and_gone_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let temporary = Temporary::create(&dir.path().join("a")).unwrap();
        let path = temporary.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(matches!(open_existing(&path).unwrap().try_lock(), Err(TryLockError::WouldBlock)));
        sweep(dir.path()).unwrap();
        assert!(path.exists(), "it has a living writer");
        drop(temporary);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// Its name cannot be guessed; but if it could, nothing would be gained.
    #[test]
    fn whatever_stands_in_the_place_of_a_temporary_is_neither_written_nor_removed() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        let place = dir.path().join("a.heapkit-1-0123456789abcdef.partial");
        let create = || Temporary::create_as(place.clone()).err().unwrap().kind();

        fs::write(&target, "precious").unwrap();
        symlink(&target, &place).unwrap();
        assert_eq!(create(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_link(&place).unwrap(), target);
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");

        fs::remove_file(&target).unwrap();
        assert_eq!(create(), io::ErrorKind::AlreadyExists, "a dangling link");
        assert!(!target.exists(), "nothing is made behind it");

        fs::remove_file(&place).unwrap();
        fs::write(&place, "somebody's").unwrap();
        assert_eq!(create(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&place).unwrap(), "somebody's");

        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        assert_eq!(create(), io::ErrorKind::AlreadyExists);
        assert!(place.is_dir());
    }

    /// The sweep of another process may meet a temporary between its creation and its lock.
    #[test]
    fn a_temporary_that_a_sweep_takes_is_never_handed_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.heapkit-1-0123456789abcdef.partial");
        let created = || Temporary { path: path.clone(), file: create_exclusive(&path).unwrap(), renamed: false };

        let temporary = created();
        let sweeper = open_existing(&path).unwrap();
        sweeper.lock().unwrap();
        assert!(temporary.lock().is_none(), "the sweep has the lock, and has not removed it yet");
        drop(sweeper);

        let temporary = created();
        sweep(dir.path()).unwrap();
        assert!(!path.exists());
        assert!(temporary.lock().is_none(), "the sweep has removed it");

        assert!(created().lock().is_some());
    }

    #[test]
    fn sweeps_at_the_same_time_take_nothing_from_writers() {
        let dir = tempfile::tempdir().unwrap();
        let writing = AtomicBool::new(true);
        thread::scope(|scope| {
            let sweeper = scope.spawn(|| {
                while writing.load(Ordering::Relaxed) {
                    sweep(dir.path()).unwrap();
                }
            });
            let kept = (0..1000).all(|_| {
                let temporary = Temporary::create(&dir.path().join("a")).unwrap();
                thread::yield_now();
                temporary.is_linked()
            });
            writing.store(false, Ordering::Relaxed);
            sweeper.join().unwrap();
            assert!(kept);
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
