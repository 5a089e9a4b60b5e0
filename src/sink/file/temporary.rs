//! Temporary files: the names of artifacts to be.
//!
//! Invariant: a temporary belongs to a living writer exactly while that writer holds the lock on it (`flock`, which the
//! kernel drops with the process). Process ids would not do: in containers that share a volume everybody is pid 1.

use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{ATTEMPTS, failed};
use crate::error::{Error, ErrorKind, Result};
use crate::sink::dir::Dir;

/// A locked temporary file; removed when dropped, unless it was published.
pub(super) struct Temporary {
    dir: Arc<Dir>,
    name: String,
    pub(super) file: File,
    naming: Naming,
    /// It has its final name now.
    published: bool,
}

/// How a file gets a name here without replacing another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// Renaming refuses a name that is there.
    Rename,
    /// A hard link does; the old name goes afterwards.
    Link,
}

impl Temporary {
    /// For an artifact that is to be called `name`.
    pub(super) fn create(dir: &Arc<Dir>, name: &str) -> Result<Self> {
        let path = || dir.path().join(name);
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Self::create_as(dir, temporary_name(name, dir.longest_name())) {
                Ok(Some(temporary)) => return temporary.find_naming(name),
                // A sweep removed it between creation and lock: make another.
                Ok(None) if attempts < ATTEMPTS => {}
                Ok(None) => return Err(Error::io_of_target("open", path(), io::ErrorKind::AlreadyExists.into())),
                // Something stands in the place of the temporary, be it a link: never written through, never removed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {}
                Err(error) => return Err(failed("open", &path(), 0, error)),
            }
        }
    }

    fn create_as(dir: &Arc<Dir>, name: String) -> io::Result<Option<Self>> {
        let file = dir.create(&name)?;
        Ok(Self { dir: Arc::clone(dir), name, file, naming: Naming::Rename, published: false }.lock())
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

    /// Its name is still its own: somebody may have removed it, and put something else there.
    fn is_linked(&self) -> bool {
        self.dir.holds(&self.name, &self.file)
    }

    /// Finds out how the file will get its name while the service is not stopped yet: it gets another temporary name in the same way.
    /// Where renaming works, that costs one rename.
    fn find_naming(mut self, name: &str) -> Result<Self> {
        let other = temporary_name(name, self.dir.longest_name());
        match self.dir.rename_new(&self.name, &other) {
            Ok(()) => {}
            Err(rename) if may_lack_it(&rename) => {
                let link = self.dir.link_new(&self.name, &other);
                link.map_err(|link| no_naming(self.dir.path(), &rename, &link))?;
                self.naming = Naming::Link;
            }
            Err(error) => return Err(failed("rename", &self.dir.path().join(name), 0, error)),
        }
        self.name = other;
        Ok(self)
    }

    /// Gives the file its final name.
    pub(super) fn publish(&mut self, name: &str) -> io::Result<()> {
        if !self.is_linked() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "its temporary file was removed or replaced while it was written",
            ));
        }
        match self.naming {
            Naming::Rename => self.dir.rename_new(&self.name, name),
            Naming::Link => self.dir.link_new(&self.name, name),
        }?;
        name.clone_into(&mut self.name);
        self.published = true;
        Ok(())
    }

    /// Takes the file away again, also where it has its final name.
    pub(super) fn withdraw(mut self) {
        self.published = false;
    }
}

/// What is said by kernels and file systems that do not know the flag, and by filters of system calls that do not know the call.
fn may_lack_it(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}

fn no_naming(dir: &Path, rename: &io::Error, link: &io::Error) -> Error {
    let reason = format!(
        "the volume of {} can neither rename a file without replacing another (renameat2 with RENAME_NOREPLACE: {rename}) nor \
         make hard links ({link}), so an artifact could not get its name there without the risk of overwriting a file; choose a \
         `dir` on another volume, or take a stream",
        dir.display()
    );
    ErrorKind::Unsupported { reason }.into()
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.published && self.is_linked() {
            // Failing here leaves a `.partial`, which the next writer sweeps.
            let _ = self.dir.remove(&self.name);
        }
    }
}

/// What tells heapkit's temporaries from everybody else's.
const MARK: &str = ".heapkit-";
const EXTENSION: &str = ".partial";

