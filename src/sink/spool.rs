//! The part of a stream that nobody has read yet and memory has no room for: a file that goes with its handle, also when the process dies.
//!
//! On Unix it has no name from the beginning, or loses it at once. Windows keeps the name of an open file, so there it is a
//! temporary's: whatever a power failure leaves is swept.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::descriptors::above_standard;

pub(super) struct Spool {
    file: File,
    read: u64,
    written: u64,
}

impl Spool {
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        Ok(Self { file: above_standard(|| file_in(dir))?, read: 0, written: 0 })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The next bytes, at most so many.
    pub(super) fn read(&mut self, at_most: usize) -> io::Result<Vec<u8>> {
        let unread = usize::try_from(self.written - self.read).unwrap_or(usize::MAX);
        let mut bytes = vec![0; unread.min(at_most)];
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_exact(&mut bytes)?;
        self.read += bytes.len() as u64;
        if self.read == self.written {
            // Everything was read: give the disk back and start afresh.
            self.file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(bytes)
    }

    /// As if somebody had cut the file off.
    #[cfg(test)]
    pub(super) fn cut_off(&self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

#[cfg(not(windows))]
fn file_in(dir: &Path) -> io::Result<File> {
    tempfile::tempfile_in(dir)
}

/// For nobody but this handle, which takes it along.
#[cfg(windows)]
fn file_in(dir: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;

    use super::dir::USUAL_NAME_BYTES;
    use super::file::temporary_name;

    const FILE_ATTRIBUTE_TEMPORARY: u32 = 0x100;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

    let path = dir.join(temporary_name("stream", USUAL_NAME_BYTES));
    let mut options = File::options();
    options.read(true).write(true).create_new(true).share_mode(0);
    options.attributes(FILE_ATTRIBUTE_TEMPORARY).custom_flags(FILE_FLAG_DELETE_ON_CLOSE).open(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn gives_back_what_went_in_and_is_gone_with_its_handle() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(dir.path()).unwrap();
        for _ in 0..2 {
            spool.write(b"first").unwrap();
            assert_eq!(spool.read(3).unwrap(), b"fir");
            spool.write(b" second").unwrap();
            assert_eq!(spool.read(100).unwrap(), b"st second");
            assert_eq!(spool.file.metadata().unwrap().len(), 0, "the disk is given back");
        }
        // A sweep is what the next capture into the directory begins with.
        crate::sink::sweep(dir.path()).unwrap();
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), usize::from(cfg!(windows)), "{names:?}");
        spool.write(b"third").unwrap();
        assert_eq!(spool.read(5).unwrap(), b"third");
        drop(spool);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
