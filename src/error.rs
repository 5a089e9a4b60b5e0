//! Every way in which the core can fail, each with a stable code and a message that says what to do.
//!
//! Invariants: a code, once published, keeps its meaning; a message names the file, the option and the numbers it is
//! about; nothing here panics. The same codes are listed for JavaScript in `lib/errors.js`.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

/// `Result` with heapkit's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong; boxed, so that a `Result` stays one word wide.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// The kinds of failure. [`Error::code`] gives the stable name of each.
#[derive(Debug)]
pub enum ErrorKind {
    /// A value that cannot be used, found out only when it was tried (a `dir` that is a file, say).
    InvalidOption {
        /// The option's public name.
        option: &'static str,
        /// What is wrong with it, and what would do.
        reason: String,
    },
    /// The operating system refused an operation on a file.
    Io {
        /// The system call or step, as Node names it: `open`, `write`, `fsync`, `rename` …
        syscall: &'static str,
        /// The file it was about.
        path: PathBuf,
        /// The system's own error.
        source: io::Error,
        /// It was about the place that an artifact was to be written to: another one would help.
        of_target: bool,
    },
    /// The disk, or a limit set on the directory, has no room for the artifact.
    NoSpace {
        /// Where the artifact was to be written.
        path: PathBuf,
        /// Which limit stands in the way, with its numbers, and what to do.
        reason: String,
        /// The system's error, where it was the system that said so.
        source: Option<io::Error>,
    },
    /// The file asked for is there already; heapkit never overwrites.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The capture was given up at somebody's request.
    Aborted {
        /// Whose request.
        reason: String,
    },
    /// The capture's own time limit passed.
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// Bytes waited for the disk, or for a stream's reader, and nothing at all was taken.
    Stalled {
        /// Who took nothing.
        who: Taker,
        /// How long it was waited for.
        waited: Duration,
        /// Bytes that were waiting to be written.
        queued_bytes: usize,
    },
    /// Something that was asked of a volume has not come back.
    Hangs {
        /// The directory.
        path: PathBuf,
        /// For how long.
        waited: Duration,
        /// It was an earlier capture that asked.
        earlier: bool,
    },
    /// All threads were taken for too long.
    Crowded {
        /// The directory.
        path: PathBuf,
        /// How long it was waited for one.
        waited: Duration,
        /// How many there are.
        threads: usize,
        /// The directories where threads hang.
        hanging: Vec<String>,
    },
    /// There is not enough memory for what was asked, or no longer.
    Memory {
        /// What it would have been for.
        purpose: &'static str,
        /// What was to be done, the numbers, and what to do.
        reason: String,
    },
    /// The forked child ended before its work did.
    Child {
        /// What was seen of it, attempt by attempt.
        detail: String,
    },
    /// This machine, or the sandbox that the process lives in, cannot do it.
    Unsupported {
        /// What was found, and what to do.
        reason: String,
    },
    /// A file is not a heap snapshot, or not a whole one.
    InvalidSnapshot {
        /// The file, where it is one.
        path: Option<PathBuf>,
        /// What is wrong with it: "it …".
        reason: String,
        /// The byte of the decompressed file where that was seen.
        offset: u64,
    },
    /// A file is not a profile, or not a whole one.
    InvalidProfile {
        /// The file, where it is one.
        path: Option<PathBuf>,
        /// What is wrong with it: "has …", "is …".
        reason: String,
        /// The byte of the decompressed file where that was seen, where that can be said.
        offset: Option<u64>,
    },
    /// A bug in heapkit (a panic that was caught), never the caller's fault.
    Internal {
        /// What was seen.
        detail: String,
    },
}

/// Who takes a capture's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// The volume that the file is written to.
    Disk,
    /// The same, which takes something now and then.
    SlowDisk,
    /// Whoever reads the stream.
    Reader,
}

impl Error {
    /// An [`ErrorKind::Io`].
    pub fn io(syscall: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        ErrorKind::Io { syscall, path: path.into(), source, of_target: false }.into()
    }

    /// The same for the place that an artifact is written to.
    pub fn io_of_target(syscall: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        ErrorKind::Io { syscall, path: path.into(), source, of_target: true }.into()
    }

    /// Leaves whatever this thread is doing with this error, up to [`guard`]: for places so deep in loops that nothing hands errors up.
    pub(crate) fn unwind(self) -> ! {
        // No panic: no hook hears of it.
        std::panic::resume_unwind(Box::new(self))
    }

    /// An [`ErrorKind::Internal`].
    pub fn internal(detail: impl Into<String>) -> Self {
        ErrorKind::Internal { detail: detail.into() }.into()
    }

