//! The bytes of a source: a file, or a pipe that may say nothing for ever.
//!
//! A thread that reads a pipe wakes up now and then, and ends when the reading is not wanted any more: nobody could end it otherwise.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens a file. A named pipe that nobody writes to is opened, too.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut options = File::options();
    options.read(true);
    // Else the kernel waits for a writer. For files it means nothing.
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    let is_file = file.metadata()?.file_type().is_file();
    Ok(if is_file { Box::new(file) } else { waiting(file) })
}

/// Standard input.
pub(super) fn standard() -> Box<dyn Read + Send> {
    waiting(io::stdin())
}

#[cfg(unix)]
fn waiting(input: impl std::os::fd::AsFd + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(pipe::Waiting { input, progress: super::work::current() })
}

#[cfg(not(unix))]
fn waiting(input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(input)
}

#[cfg(unix)]
mod pipe {
    use std::io::{self, Read};
    use std::os::fd::AsFd;
    use std::sync::Arc;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;

    use crate::heap::reading::progress::Progress;

    /// How often it is asked whether anybody still wants to read.
    const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

    pub(super) struct Waiting<F> {
        pub(super) input: F,
        /// What it is read for.
        pub(super) progress: Option<Arc<Progress>>,
    }

    impl<F: AsFd> Read for Waiting<F> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                if self.progress.as_ref().is_some_and(|progress| progress.is_cancelled()) {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&TURN)) {
                    Ok(0) | Err(Errno::INTR) => continue,
                    Ok(_) => {}
                    Err(error) => return Err(error.into()),
                }
                match rustix::io::read(self.input.as_fd(), &mut *buffer) {
                    // Somebody else was faster, or a signal came.
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    read => return Ok(read?),
                }
            }
        }
    }
}
