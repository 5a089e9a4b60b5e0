//! The bytes of a file, which can be many more than those that a profile was read from.

use std::io::{self, Write};

use crate::error::{Error, ErrorKind};

const MOST: usize = 256 << 20;

/// Takes [`MOST`] bytes, and no more.
#[derive(Default)]
pub(super) struct Bounded(pub(super) Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !has_room(self.0.len(), bytes.len()) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether there is room for so many more bytes.
pub(super) fn has_room(bytes: usize, more: usize) -> bool {
    bytes.saturating_add(more) <= MOST
}

/// What is said where there is none.
pub(super) fn too_large() -> Error {
    let reason = format!(
        "the file would have more than {} MiB. pprof has each name and each stack once, and `focus` and `ignore` of top() look at a part",
        MOST >> 20
    );
    ErrorKind::Memory { purpose: "for a profile in another format", reason }.into()
}