    /// Takes back an [`Error`] that travelled inside an [`io::Error`] through somebody's `Write`; any other error
    /// becomes an [`ErrorKind::Io`] of `syscall` on `path`.
    pub fn from_io(syscall: &'static str, path: &Path, error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::io(syscall, path, error),
        }
    }

    /// An [`ErrorKind::InvalidSnapshot`].
    pub fn invalid_snapshot(reason: impl Into<String>, offset: u64) -> Self {
        ErrorKind::InvalidSnapshot { path: None, reason: reason.into(), offset }.into()
    }

    /// An [`ErrorKind::InvalidProfile`].
    pub fn invalid_profile(reason: impl Into<String>, offset: Option<u64>) -> Self {
        ErrorKind::InvalidProfile { path: None, reason: reason.into(), offset }.into()
    }

    /// The same error, with the file that it is about.
    #[must_use]
    pub fn about(mut self, file: &Path) -> Self {
        if let ErrorKind::InvalidSnapshot { path: path @ None, .. }
        | ErrorKind::InvalidProfile { path: path @ None, .. } = &mut *self.0
        {
            *path = Some(file.into());
        }
        self
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The stable code, the same in Rust, JavaScript and the documentation.
    pub fn code(&self) -> &'static str {
        match self.kind() {
            ErrorKind::InvalidOption { .. } => "HEAPKIT_ERR_INVALID_OPTION",
            ErrorKind::Io { .. } => "HEAPKIT_ERR_IO",
            ErrorKind::NoSpace { .. } => "HEAPKIT_ERR_NO_SPACE",
            ErrorKind::Exists { .. } => "HEAPKIT_ERR_EXISTS",
            ErrorKind::Aborted { .. } => "HEAPKIT_ERR_ABORTED",
            ErrorKind::Timeout { .. } => "HEAPKIT_ERR_TIMEOUT",
            ErrorKind::Stalled { .. } | ErrorKind::Hangs { .. } | ErrorKind::Crowded { .. } => "HEAPKIT_ERR_STALLED",
            ErrorKind::Memory { .. } => "HEAPKIT_ERR_MEMORY",
            ErrorKind::Child { .. } => "HEAPKIT_ERR_CHILD",
            ErrorKind::Unsupported { .. } => "HEAPKIT_ERR_UNSUPPORTED",
            ErrorKind::InvalidSnapshot { .. } => "HEAPKIT_ERR_INVALID_SNAPSHOT",
            ErrorKind::InvalidProfile { .. } => "HEAPKIT_ERR_INVALID_PROFILE",
            ErrorKind::Internal { .. } => "HEAPKIT_ERR_INTERNAL",
        }
    }

    /// The error as one line of JSON: how it crosses to JavaScript, where `lib/native.js` makes a `HeapkitError` of it.
    pub fn to_json(&self) -> String {
        let (syscall, path, source) = match self.kind() {
            ErrorKind::Io { syscall, path, source, .. } => (Some(*syscall), Some(path), Some(source)),
            ErrorKind::NoSpace { path, source, .. } => (Some("write"), Some(path), source.as_ref()),
            ErrorKind::Exists { path } | ErrorKind::Hangs { path, .. } | ErrorKind::Crowded { path, .. } => {
                (None, Some(path), None)
            }
            ErrorKind::InvalidSnapshot { path, .. } | ErrorKind::InvalidProfile { path, .. } => {
                (None, path.as_ref(), None)
            }
            _ => (None, None, None),
        };
        let option = match self.kind() {
            ErrorKind::InvalidOption { option, .. } => Some(*option),
            _ => None,
        };
        let record = Record {
            code: self.code(),
            message: self.to_string(),
            option,
            path: path.map(|path| path.to_string_lossy().into_owned()),
            syscall,
            errno: source.and_then(io::Error::raw_os_error),
            name: source.and_then(system_name),
            reason: source.map(ToString::to_string),
        };
        // A record of strings and numbers always serializes; the fallback keeps the promise never to panic.
        serde_json::to_string(&record)
            .unwrap_or_else(|_| String::from(r#"{"code":"HEAPKIT_ERR_INTERNAL","message":"unprintable error"}"#))
    }
}

/// Turns a panic of `who` into an error: a bug of heapkit fails what it was doing, and nothing else. What [`Error::unwind`] ended fails with
/// that error.
pub(crate) fn guard<T>(who: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let panic = match panic.downcast::<Error>() {
            Ok(error) => return Err(*error),
            Err(panic) => panic,
        };
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(Error::internal(format!("{who} panicked: {}", text.unwrap_or("no message"))))
    })
}

