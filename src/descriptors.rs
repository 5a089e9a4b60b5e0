//! Descriptors that the service does not take for its standard streams.
//!
//! A process that has closed 0, 1 or 2 gets that number for the next file that is opened, and whoever writes a line of log to it
//! afterwards writes into that file.

use std::io;

/// The first that is no standard stream.
#[cfg(unix)]
const FIRST: std::os::fd::RawFd = 3;

/// Gives the open file a number that nobody takes for a standard stream.
#[cfg(unix)]
pub(crate) fn move_above_standard<T>(file: &mut T) -> io::Result<()>
where
    T: std::os::fd::AsFd + From<std::os::fd::OwnedFd>,
{
    use std::os::fd::AsRawFd;
    let descriptor = file.as_fd();
    if descriptor.as_raw_fd() < FIRST {
        *file = rustix::io::fcntl_dupfd_cloexec(descriptor, FIRST)?.into();
    }
    Ok(())
}

/// Where descriptors are no small numbers, nobody takes one for another.
#[cfg(not(unix))]
pub(crate) fn move_above_standard<T>(_file: &mut T) -> io::Result<()> {
    Ok(())
}
