//! Descriptors that the service does not take for its standard streams.
//!
//! A process that has closed 0, 1 or 2 gets that number for the next file that is opened, and whoever writes a line of log to it
//! afterwards, on whatever thread, writes into that file. Moving it to another number later would be too late.

use std::io;

/// The first that is no standard stream.
#[cfg(unix)]
const FIRST: std::os::fd::RawFd = 3;

/// Calls `open` while no number of a standard stream is to be had.
#[cfg(unix)]
pub(crate) fn above_standard<T>(open: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    use std::os::fd::AsRawFd;
    let mut places = Vec::new();
    // Nothing can be written to either, and every root has the second: one without /dev has no /dev/null.
    while let Ok(place) = std::fs::File::open("/dev/null").or_else(|_| std::fs::File::open("/"))
        && place.as_raw_fd() < FIRST
    {
        places.push(place);
    }
    open()
}

/// Where descriptors are no small numbers, nobody takes one for another.
#[cfg(not(unix))]
pub(crate) fn above_standard<T>(open: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    open()
}
