//! How much processor time the control groups of this process allow, and how much of it is used.
//!
//! A quota is no priority: a group that has used up its quota stands still until the period ends, whichever of its processes
//! used it up. All groups up to the root count, each with its own quota and with what all of its processes use.
//!
//! Source: kernel documentation, admin-guide/cgroup-v2.rst ("CPU Interface Files"), scheduler/sched-bwc.rst and
//! cgroup-v1/cpuacct.rst.

use std::path::Path;
use std::time::Duration;

use super::cgroup::{Group, Version, entry, groups};

/// Every group whose quota applies to this process; found once, asked often.
#[derive(Debug)]
pub struct CpuLimits {
    groups: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    group: Group,
    /// Version 1 counts usage in a hierarchy of its own, which may lack this group.
    accounting: Option<Group>,
}

/// What a group with a quota said at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct CpuReading {
    /// The number of the group, the same each time.
    pub group: usize,
    /// Processors' worth of time that its processes may use together.
    pub quota: f64,
    /// What they have used so far; `None` where nobody counts it.
    pub used: Option<Duration>,
    /// In how many periods they were made to stand still so far.
    pub throttled: u64,
}

impl CpuLimits {
    /// Finds the groups of this process.
    pub fn of_this_process() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same in another root directory, for tests.
    pub fn below(root: &Path) -> Self {
        let mut accounts = groups(root, "cpuacct");
        accounts.retain(|group| group.version == Version::V1);
        let groups = groups(root, "cpu").into_iter().map(|group| {
            let at = accounts.iter().position(|one| group.version == Version::V1 && one.name == group.name);
            Source { group, accounting: at.map(|at| accounts.swap_remove(at)) }
        });
        Self { groups: groups.collect() }
    }

    /// Every group that has a quota now. Quotas may change at any time.
    pub fn read(&self) -> Vec<CpuReading> {
        self.groups.iter().enumerate().filter_map(|(index, source)| source.read(index)).collect()
    }
}

impl Source {
    /// `None` where there is no quota, or nothing that could be one.
    fn read(&self, index: usize) -> Option<CpuReading> {
        let quota = self.quota().filter(|quota| quota.is_finite() && *quota > 0.0)?;
        let statistics = self.group.text("cpu.stat").unwrap_or_default();
        let used = match self.group.version {
            Version::V2 => entry(&statistics, "usage_usec").map(Duration::from_micros),
            Version::V1 => {
                let accounting = self.accounting.as_ref().unwrap_or(&self.group);
                accounting.number("cpuacct.usage").map(Duration::from_nanos)
            }
        };
        Some(CpuReading { group: index, quota, used, throttled: entry(&statistics, "nr_throttled").unwrap_or(0) })
    }

    fn quota(&self) -> Option<f64> {
        let (quota, period) = match self.group.version {
            Version::V2 => {
                let text = self.group.text("cpu.max")?;
                let mut fields = text.split_ascii_whitespace();
                (fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?)
            }
            Version::V1 => {
                // -1 means that there is no quota.
                let quota = self.group.text("cpu.cfs_quota_us")?.trim().parse::<u32>().ok()?;
                (quota, self.group.text("cpu.cfs_period_us")?.trim().parse::<u32>().ok()?)
            }
        };
        Some(f64::from(quota) / f64::from(period))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use std::fs;

    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, CpuLimits) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let limits = CpuLimits::below(root.path());
        (root, limits)
    }

    #[test]
    fn version_2_reads_each_ancestor_with_a_quota_as_it_is_now() {
        let (root, limits) = machine(&[
            ("proc/self/cgroup", "0::/pods/one/app\n"),
            ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"),
            ("sys/fs/cgroup/pods/one/app/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/pods/one/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/pods/one/cpu.stat", "usage_usec 1500\nuser_usec 9\nnr_periods 4\nnr_throttled 3\n"),
            ("sys/fs/cgroup/pods/cpu.max", "300000 200000\n"),
        ]);
        let half = CpuReading { group: 1, quota: 0.5, used: Some(Duration::from_micros(1500)), throttled: 3 };
        let more = CpuReading { group: 2, quota: 1.5, used: None, throttled: 0 };
        assert_eq!(limits.read(), [half.clone(), more.clone()]);
        fs::write(root.path().join("sys/fs/cgroup/pods/cpu.max"), "max 200000").unwrap();
        assert_eq!(limits.read(), [half]);
        for garbage in ["", "x y", "0 0", "0 100000", "-1 100000", "100000", "100000 0", "99999999999 1"] {
            fs::write(root.path().join("sys/fs/cgroup/pods/one/cpu.max"), garbage).unwrap();
            assert_eq!(limits.read(), [], "{garbage}");
        }
    }

    #[test]
    fn version_1_counts_in_its_own_group_of_the_other_hierarchy_only() {
        let files = |accounting| {
            [
                ("proc/self/cgroup", accounting),
                (
                    "proc/self/mountinfo",
                    "40 30 0:31 /docker/abc /cpu ro - cgroup cgroup rw,cpu\n\
                     41 30 0:32 /docker/abc /cpuacct ro master:9 - cgroup cgroup rw,cpuacct\n",
                ),
                ("cpu/cpu.cfs_quota_us", "20000\n"),
                ("cpu/cpu.cfs_period_us", "100000\n"),
                ("cpu/cpu.stat", "nr_periods 7\nnr_throttled 2\nthrottled_time 8\n"),
                ("cpuacct/cpuacct.usage", "1000\n"),
            ]
        };
        let (root, limits) = machine(&files("12:cpu:/docker/abc\n13:cpuacct:/docker/abc\n0::/\n"));
        let used = Some(Duration::from_nanos(1000));
        assert_eq!(limits.read(), [CpuReading { group: 0, quota: 0.2, used, throttled: 2 }]);
        fs::write(root.path().join("cpu/cpu.cfs_quota_us"), "-1").unwrap();
        assert_eq!(limits.read(), []);
        // The process is in another group there, whose usage says nothing.
        let mut elsewhere = files("12:cpu:/docker/abc\n13:cpuacct:/\n0::/\n");
        elsewhere[1].1 = "40 30 0:31 /docker/abc /cpu ro - cgroup cgroup rw,cpu\n\
                          41 30 0:32 / /cpuacct ro master:9 - cgroup cgroup rw,cpuacct\n";
        let (_root, limits) = machine(&elsewhere);
        assert_eq!(limits.read()[0].used, None);
    }

    #[test]
    fn no_groups_is_no_quota() {
        assert_eq!(CpuLimits::below(Path::new("/nowhere")).read(), []);
        CpuLimits::of_this_process().read();
    }
}
