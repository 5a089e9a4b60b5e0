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

/// Every limit that applies to this process; found once, asked often.
#[derive(Debug)]
pub struct MemoryLimits {
    groups: Vec<Group>,
    meminfo: PathBuf,
}

/// The names of one version of control groups.
struct GroupFiles {
    /// Above the first limit the kernel kills. Above the second, which only version 2 has, it slows down every process of the
    /// group.
    limits: &'static [&'static str],
    usage: &'static str,
    inactive_file: &'static str,
}

const V1: GroupFiles = GroupFiles {
    limits: &["memory.limit_in_bytes"],
    usage: "memory.usage_in_bytes",
    inactive_file: "total_inactive_file",
};
const V2: GroupFiles =
    GroupFiles { limits: &["memory.max", "memory.high"], usage: "memory.current", inactive_file: "inactive_file" };

/// Bytes, as errors about memory say them.
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

impl MemoryLimits {
    /// Finds the limits of this process.
    pub fn of_this_process() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same in another root directory, for tests.
    fn below(root: &Path) -> Self {
        Self { groups: groups(root, "memory"), meminfo: root.join("proc/meminfo") }
    }

    /// The room under the nearest limit now; `None` where no limit can be read.
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
    let limit_bytes =
        files.limits.iter().filter_map(|file| group.number(file)).filter(|limit| *limit < 1 << 60).min()?;
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
        for (name, text) in [("proc/meminfo", MEMINFO)].iter().chain(files) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let limits = MemoryLimits::below(root.path());
        (root, limits)
    }

    #[test]
    fn version_2_counts_the_limit_from_which_the_group_is_slowed_down() {
        let (root, limits) = machine(&[
            ("proc/self/cgroup", "0::/app\n"),
            ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"),
            ("sys/fs/cgroup/app/memory.max", "1000\n"),
            ("sys/fs/cgroup/app/memory.high", "max\n"),
            ("sys/fs/cgroup/app/memory.current", "700\n"),
        ]);
        assert_eq!(limits.headroom().unwrap().limit_bytes, 1000);
        fs::write(root.path().join("sys/fs/cgroup/app/memory.high"), "800\n").unwrap();
        let headroom = limits.headroom().unwrap();
        assert_eq!((headroom.available_bytes, headroom.limit_bytes), (100, 800));
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

    // The rest is what Linux 6.1 said to services in groups of version 2 (`npm run test:cgroup2 -- --record DIR`); of memory.stat and meminfo
    // only the lines around those that count.

    const SEEN_MEMINFO: (&str, &str) =
        ("proc/meminfo", "MemTotal:        2026268 kB\nMemFree:         1691212 kB\nMemAvailable:    1641780 kB\n");
    const SEEN_MOUNTS: (&str, &str) = (
        "proc/self/mountinfo",
        "1 1 0:2 / / rw - rootfs rootfs rw,size=955252k,nr_inodes=238813,inode64\n\
         22 1 0:20 / /proc rw,relatime - proc proc rw\n\
         23 1 0:21 / /sys rw,relatime - sysfs sysfs rw\n\
         24 1 0:5 / /dev rw,relatime - devtmpfs devtmpfs rw,size=955252k,nr_inodes=238813,mode=755,inode64\n\
         25 1 0:22 / /tmp rw,relatime - tmpfs tmpfs rw,inode64\n\
         26 23 0:23 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n\
         27 1 7:0 / /disk rw,relatime - ext4 /dev/loop0 rw\n",
    );

    #[test]
    fn seen_a_group_with_pages_of_files() {
        let (root, limits) = machine(&[
            SEEN_MEMINFO,
            SEEN_MOUNTS,
            ("proc/self/cgroup", "0::/pages\n"),
            ("sys/fs/cgroup/pages/memory.max", "167772160\n"),
            ("sys/fs/cgroup/pages/memory.current", "106860544\n"),
            (
                "sys/fs/cgroup/pages/memory.stat",
                "anon 62464000\nfile 42151936\nkernel 2007040\nshmem 0\ninactive_anon 62451712\nactive_anon 4096\n\
                 inactive_file 41943040\nactive_file 208896\nunevictable 0\n",
            ),
        ]);
        let headroom = limits.headroom().unwrap();
        assert_eq!(
            (headroom.available_bytes, headroom.limit_bytes),
            (167_772_160 - 106_860_544 + 41_943_040, 167_772_160)
        );
        assert_eq!(headroom.source, format!("the control group {}", root.path().join("sys/fs/cgroup/pages").display()));
    }

    #[test]
    fn seen_a_limit_two_groups_above() {
        let stat = "anon 50814976\nfile 0\ninactive_anon 50794496\nactive_anon 4096\ninactive_file 0\nactive_file 0\n";
        let (root, limits) = machine(&[
            SEEN_MEMINFO,
            SEEN_MOUNTS,
            ("proc/self/cgroup", "0::/above/middle/leaf\n"),
            ("sys/fs/cgroup/above/memory.max", "167772160\n"),
            ("sys/fs/cgroup/above/memory.current", "53174272\n"),
            ("sys/fs/cgroup/above/memory.stat", stat),
            ("sys/fs/cgroup/above/middle/memory.max", "max\n"),
            ("sys/fs/cgroup/above/middle/memory.current", "53166080\n"),
            ("sys/fs/cgroup/above/middle/memory.stat", stat),
            ("sys/fs/cgroup/above/middle/leaf/memory.max", "max\n"),
            ("sys/fs/cgroup/above/middle/leaf/memory.current", "53157888\n"),
        ]);
        let headroom = limits.headroom().unwrap();
        assert_eq!((headroom.available_bytes, headroom.limit_bytes), (167_772_160 - 53_174_272, 167_772_160));
        assert_eq!(headroom.source, format!("the control group {}", root.path().join("sys/fs/cgroup/above").display()));
    }

    #[test]
    fn seen_a_namespace_with_the_group_as_its_root() {
        let (root, limits) = machine(&[
            SEEN_MEMINFO,
            (
                "proc/self/mountinfo",
                "28 28 0:2 / / rw - rootfs rootfs rw,size=955252k,nr_inodes=238813,inode64\n\
                 29 28 0:20 / /proc rw,relatime - proc proc rw\n\
                 30 28 0:21 / /sys rw,relatime - sysfs sysfs rw\n\
                 32 28 0:5 / /dev rw,relatime - devtmpfs devtmpfs rw,size=955252k,nr_inodes=238813,mode=755,inode64\n\
                 33 28 0:22 / /tmp rw,relatime - tmpfs tmpfs rw,inode64\n\
                 34 28 7:0 / /disk rw,relatime - ext4 /dev/loop0 rw\n\
                 31 30 0:23 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
            ),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "167772160\n"),
            ("sys/fs/cgroup/memory.current", "39481344\n"),
            ("sys/fs/cgroup/memory.stat", "anon 37715968\nfile 0\ninactive_file 0\nactive_file 0\n"),
        ]);
        let headroom = limits.headroom().unwrap();
        assert_eq!((headroom.available_bytes, headroom.limit_bytes), (167_772_160 - 39_481_344, 167_772_160));
        let group = root.path().join("sys/fs/cgroup");
        assert_eq!(headroom.source.trim_end_matches('/'), format!("the control group {}", group.display()));
    }
}