/// `FINAL.heapkit-PID-RANDOM.partial`: the pid is for people, the random part makes it unique and unguessable. Of a long name there is as
/// much as has room.
pub(in crate::sink) fn temporary_name(name: &str, longest: usize) -> String {
    // RandomState is seeded by the system for every value.
    let random = RandomState::new().hash_one(name);
    let tail = format!("{MARK}{}-{random:016x}{EXTENSION}", std::process::id());
    let mut name = name.to_owned();
    while !name.is_empty() && name.len() + tail.len() > longest {
        name.pop();
    }
    name + &tail
}

/// Removes temporaries that no living process is writing. Called before each capture into `dir`.
pub fn sweep(dir: &Path) -> Result<()> {
    sweep_in(&Dir::open(dir).map_err(|error| Error::io("scandir", dir, error))?)
}

pub(super) fn sweep_in(dir: &Dir) -> Result<()> {
    for name in dir.names(is_temporary_name).map_err(|error| Error::io_of_target("scandir", dir.path(), error))? {
        if !dir.meta(&name).is_ok_and(|meta| meta.is_file) {
            continue;
        }
        // Not ours to open, or gone already: leave it alone.
        let Ok(file) = dir.open_existing(&name) else { continue };
        match file.try_lock() {
            Ok(()) => {
                let _ = dir.remove(&name);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    Ok(())
}

/// As [`temporary_name`] makes them.
fn is_temporary_name(name: &str) -> bool {
    let Some((_, tail)) = name.strip_suffix(EXTENSION).and_then(|rest| rest.rsplit_once(MARK)) else { return false };
    let Some((pid, random)) = tail.split_once('-') else { return false };
    let is_hex = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    fn opened(dir: &Path) -> Arc<Dir> {
        Arc::new(Dir::open(dir).unwrap())
    }

    #[test]
    fn makes_names_that_the_sweep_knows_and_nobody_can_guess() {
        let name = "Heap.20261120.213000.4242.0.001.heapsnapshot.gz";
        let (one, other) = (temporary_name(name, 255), temporary_name(name, 255));
        assert_ne!(one, other);
        assert!(is_temporary_name(&one) && one.starts_with(name));
    }

    #[test]
    fn a_name_as_long_as_a_name_may_be_has_a_temporary() {
        let dir = tempfile::tempdir().unwrap();
        for letter in ["a", "\u{20ac}"] {
            let name = letter.repeat(255 / letter.len());
            let temporary = Temporary::create(&opened(dir.path()), &name).unwrap();
            assert!(is_temporary_name(&temporary.name));
        }
        // Encrypting file systems take 143 bytes.
        for longest in [40, 143] {
            let name = temporary_name(&"\u{20ac}".repeat(longest / 3), longest);
            assert!(name.len() <= longest.max(MARK.len() + EXTENSION.len() + 27) && is_temporary_name(&name));
        }
    }

    /// Both ways, on a file system that has both.
    #[test]
    fn neither_way_of_naming_replaces_anything() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("there");
        for naming in [Naming::Rename, Naming::Link] {
            let create = || {
                let mut temporary = Temporary::create(&opened(dir.path()), "new").unwrap();
                temporary.naming = naming;
                temporary
            };
            symlink("nowhere", &there).unwrap();
            assert_eq!(create().publish("there").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            fs::remove_file(&there).unwrap();
            fs::write(&there, "old").unwrap();
            assert_eq!(create().publish("there").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&there).unwrap(), "old");
            fs::remove_file(&there).unwrap();
            create().publish("there").unwrap();
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the temporary name is gone");
            fs::remove_file(&there).unwrap();
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
        let temporary = Temporary::create(&opened(dir.path()), "a").unwrap();
        let path = dir.path().join(&temporary.name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(matches!(
            fs::File::options().write(true).open(&path).unwrap().try_lock(),
            Err(TryLockError::WouldBlock)
        ));
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
        let name = String::from("a.heapkit-1-0123456789abcdef.partial");
        let place = dir.path().join(&name);
        let create = || Temporary::create_as(&opened(dir.path()), name.clone()).err().unwrap().kind();

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
        let name = String::from("a.heapkit-1-0123456789abcdef.partial");
        let path = dir.path().join(&name);
        let held = opened(dir.path());
        let created = || Temporary {
            dir: Arc::clone(&held),
            name: name.clone(),
            file: held.create(&name).unwrap(),
            naming: Naming::Rename,
            published: false,
        };

        let temporary = created();
        let sweeper = held.open_existing(&name).unwrap();
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
                let temporary = Temporary::create(&opened(dir.path()), "a").unwrap();
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
