//! Snapshot files, plain or compressed, as chunks of text.
//!
//! What a file is compressed with is told from its first bytes, not from its name. Reading and decompressing happen on a
//! thread of their own, a few chunks ahead of the parser, so that a compressed file is read about as fast as a plain one.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::input;
use crate::error::{Error, Result};

/// Large enough that handing over costs nothing, small enough to stay in the processor's cache.
const CHUNK_BYTES: usize = 512 << 10;
const CHUNKS_AHEAD: usize = 4;
const GZIP: [u8; 2] = [0x1F, 0x8B];
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Where a snapshot is read from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// The process's standard input.
    Stdin,
}

impl Source {
    /// The source that the command line names: `-` is standard input.
    pub fn of(path: &str) -> Self {
        if path == "-" { Self::Stdin } else { Self::File(path.into()) }
    }

    /// What messages call it.
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Stdin => Path::new("standard input"),
        }
    }

    /// Bytes of the file as it is on disk; 0 if that is not known.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
            Self::Stdin => 0,
        }
    }

    /// Whether it is a file: of anything else nobody knows when it says something. Where it cannot be looked at, opening it will tell.
    pub fn is_file(&self) -> bool {
        match self {
            Self::File(path) => path.metadata().map_or(true, |metadata| metadata.is_file()),
            Self::Stdin => false,
        }
    }

    /// Gives the decompressed text to `take`, chunk by chunk; `read` counts bytes of the file. Of a file that is cut off in
    /// the middle of its compressed data, `take` gets everything up to there; then comes the error.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_IO` if the file cannot be opened or read, `HEAPKIT_ERR_INVALID_SNAPSHOT` if its compression is
    /// broken, and what `take` answers with.
    pub fn each_chunk(&self, read: &AtomicU64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let input = match self {
            Self::File(path) => input::open(path).map_err(|error| Error::io("open", path, error))?,
            Self::Stdin => input::standard(),
        };
        let mut text = decompressed(Counted { input, read }).map_err(|error| Error::io("read", self.name(), error))?;
        thread::scope(|scope| {
            let (full, filled) = sync_channel(CHUNKS_AHEAD);
            let (empty, emptied) = sync_channel(CHUNKS_AHEAD + 1);
            let reader = thread::Builder::new()
                .name("heapkit-read".into())
                .spawn_scoped(scope, move || read_ahead(&mut *text, &full, &emptied));
            reader.map_err(|error| Error::io("start a thread for", self.name(), error))?;
            let mut taken = 0;
            for chunk in filled {
                let chunk = chunk.map_err(|error| self.read_error(error, taken))?;
                taken += chunk.len() as u64;
                take(&chunk)?;
                // A reader that has ended needs no buffer.
                let _ = empty.send(chunk);
            }
            Ok(())
        })
    }

    fn read_error(&self, error: io::Error, offset: u64) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Error::invalid_snapshot(format!("its compressed data breaks off or is damaged: {error}"), offset)
            }
            // zstd's own errors have no kind.
            io::ErrorKind::Other if error.raw_os_error().is_none() => {
                Error::invalid_snapshot(format!("its compressed data is damaged: {error}"), offset)
            }
            _ => Error::io("read", self.name(), error),
        }
    }
}

/// Fills chunks until the end, an error, or until nobody wants more.
fn read_ahead(text: &mut dyn Read, full: &SyncSender<io::Result<Vec<u8>>>, emptied: &Receiver<Vec<u8>>) {
    loop {
        let mut chunk = emptied.try_recv().unwrap_or_default();
        chunk.resize(CHUNK_BYTES, 0);
        let mut filled = 0;
        let mut ended = None;
        while let Some(rest) = chunk.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match text.read(rest) {
                Ok(0) => {
                    ended = Some(None);
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    ended = Some(Some(error));
                    break;
                }
            }
        }
        chunk.truncate(filled);
        if filled > 0 && full.send(Ok(chunk)).is_err() {
            return;
        }
        if let Some(error) = ended {
            if let Some(error) = error {
                let _ = full.send(Err(error));
            }
            return;
        }
    }
}

/// The text behind whatever the first bytes say it is compressed with.
fn decompressed<'a>(input: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut input = BufReader::with_capacity(CHUNK_BYTES, input);
    let start = input.fill_buf()?;
    if start.starts_with(&GZIP) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(input)));
    }
    if start.starts_with(&ZSTD) {
        return Ok(Box::new(zstd::stream::read::Decoder::with_buffer(input)?));
    }
    Ok(Box::new(input))
}

struct Counted<'a, R> {
    input: R,
    read: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