/// The shape of [`Error::to_json`].
#[derive(Serialize)]
struct Record {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    syscall: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

/// For `Write` implementations: the error goes through the codec as it is and is taken back by [`Error::from_io`].
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            ErrorKind::InvalidOption { option, reason } => write!(f, "Option `{option}` {reason}"),
            ErrorKind::Io { syscall, path, source, of_target } => {
                write!(f, "Cannot {syscall} {}: {source}{}", path.display(), advice(syscall, source, *of_target))
            }
            ErrorKind::NoSpace { path, reason, .. } => write!(f, "No room for {}: {reason}", path.display()),
            ErrorKind::Exists { path } => {
                write!(f, "{} exists; heapkit never overwrites: remove it or choose another name", path.display())
            }
            ErrorKind::Aborted { reason } => write!(f, "The capture was given up: {reason}"),
            ErrorKind::Timeout { limit } => write!(
                f,
                "The capture was not complete after {} ms (`timeoutMs`); nothing was kept. Allow more time, or find out \
                 whether the disk is slow",
                limit.as_millis()
            ),
            ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes } => write!(
                f,
                "The disk took no data for {} s while {queued_bytes} bytes were waiting; the capture was given up so \
                 that the service can go on. Check the volume that `dir` is on",
                waited.as_secs()
            ),
            ErrorKind::Stalled { who: Taker::SlowDisk, waited, queued_bytes } => write!(
                f,
                "The disk is so slow that the service was stopped for {} s in sum to wait for it, beyond V8's own work, and \
                 {queued_bytes} bytes were still waiting; the capture was given up so that the service can go on. Choose a \
                 `dir` on a faster volume, or mode 'fork', which does not stop the service",
                waited.as_secs()
            ),
            ErrorKind::Hangs { path, waited, earlier: false } => write!(
                f,
                "The volume of {} has not answered for {} s; what was asked of it was given up. Check that volume, or choose \
                 another `dir`. What goes to other volumes is not affected",
                path.display(),
                waited.as_secs()
            ),
            ErrorKind::Hangs { path, waited, earlier: true } => write!(
                f,
                "The volume of {} hangs: an earlier capture has waited for it for {} s, and no other is begun there before it \
                 answers. Check that volume, or choose another `dir`. What goes to other volumes is not affected",
                path.display(),
                waited.as_secs()
            ),
            ErrorKind::Crowded { path, waited, threads, hanging } => {
                let seconds = waited.as_secs();
                write!(
                    f,
                    "No thread was free for {} for {seconds} s; the {threads} that there may be ",
                    path.display()
                )?;
                if hanging.is_empty() {
                    write!(f, "are at work for other captures. Try again when there are fewer of them")
                } else {
                    write!(f, "are taken, also by volumes that hang: {}. Check those volumes", hanging.join(", "))
                }
            }
            ErrorKind::Stalled { who: Taker::Reader, waited, queued_bytes } => write!(
                f,
                "Nobody read from the stream for {} s while {queued_bytes} bytes were waiting; the capture was given up, \
                 so that it does not hold memory for ever. Read the stream to its end, however slowly, or take the \
                 snapshot to a file and send that",
                waited.as_secs()
            ),
            ErrorKind::Memory { purpose, reason } => write!(f, "Not enough memory {purpose}: {reason}"),
            ErrorKind::Child { detail } => write!(f, "The forked child did not deliver the snapshot: {detail}"),
            ErrorKind::Unsupported { reason } => write!(f, "Not possible here: {reason}"),
            ErrorKind::InvalidSnapshot { path, reason, offset } => {
                let name = path.as_ref().map_or("The data".into(), |path| path.to_string_lossy());
                write!(f, "{name} is not a whole heap snapshot: {reason} (byte {offset} of its text)")
            }
            ErrorKind::InvalidProfile { path, reason, offset } => {
                let name = path.as_ref().map_or("The data".into(), |path| path.to_string_lossy());
                write!(f, "{name} cannot be read as a profile: it {reason}")?;
                offset.map_or(Ok(()), |offset| write!(f, " (byte {offset} of its text)"))
            }
            ErrorKind::Internal { detail } => {
                write!(f, "A bug in heapkit ended this capture, please report it: {detail}. Other captures still work")
            }
        }
    }
}

/// What Node.js names otherwise than by the kind: on Unix there are two that deny permission; Windows has names that are not too long, but wrong.
#[cfg(unix)]
const BY_NUMBER: (i32, &str) = (rustix::io::Errno::PERM.raw_os_error(), "EPERM");
/// `ERROR_INVALID_NAME`.
#[cfg(not(unix))]
const BY_NUMBER: (i32, &str) = (123, "ENOENT");

