//! Reads `/proc/self/smaps`: which mappings the process has, and what the kernel knows about each.
//!
//! Source: proc_pid_smaps(5), and `Documentation/filesystems/proc.rst` of the kernel for the two-letter flags.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::ops::Range;

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) range: Range<usize>,
    /// `rw-s` and the like.
    permissions: String,
    is_anonymous: bool,
    /// The file, or the kernel's name for it; empty where it has none.
    pub(super) name: String,
    flags: String,
}

impl Mapping {
    /// Calls `visit` with each mapping of this process, by rising address.
    pub(super) fn each_of_this_process(visit: impl FnMut(Self)) -> io::Result<()> {
        Self::each(BufReader::with_capacity(256 << 10, File::open("/proc/self/smaps")?), visit)
    }

    pub(super) fn each(smaps: impl BufRead, mut visit: impl FnMut(Self)) -> io::Result<()> {
        let mut current = None;
        for line in smaps.lines() {
            let line = line?;
            if let Some(flags) = line.strip_prefix("VmFlags:") {
                if let Some(mapping) = current.take() {
                    visit(Self { flags: String::from(flags), ..mapping });
                }
            } else if let Some(mapping) = Self::parse(&line) {
                current = Some(mapping);
            }
        }
        Ok(())
    }

    /// The first line of a mapping: `start-end perms offset device inode name`. Not the kernel's own `[vsyscall]` page, which
    /// lies beyond what a process can have.
    fn parse(line: &str) -> Option<Self> {
        // A name may contain spaces; the fields before it are padded with any number of them.
        let mut rest = line;
        let mut field = || {
            let (field, after) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
            rest = after;
            field
        };
        let (start, end) = field().split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        let permissions = String::from(field());
        let (_offset, _device, inode) = (field(), field(), field());
        let is_anonymous = inode == "0";
        let name = rest.trim();
        (name != "[vsyscall]").then(|| Self {
            range,
            permissions,
            is_anonymous,
            name: String::from(name),
            flags: String::new(),
        })
    }

    /// Whether one of the two-letter flags is set.
    fn has(&self, flag: &str) -> bool {
        self.flags.split_ascii_whitespace().any(|one| one == flag)
    }

    pub(super) fn is_shared(&self) -> bool {
        self.permissions.ends_with('s')
    }

    pub(super) fn is_private_anonymous(&self) -> bool {
        !self.is_shared() && self.is_anonymous
    }

    /// Whether it is private memory that is read and written now, and not run: neither code nor merely reserved.
    pub(super) fn is_data(&self) -> bool {
        self.is_private_anonymous() && self.permissions == "rw-p"
    }

    /// Whether a child of `fork` goes without it (`MADV_DONTFORK`).
    pub(super) fn is_left_out_of_forks(&self) -> bool {
        self.has("dc")
    }

    /// Whether it is a device's memory, which has no pages that could be copied.
    pub(super) fn is_device(&self) -> bool {
        self.has("io") || self.has("pf")
    }

    pub(super) fn is_writable(&self) -> bool {
        self.permissions.starts_with("rw")
    }

    /// Whether this process may write to it, now or after an `mprotect`.
    pub(super) fn may_be_written(&self) -> bool {
        self.has("mw")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(smaps: &str) -> Vec<Mapping> {
        let mut mappings = Vec::new();
        Mapping::each(smaps.as_bytes(), |mapping| mappings.push(mapping)).unwrap();
        mappings
    }

    #[test]
    fn reads_flags_and_names_with_spaces() {
        let [shared, private] = &parsed(
            "00001000-00002000 rw-s 00000000 08:01 17                         /data/my file (deleted)\nRss: 4 kB\nVmFlags: rd wr sh mw dc \n\
             00002000-00003000 ---p 00000000 00:00 0 \nVmFlags: mr \n\
             ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\nVmFlags: ex \n",
        )[..] else {
            panic!("two mappings");
        };
        assert_eq!((shared.range.clone(), shared.name.as_str()), (0x1000..0x2000, "/data/my file (deleted)"));
        assert!(shared.is_shared() && shared.may_be_written() && shared.is_left_out_of_forks() && !shared.is_device());
        assert!(private.is_private_anonymous() && !private.may_be_written() && private.name.is_empty());
    }

    #[test]
    fn reads_this_process() {
        let mut named = 0;
        Mapping::each_of_this_process(|mapping| named += usize::from(mapping.name == "[stack]")).unwrap();
        assert_eq!(named, 1);
    }
}
