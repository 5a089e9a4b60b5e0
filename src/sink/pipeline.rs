//! One capture's way from raw bytes to an output: codec, digest, counts.
//!
//! Invariant: a pipeline that is dropped before [`Pipeline::commit`] leaves nothing behind, because its [`Output`]
//! does not.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::codec::{Codec, Encoder};
use crate::error::{Error, Result};

/// Where a capture's bytes are to go; opened on the capture's thread, because opening may touch a slow disk.
pub trait Target: Send {
    /// Makes the place ready, or says why it cannot be used. Called once, before the capture begins, so that a service
    /// is never paused for a capture that cannot be kept.
    fn open(self: Box<Self>) -> Result<Box<dyn Output>>;
}

/// An open place for encoded bytes. Dropped without [`Output::commit`] it leaves nothing behind.
pub trait Output: Write + Send {
    /// Makes what was written visible, whole, under its final name. Once the disk has taken everything, `is_wanted` may say no: that may
    /// have been too long for whoever asked.
    fn commit(self: Box<Self>, is_wanted: &dyn Fn() -> bool) -> Result<Committed>;
}

/// Takes a completed output away again.
pub type Withdraw = Box<dyn FnOnce() + Send>;

/// What an output says of itself when it is complete.
#[derive(Default)]
pub struct Committed {
    /// The final file; `None` where there is none (a stream).
    pub path: Option<PathBuf>,
    /// For a capture that was reported as failed before the disk answered.
    pub withdraw: Option<Withdraw>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The final file; `None` for a stream.
    pub path: Option<PathBuf>,
    /// Bytes put out, after compression.
    pub bytes: u64,
    /// Bytes before compression: what unpacking gives.
    pub raw_bytes: u64,
    /// SHA-256 of the bytes put out, in lower-case hexadecimal: what `sha256sum FILE` prints.
    pub sha256: String,
    /// What the transform, if there was one and it had something to say, said of its work, as JSON.
    pub report: Option<String>,
}

/// Counts that others may read while the capture is under way.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bytes put out.
    pub bytes: AtomicU64,
}

/// Rewrites a capture's bytes on their way to the codec.
pub trait Transform: Send {
    /// Takes the next raw bytes and appends to `out` what is to be written.
    fn push(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Result<()>;
    /// Ends the capture: appends to `out` what is still to be written, and answers what there is to say of it, as JSON. It touches no disk, and may
    /// take long: meanwhile `is_wanted` may say no.
    fn finish(self: Box<Self>, out: &mut Vec<u8>, is_wanted: &dyn Fn() -> bool) -> Result<Option<String>>;
}

pub(super) struct Pipeline {
    encoder: Encoder<Tally>,
    transform: Option<Box<dyn Transform>>,
    /// What the transform put out last; kept for its room.
    rewritten: Vec<u8>,
    /// What it said at its end.
    report: Option<String>,
    /// Bytes that went to the codec.
    encoded: u64,
    counters: Arc<Counters>,
}

impl Pipeline {
    pub(super) fn open(
        target: Box<dyn Target>,
        transform: Option<Box<dyn Transform>>,
        codec: Codec,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let output = target.open()?;
        let tally = Tally { output, digest: Sha256::new(), counters: Arc::clone(&counters) };
        let encoder = Encoder::new(codec, tally).map_err(write_error)?;
        Ok(Self { encoder, transform, rewritten: Vec::new(), report: None, encoded: 0, counters })
    }

    pub(super) fn write(&mut self, raw: &[u8]) -> Result<()> {
        let mut bytes = raw;
        if let Some(transform) = &mut self.transform {
            self.rewritten.clear();
            transform.push(raw, &mut self.rewritten)?;
            bytes = &self.rewritten;
        }
        self.encoder.write_all(bytes).map_err(write_error)?;
        self.encoded += bytes.len() as u64;
        Ok(())
    }

    /// No more bytes come. What the transform makes of that waits in memory: no disk is touched.
    pub(super) fn end(&mut self, is_wanted: &dyn Fn() -> bool) -> Result<()> {
        self.rewritten.clear();
        if let Some(transform) = self.transform.take() {
            self.report = transform.finish(&mut self.rewritten, is_wanted)?;
        }
        Ok(())
    }

    /// After its [`Pipeline::end`].
    pub(super) fn commit(mut self, is_wanted: &dyn Fn() -> bool) -> Result<(Written, Option<Withdraw>)> {
        self.encoder.write_all(&self.rewritten).map_err(write_error)?;
        self.encoded += self.rewritten.len() as u64;
        let tally = self.encoder.finish().map_err(write_error)?;
        let Committed { path, withdraw } = tally.output.commit(is_wanted)?;
        let written = Written {
            path,
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            raw_bytes: self.encoded,
            sha256: hex(&tally.digest.finalize()),
            report: self.report,
        };
        Ok((written, withdraw))
    }
}

/// Outputs wrap their own errors; anything else can only come from the codec itself.
fn write_error(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(own) => own,
        Err(error) => Error::internal(format!("the compressor failed: {error}")),
    }
}

/// Counts and digests what goes to the output.
struct Tally {
    output: Box<dyn Output>,
    digest: Sha256,
    counters: Arc<Counters>,
}

impl Write for Tally {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write_all(bytes)?;
        self.digest.update(bytes);
        self.counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
