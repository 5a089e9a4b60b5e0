//! With a descriptor of the directory: `openat`, `renameat`, `unlinkat` …

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Meta, USUAL_NAME_BYTES};
use crate::descriptors::above_standard;

#[derive(Debug)]
pub(in crate::sink) struct Dir {
    path: PathBuf,
    handle: OwnedFd,
}

impl Dir {
    pub(in crate::sink) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = above_standard(|| Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?))?;
        Ok(Self { path: path.into(), handle })
    }

    /// As it was asked for.
    pub(in crate::sink) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is now: it may have been renamed. `None` when it was removed, or when nobody can tell.
    pub(in crate::sink) fn current_path(&self) -> Option<PathBuf> {
        if self.is_at(&self.path) {
            return Some(self.path.clone());
        }
        kernels_name(&self.handle).filter(|path| self.is_at(path))
    }

    fn is_at(&self, path: &Path) -> bool {
        match (rustix::fs::fstat(&self.handle), rustix::fs::stat(path)) {
            (Ok(own), Ok(there)) => (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino),
            _ => false,
        }
    }

    pub(in crate::sink) fn longest_name(&self) -> usize {
        let told = rustix::fs::fstatvfs(&self.handle).map_or(0, |volume| volume.f_namemax);
        usize::try_from(told).ok().filter(|told| *told > 0).map_or(USUAL_NAME_BYTES, |told| told.min(USUAL_NAME_BYTES))
    }

    /// The names in it that are wanted.
    pub(in crate::sink) fn names(&self, is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in above_standard(|| Ok(rustix::fs::Dir::read_from(&self.handle)?))? {
            if let Ok(name) = entry?.file_name().to_str()
                && !matches!(name, "." | "..")
                && is_wanted(name)
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    pub(in crate::sink) fn meta(&self, name: &str) -> io::Result<Meta> {
        let stat = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        Ok(Meta { is_file, bytes: u64::try_from(stat.st_size).unwrap_or(0), modified: modified(&stat) })
    }

    /// Whether `name` is the name of this very file.
    pub(in crate::sink) fn holds(&self, name: &str, file: &File) -> bool {
        match (rustix::fs::fstat(file), rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)) {
            (Ok(own), Ok(there)) => (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino),
            _ => false,
        }
    }

    /// A new file for this user alone.
    pub(in crate::sink) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        above_standard(|| Ok(File::from(rustix::fs::openat(&self.handle, name, flags, mode)?)))
    }

    pub(in crate::sink) fn open_existing(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        above_standard(|| Ok(File::from(rustix::fs::openat(&self.handle, name, flags, Mode::empty())?)))
    }

    pub(in crate::sink) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    /// Renames without ever replacing a file, where kernel and file system can.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    pub(in crate::sink) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        use rustix::fs::{RenameFlags, renameat_with};
        Ok(renameat_with(&self.handle, from, &self.handle, to, RenameFlags::NOREPLACE)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    pub(in crate::sink) fn rename_new(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A hard link is atomic and refuses an existing name everywhere; the first name goes afterwards.
    pub(in crate::sink) fn link_new(&self, from: &str, to: &str) -> io::Result<()> {
        rustix::fs::linkat(&self.handle, from, &self.handle, to, AtFlags::empty())?;
        // The file is there; a temporary name that cannot be removed now is swept by the next writer.
        let _ = self.remove(from);
        Ok(())
    }

    /// Makes changes durable. Some file systems cannot sync a directory and say so: nothing is lost by that.
    pub(in crate::sink) fn sync(&self) -> io::Result<()> {
        match rustix::fs::fsync(&self.handle) {
            Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
            result => Ok(result?),
        }
    }
}

fn modified(stat: &Stat) -> SystemTime {
    let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
    let nanoseconds = Duration::from_nanos(u32::try_from(stat.st_mtime_nsec).unwrap_or(0).into());
    SystemTime::UNIX_EPOCH + seconds + nanoseconds
}

#[cfg(target_os = "linux")]
fn kernels_name(handle: &OwnedFd) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd())).ok()
}

#[cfg(target_vendor = "apple")]
fn kernels_name(handle: &OwnedFd) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let path = rustix::fs::getpath(handle).ok()?;
    Some(std::ffi::OsString::from_vec(path.into_bytes()).into())
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn kernels_name(_handle: &OwnedFd) -> Option<PathBuf> {
    None
}
