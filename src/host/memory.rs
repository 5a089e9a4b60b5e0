//! How much more memory this process may take before something kills it.
//!
//! The nearest limit counts: the process's own control group, any of its ancestors (a pod's, a slice's), or the machine.
//! Pages of files that the kernel would drop first (`inactive_file`) do not count as used.
//!
//! Source: kernel documentation, admin-guide/cgroup-v2.rst ("Memory Interface Files") and cgroup-v1/memory.rst.

use std::fs;
use std::path::{Path, PathBuf};

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

#[derive(Debug)]
struct Group {
    dir: PathBuf,
    files: &'static GroupFiles,
}

/// The names of one version of control groups.
#[derive(Debug)]
struct GroupFiles {
    limit: &'static str,
    usage: &'static str,
    inactive_file: &'static str,
}

static V1: GroupFiles =
    GroupFiles { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", inactive_file: "total_inactive_file" };
static V2: GroupFiles = GroupFiles { limit: "memory.max", usage: "memory.current", inactive_file: "inactive_file" };

impl MemoryLimits {
    /// Finds the limits of this process.
    pub fn of_this_process() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same in another root directory, for tests.
    fn below(root: &Path) -> Self {
        let read = |name: &str| fs::read_to_string(root.join("proc/self").join(name)).unwrap_or_default();
        let memberships = read("cgroup");
        let mut groups = Vec::new();
        for mount in read("mountinfo").lines().filter_map(Mount::parse) {
            let Some(own) = memberships.lines().find_map(|line| mount.path_of(line)) else { continue };
            let top = root.join(mount.point.trim_start_matches('/'));
            // A path outside of the mount (another namespace's) is not visible here; the mount itself is then all there is.
            let own = Path::new(own).strip_prefix(mount.root).unwrap_or(Path::new(""));
            let own = if own.components().any(|part| part.as_os_str() == "..") { Path::new("") } else { own };
            groups.extend(own.ancestors().map(|dir| Group { dir: top.join(dir), files: mount.files }));
        }
        Self { groups, meminfo: root.join("proc/meminfo") }
    }

    /// The room under the nearest limit now; `None` where nothing can be found out.
    pub fn headroom(&self) -> Option<Headroom> {
        let groups = self.groups.iter().filter_map(Group::headroom);
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

impl Group {
    /// `None` where there is no limit: `max`, or version 1's huge number.
    fn headroom(&self) -> Option<Headroom> {
        let limit_bytes = self.number(self.files.limit).filter(|limit| *limit < 1 << 60)?;
        let used = self.number(self.files.usage)?;
        let statistics = fs::read_to_string(self.dir.join("memory.stat")).unwrap_or_default();
        let reclaimable = statistics
            .lines()
            .find_map(|line| line.strip_prefix(self.files.inactive_file)?.trim().parse::<u64>().ok())
            .unwrap_or(0);
        Some(Headroom {
            available_bytes: limit_bytes.saturating_sub(used.saturating_sub(reclaimable)),
            limit_bytes,
            source: format!("the control group {}", self.dir.display()),
        })
    }

    fn number(&self, file: &str) -> Option<u64> {
        fs::read_to_string(self.dir.join(file)).ok()?.trim().parse().ok()
    }
}

/// A mounted hierarchy of control groups that knows of memory.
struct Mount<'a> {
    /// What of the hierarchy is mounted.
    root: &'a str,
    point: &'a str,
    files: &'static GroupFiles,
}

impl<'a> Mount<'a> {
    /// A line of mountinfo: `id parent device root point options … - type source superoptions`.
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, kind) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut kind = kind.split(' ');
        let files = match kind.next()? {
            "cgroup2" => &V2,
            "cgroup" if kind.nth(1)?.split(',').any(|option| option == "memory") => &V1,
            _ => return None,
        };
        Some(Self { root, point, files })
    }

    /// The process's path in this hierarchy, if the line of `/proc/self/cgroup` is about it: `id:controllers:path`.
    fn path_of(&self, line: &'a str) -> Option<&'a str> {
        let mut fields = line.splitn(3, ':');
        let (id, controllers) = (fields.next()?, fields.next()?);
        let is_mine = if std::ptr::eq(self.files, &raw const V2) {
            id == "0" && controllers.is_empty()
        } else {
            controllers.split(',').any(|controller| controller == "memory")
        };
        if is_mine { fields.next() } else { None }
    }
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
