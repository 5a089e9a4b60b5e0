//! Where this process's control groups are: version 1 and 2, in a container or not, with all ancestors that can be seen.
//!
//! Source: kernel documentation, admin-guide/cgroup-v2.rst and cgroup-v1; cgroups(7), proc_pid_mountinfo(5).

use std::fs;
use std::path::{Path, PathBuf};

/// The two versions, whose files have different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// One control group.
#[derive(Debug)]
pub(super) struct Group {
    /// Where its files are.
    pub(super) dir: PathBuf,
    /// Its name in its hierarchy, however that is mounted.
    pub(super) name: PathBuf,
    pub(super) version: Version,
}

impl Group {
    /// The number that is all of one of its files.
    pub(super) fn number(&self, file: &str) -> Option<u64> {
        self.text(file)?.trim().parse().ok()
    }

    pub(super) fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(file)).ok()
    }

    /// The number in the line `key number` of one of its files.
    pub(super) fn entry(&self, file: &str, key: &str) -> Option<u64> {
        entry(&self.text(file)?, key)
    }
}

/// The number in a line `key number`.
pub(super) fn entry(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The process's own group in each hierarchy that has the controller, and its ancestors, nearest first. `root` is another
/// root directory in tests.
pub(super) fn groups(root: &Path, controller: &str) -> Vec<Group> {
    let read = |name: &str| fs::read_to_string(root.join("proc/self").join(name)).unwrap_or_default();
    let memberships = read("cgroup");
    let mut groups = Vec::new();
    for mount in read("mountinfo").lines().filter_map(|line| Mount::parse(line, controller)) {
        let Some(own) = memberships.lines().find_map(|line| mount.path_of(line, controller)) else { continue };
        let top = root.join(mount.point.trim_start_matches('/'));
        // A path outside of the mount (another namespace's) cannot be seen here. Then the mount itself is all there is.
        let own = Path::new(own).strip_prefix(mount.root).unwrap_or(Path::new(""));
        let own = if own.components().any(|part| part.as_os_str() == "..") { Path::new("") } else { own };
        groups.extend(own.ancestors().map(|dir| Group {
            dir: top.join(dir),
            name: Path::new(mount.root).join(dir),
            version: mount.version,
        }));
    }
    groups
}

/// A mounted hierarchy of control groups that knows of a controller.
struct Mount<'a> {
    /// The part of the hierarchy that is mounted.
    root: &'a str,
    point: &'a str,
    version: Version,
}

impl<'a> Mount<'a> {
    /// A line of mountinfo: `id parent device root point options … - type source superoptions`.
    fn parse(line: &'a str, controller: &str) -> Option<Self> {
        let (mount, kind) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut kind = kind.split(' ');
        let version = match kind.next()? {
            "cgroup2" => Version::V2,
            "cgroup" if kind.nth(1)?.split(',').any(|option| option == controller) => Version::V1,
            _ => return None,
        };
        Some(Self { root, point, version })
    }

    /// The process's path in this hierarchy, if the line of `/proc/self/cgroup` is about it: `id:controllers:path`.
    fn path_of(&self, line: &'a str, controller: &str) -> Option<&'a str> {
        let mut fields = line.splitn(3, ':');
        let (id, controllers) = (fields.next()?, fields.next()?);
        let is_mine = match self.version {
            Version::V2 => id == "0" && controllers.is_empty(),
            Version::V1 => controllers.split(',').any(|one| one == controller),
        };
        if is_mine { fields.next() } else { None }
    }
}