/// The name that Node.js has for an error of the system, whatever the system's own number for it is.
fn system_name(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind::*;
    if error.raw_os_error() == Some(BY_NUMBER.0) {
        return Some(BY_NUMBER.1);
    }
    Some(match error.kind() {
        NotFound => "ENOENT",
        PermissionDenied => "EACCES",
        AlreadyExists => "EEXIST",
        NotADirectory => "ENOTDIR",
        IsADirectory => "EISDIR",
        DirectoryNotEmpty => "ENOTEMPTY",
        ReadOnlyFilesystem => "EROFS",
        StorageFull => "ENOSPC",
        QuotaExceeded => "EDQUOT",
        FileTooLarge => "EFBIG",
        InvalidFilename => "ENAMETOOLONG",
        CrossesDevices => "EXDEV",
        TooManyLinks => "EMLINK",
        StaleNetworkFileHandle => "ESTALE",
        ResourceBusy => "EBUSY",
        ExecutableFileBusy => "ETXTBSY",
        NotSeekable => "ESPIPE",
        BrokenPipe => "EPIPE",
        TimedOut => "ETIMEDOUT",
        WouldBlock => "EAGAIN",
        Interrupted => "EINTR",
        OutOfMemory => "ENOMEM",
        InvalidInput => "EINVAL",
        Unsupported => "ENOTSUP",
        _ => return None,
    })
}

/// What to do about the errors of the system that users meet most.
fn advice(syscall: &str, error: &io::Error, of_target: bool) -> &'static str {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) {
        return "; this process may open no more descriptors (`ulimit -n`, RLIMIT_NOFILE): raise the limit, or find out what does not close them";
    }
    match error.kind() {
        io::ErrorKind::WouldBlock if syscall == "pthread_create" => {
            "; there may be no more threads: raise the limit (`ulimit -u`, or `pids.max` of the control group), or find out what does not end them"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if of_target => {
            "; choose a directory that this process may write to (`dir`, HEAPKIT_DIR)"
        }
        io::ErrorKind::PermissionDenied if matches!(syscall, "open" | "read" | "scandir") => {
            "; read it as a user who may, or let this one read it"
        }
        io::ErrorKind::IsADirectory if syscall == "read" => "; name a file that is in it",
        _ => "",
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            ErrorKind::Io { source, .. } => Some(source),
            ErrorKind::NoSpace { source, .. } => source.as_ref().map(|source| source as _),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn crosses_to_javascript_with_the_systems_own_error() {
        let error = Error::io_of_target("open", "/dumps/a", io::Error::from_raw_os_error(13));
        let record: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(record["code"], "HEAPKIT_ERR_IO");
        assert_eq!(record["syscall"], "open");
        assert_eq!(record["path"], "/dumps/a");
        assert_eq!(record["errno"], 13);
        assert_eq!(record["name"], "EACCES");
        assert!(record["message"].as_str().unwrap().contains("HEAPKIT_DIR"));
        assert!(record.get("option").is_none());
    }

    #[test]
    fn names_what_the_system_said_where_its_numbers_are_others() {
        // As it comes on Windows: with a number that is nobody else's, and from where there is none at all.
        for (kind, name) in [(io::ErrorKind::NotFound, "ENOENT"), (io::ErrorKind::StorageFull, "ENOSPC")] {
            let record: serde_json::Value =
                serde_json::from_str(&Error::io("scandir", "/dumps", kind.into()).to_json()).unwrap();
            assert_eq!(record["name"], name);
        }
        assert_eq!(system_name(&io::Error::from_raw_os_error(BY_NUMBER.0)), Some(BY_NUMBER.1));
    }

    #[test]
    fn what_is_read_is_not_advised_to_be_written_elsewhere() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(!Error::io("open", "/dumps/a", denied()).to_string().contains("HEAPKIT_DIR"));
        assert!(
            Error::io("open", "/dumps/a", denied())
                .to_string()
                .ends_with("read it as a user who may, or let this one read it")
        );
        assert!(Error::io_of_target("open", "/dumps/a", denied()).to_string().contains("HEAPKIT_DIR"));
    }

    #[test]
    #[cfg(unix)]
    fn where_there_may_be_no_more_threads_the_limits_are_named() {
        let refused = || io::Error::from(rustix::io::Errno::AGAIN);
        let text = Error::io("pthread_create", "heapkit-sink", refused()).to_string();
        assert!(text.contains("`ulimit -u`") && text.contains("`pids.max`"), "{text}");
        assert!(!Error::io("read", "/dumps/a", refused()).to_string().contains("threads"));
    }

    #[test]
    fn survives_the_way_through_a_codec() {
        let error: io::Error = Error::from(ErrorKind::Exists { path: "a".into() }).into();
        assert_eq!(Error::from_io("write", Path::new("b"), error).code(), "HEAPKIT_ERR_EXISTS");
        let error = Error::from_io("write", Path::new("b"), io::Error::from_raw_os_error(5));
        assert_eq!(error.code(), "HEAPKIT_ERR_IO");
    }
}
