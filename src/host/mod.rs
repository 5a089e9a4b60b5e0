//! What the machine allows: the free space of a volume, how much more memory the process may take, and how much processor
//! time.
//!
//! Invariant: a question that the machine cannot answer is an error of the system, never a guess.

mod cgroup;
mod cpu;
mod memory;

use std::io;
use std::path::Path;

pub use cpu::{CpuLimits, CpuReading};
pub use memory::{Headroom, MemoryLimits};

/// Bytes that an ordinary user may still write to the volume that holds `path`. `path` must exist.
///
/// Source: `statvfs(3)` (`f_bavail * f_frsize`) on Unix, `GetDiskFreeSpaceEx` on Windows.
pub fn free_disk_bytes(path: &Path) -> io::Result<u64> {
    fs4::available_space(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_free_space_of_a_directory() {
        assert!(free_disk_bytes(&std::env::temp_dir()).unwrap() > 0);
        assert!(free_disk_bytes(Path::new("/no/such/directory")).is_err());
    }
}
