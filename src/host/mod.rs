//! What the machine allows: the free space of a volume, how much more memory and processor time the process may take, and whether
//! its system calls are filtered.
//!
//! Invariant: a question that the machine cannot answer is an error of the system, never a guess.

mod cgroup;
mod cpu;
mod memory;

use std::io;
use std::path::Path;

pub use cpu::{CpuLimits, CpuReading};
pub use memory::{Headroom, MemoryLimits, mebibytes};

/// Bytes that an ordinary user may still write to the volume that holds `path`. `path` must exist.
///
/// Source: `statvfs(3)` (`f_bavail * f_frsize`) on Unix, `GetDiskFreeSpaceEx` on Windows.
pub fn free_disk_bytes(path: &Path) -> io::Result<u64> {
    fs4::available_space(path)
}

/// Whether somebody filters this process's system calls (a container, a unit of systemd's). A call that the filter does not know may
/// be refused, or may end the process.
///
/// Source: the line `Seccomp` of proc_pid_status(5). What cannot be read counts as filtered.
#[cfg(target_os = "linux")]
pub fn is_filtered() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Seccomp:")).is_none_or(|mode| mode.trim() != "0")
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
