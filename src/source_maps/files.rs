//! Files of other people: read whole, or passed over with a reason. What is no file, or too large, is never read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger scripts and maps are passed over.
pub(super) const MOST_BYTES: u64 = 128 << 20;

/// What is in a file; nothing if there is none.
///
/// # Errors
/// Why it is not read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match read_file(path) {
        Ok(bytes) => bytes.map(Some),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn read_file(path: &Path) -> io::Result<Result<Vec<u8>, String>> {
    // Looked at before it is opened, because opening a device may do something, and afterwards, because it may be another one then.
    if let Err(reason) = check(&path.metadata()?) {
        return Ok(Err(reason));
    }
    let file = open(path)?;
    let metadata = file.metadata()?;
    if let Err(reason) = check(&metadata) {
        return Ok(Err(reason));
    }
    // What the kernel makes up when it is asked (/proc) has no length, and may have no end.
    let mut bytes = Vec::new();
    file.take(metadata.len()).read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}

fn check(metadata: &std::fs::Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("is no file".into());
    }
    too_large(metadata.len())
}

/// # Errors
/// If a map or a script has more bytes than are read.
pub(super) fn too_large(bytes: u64) -> Result<(), String> {
    if bytes > MOST_BYTES {
        return Err(format!("has {bytes} bytes; at most {MOST_BYTES} are read"));
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    // Should it be a named pipe by now, the kernel would wait for a writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits().cast_signed(),
    );
    options.open(path)
}
