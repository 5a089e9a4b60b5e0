//! A directory, held open: what is done in it is done there, whatever becomes of its path meanwhile.
//!
//! All names are single components, so nothing here can leave the directory, and no link in it is followed.

#[cfg(unix)]
mod by_descriptor;
#[cfg(not(unix))]
mod by_path;

use std::time::SystemTime;

#[cfg(unix)]
pub(super) use by_descriptor::Dir;
#[cfg(not(unix))]
pub(super) use by_path::Dir;

/// What is known of an entry.
pub(super) struct Meta {
    pub(super) is_file: bool,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

/// What every file system takes as a name, if it says nothing of it.
const USUAL_NAME_BYTES: usize = 255;
