//! How much more memory this process may take before something kills it.
//!
//! The nearest limit counts: the process's own control group, any of its ancestors (a pod's, a slice's), or the machine.
//! Pages of files that the kernel would drop first (`inactive_file`) do not count as used.
//!
//! Source: kernel documentation, admin-guide/cgroup-v2.rst ("Memory Interface Files") and cgroup-v1/memory.rst.

use std::fs;
use std::path::{Path, PathBuf};

use super::cgroup::{Group, Version, groups};

/// The room under the nearest limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    /// Bytes that may still be taken.
    pub available_bytes: u64,
    /// The limit itself.
    pub limit_bytes: u64,
    /// Where the limit comes from, for a person: `the cgroup /sys/fs/cgroup/…`, `the machine`.
    pub source: String,
}

/// Every limit that holds for this process; found once, asked often.
#[derive(Debug)]
pub struct MemoryLimits {
    groups: Vec<Group>,
    meminfo: PathBuf,
}

/// The names of one version of control groups.
struct GroupFiles {
    limit: &'static str,
    usage: &'static str,
    inactive_file: &'static str,
}

const V1: GroupFiles =
    GroupFiles { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", inactive_file: "total_inactive_file" };
const V2: GroupFiles = GroupFiles { limit: "memory.max", usage: "memory.current", inactive_file: "inactive_file" };

impl MemoryLimits {
    /// Finds the limits of this process.
    pub fn of_this_process() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same in another root directory, for tests.
    fn below(root: &Path) -> Self {
        Self { groups: groups(root, "memory"), meminfo: root.join("proc/meminfo") }
    }

    /// The room under the nearest limit now; `None` where nothing can be found out.
    pub fn headroom(&self) -> Option<Headroom> {
        let groups = self.groups.iter().filter_map(headroom);
        groups.chain(self.machine()).min_by_key(|headroom| headroom.available_bytes)
    }

    fn machine(&self) -> Option<Headroom> {
        let text = fs::read_to_string(&self.meminfo).ok()?;
        let bytes = |name| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.saturating_mul(1024))
        };
        Some(Headroom {
            available_bytes: bytes("MemAvailable:")?,
            limit_bytes: bytes("MemTotal:")?,
            source: String::from("the machine"),
        })
    }
}

/// `None` where there is no limit: `max`, or version 1's huge number.
fn headroom(group: &Group) -> Option<Headroom> {
    let files = match group.version {
        Version::V1 => V1,
        Version::V2 => V2,
    };
    let limit_bytes = group.number(files.limit).filter(|limit| *limit < 1 << 60)?;
    let used = group.number(files.usage)?;
    let reclaimable = group.entry("memory.stat", files.inactive_file).unwrap_or(0);
    Some(Headroom {
        available_bytes: limit_bytes.saturating_sub(used.saturating_sub(reclaimable)),
        limit_bytes,
        source: format!("the control group {}", group.dir.display()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\n";

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, MemoryLimits) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain(&[("proc/meminfo", MEMINFO)]) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let limits = MemoryLimits::below(root.path());
        (root, limits)
    }

    #[test]
    fn version_2_takes_the_nearest_limit_of_all_ancestors() {
        let (root, limits) = machine(&[
            ("proc/self/cgroup", "0::/pods/one/app\n"),
            ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"),
            ("sys/fs/cgroup/pods/one/app/memory.max", "max\n"),
            ("sys/fs/cgroup/pods/one/app/memory.current", "100\n"),
            ("sys/fs/cgroup/pods/one/memory.max", "1000\n"),
            ("sys/fs/cgroup/pods/one/memory.current", "700\n"),
            ("sys/fs/cgroup/pods/one/memory.stat", "anon 1\ninactive_file 50\nactive_file 9\n"),
            ("sys/fs/cgroup/pods/memory.max", "5000\n"),
            ("sys/fs/cgroup/pods/memory.current", "900\n"),
        ]);
        let headroom = limits.headroom().unwrap();
        assert_eq!((headroom.available_bytes, headroom.limit_bytes), (350, 1000));
        assert!(headroom.source.ends_with("sys/fs/cgroup/pods/one"), "{}", headroom.source);
        fs::write(root.path().join("sys/fs/cgroup/pods/memory.current"), "4900").unwrap();
        assert_eq!(limits.headroom().unwrap().available_bytes, 100);
    }

    #[test]
    fn version_1_in_a_container_sees_its_own_group_as_the_mount() {
        let (_root, limits) = machine(&[
            ("proc/self/cgroup", "12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n"),
            (
                "proc/self/mountinfo",
                "40 30 0:31 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n\
                 41 30 0:32 /docker/abc /sys/fs/cgroup/memory ro master:9 - cgroup cgroup rw,memory\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1500\n"),
            ("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n"),
        ]);
        let headroom = limits.headroom().unwrap();
        assert_eq!((headroom.available_bytes, headroom.limit_bytes), (1000, 2000));
    }

    #[test]
    fn without_limits_it_is_the_machine_and_without_proc_nothing() {
        let (_root, limits) = machine(&[
            ("proc/self/cgroup", "4:memory:/\n"),
            ("proc/self/mountinfo", "41 30 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1500\n"),
        ]);
        assert_eq!(
            limits.headroom().unwrap(),
            Headroom { available_bytes: 8192 << 10, limit_bytes: 16384 << 10, source: String::from("the machine") }
        );
        assert_eq!(MemoryLimits::below(Path::new("/nowhere")).headroom(), None);
    }
}
