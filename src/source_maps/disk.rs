//! What is asked of a disk: whether there is something, and what is in it.

use std::path::Path;

use super::{PassedOver, files};

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A folder.
    Folder,
    /// Anything else, and how many bytes it has.
    Bytes(u64),
}

/// Where scripts and maps are read.
pub trait Disk {
    /// What is there, if there is anything.
    fn look(&self, path: &Path) -> Option<Found>;
    /// What is in a plain file; nothing if there is none.
    ///
    /// # Errors
    /// Why it is not read.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String>;
    /// The file at which it was given up, and why; from then on nothing is found.
    fn gave_up(&self) -> Option<PassedOver> {
        None
    }
}

/// The disk as it is: whoever asks it waits for it.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Disk for Plain {
    fn look(&self, path: &Path) -> Option<Found> {
        let metadata = path.metadata().ok()?;
        Some(if metadata.is_dir() { Found::Folder } else { Found::Bytes(metadata.len()) })
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        files::read(path)
    }
}
