//! By path, where a directory that somebody has open cannot be renamed or removed anyway (Windows).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempPath;

use super::{Meta, USUAL_NAME_BYTES};

#[derive(Debug)]
pub(in crate::sink) struct Dir {
    path: PathBuf,
}

impl Dir {
    pub(in crate::sink) fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            // Windows says that of what lies below a file, too.
            Err(error) if error.kind() == io::ErrorKind::NotFound && lies_below_a_file(path) => {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Err(error) => return Err(error),
        }
        fs::read_dir(path)?;
        Ok(Self { path: path.into() })
    }

    pub(in crate::sink) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::sink) fn current_path(&self) -> Option<PathBuf> {
        Some(self.path.clone())
    }

    pub(in crate::sink) fn longest_name(&self) -> usize {
        USUAL_NAME_BYTES
    }

    pub(in crate::sink) fn names(&self, is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string()
                && is_wanted(&name)
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    pub(in crate::sink) fn meta(&self, name: &str) -> io::Result<Meta> {
        let meta = fs::symlink_metadata(self.path.join(name))?;
        let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Meta { is_file: meta.is_file(), bytes: meta.len(), modified })
    }

    /// An open file cannot be replaced here.
    pub(in crate::sink) fn holds(&self, name: &str, _file: &File) -> bool {
        self.meta(name).is_ok()
    }

    pub(in crate::sink) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.path.join(name))
    }

    pub(in crate::sink) fn open_existing(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.path.join(name))
    }

    pub(in crate::sink) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Renames without ever replacing a file. A hard link would not do where it need not: while the file is open, Windows may keep both names.
    pub(in crate::sink) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        let mut file = TempPath::try_from_path(self.path.join(from))?;
        file.disable_cleanup(true);
        Ok(file.persist_noclobber(self.path.join(to))?)
    }

    pub(in crate::sink) fn link_new(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(from), self.path.join(to))?;
        // The file is there; a temporary name that cannot be removed now is swept by the next writer.
        let _ = self.remove(from);
        Ok(())
    }

    pub(in crate::sink) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn lies_below_a_file(path: &Path) -> bool {
    path.ancestors().skip(1).find_map(|above| fs::metadata(above).ok()).is_some_and(|meta| !meta.is_dir())
}
