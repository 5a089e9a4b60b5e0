//! Which of the process's mappings a child would get, read from `/proc/self/smaps`.
//!
//! Node.js marks V8's heap `MADV_DONTFORK`, so that `child_process.spawn` is fast; a twin without a heap is useless. For the
//! moment of the fork everything is to be copied, and afterwards the marks must be back where they were. Only smaps tells who
//! has the mark, and reading it costs milliseconds, so that is done beforehand on a thread of our own. V8 takes and returns
//! pages meanwhile; that is why [`Mappings::copied`] names whole spans of the address space, with whatever is in them at the
//! time of the fork: two or three system calls, and nothing to read. A chunk that V8 took in between does not get its mark
//! back; it makes the next `spawn` copy a few page-table entries more.

use std::io::{self, BufRead, BufReader};
use std::ops::Range;

use super::sys::{Inheritance, set_inheritance};

/// The address space as it was when it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mappings {
    /// Spans in which every mapping may be copied: all but the devices' and the shared memory that somebody excluded.
    copied: Vec<Range<usize>>,
    /// Private anonymous mappings with the mark: V8's heap, above all.
    marked: Vec<Range<usize>>,
}

impl Mappings {
    pub(super) fn read() -> io::Result<Self> {
        Self::parse(BufReader::with_capacity(256 << 10, std::fs::File::open("/proc/self/smaps")?))
    }

    /// Lets a child have everything. On the thread that forks, just before.
    pub(super) fn share(&self) -> io::Result<()> {
        self.copied.iter().try_for_each(|span| set_inheritance(span, Inheritance::Copied))
    }

    /// Puts the marks back. A range that was unmapped meanwhile is passed over.
    pub(super) fn unshare(&self) -> io::Result<()> {
        self.marked.iter().try_for_each(|range| set_inheritance(range, Inheritance::Absent))
    }

    fn parse(smaps: impl BufRead) -> io::Result<Self> {
        let mut mappings = Self::default();
        let mut current = None;
        // Where the span begins that the next barrier ends.
        let mut start = 0;
        let mut end = 0;
        for line in smaps.lines() {
            let line = line?;
            if let Some(flags) = line.strip_prefix("VmFlags:") {
                let Some(Mapping { range, is_private_anonymous }) = current.take() else { continue };
                let has = |flag| flags.split_ascii_whitespace().any(|one| one == flag);
                if has("dc") && is_private_anonymous {
                    mappings.mark(range);
                } else if has("dc") || has("io") {
                    mappings.copied.push(start..range.start);
                    start = range.end;
                }
            } else if let Some(mapping) = Mapping::parse(&line) {
                end = mapping.range.end;
                current = Some(mapping);
            }
        }
        mappings.copied.push(start..end);
        mappings.copied.retain(|span| !span.is_empty());
        Ok(mappings)
    }

    /// Neighbours become one range: fewer calls.
    fn mark(&mut self, range: Range<usize>) {
        match self.marked.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.marked.push(range),
        }
    }
}

struct Mapping {
    range: Range<usize>,
    is_private_anonymous: bool,
}

impl Mapping {
    /// The first line of a mapping: `start-end perms offset device inode name`. Not the legacy page of the kernel's own, which
    /// lies beyond what a process can have.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        let permissions = fields.next()?;
        let inode = fields.nth(2)?;
        (fields.next() != Some("[vsyscall]"))
            .then(|| Self { range, is_private_anonymous: permissions.ends_with('p') && inode == "0" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
00001000-00002000 rw-p 00000000 00:00 0 \nRss: 4 kB\nVmFlags: rd wr mr mw me ac dc \n\
00002000-00004000 ---p 00000000 00:00 0 \nVmFlags: mr mw me dc \n\
00005000-00006000 rw-p 00000000 00:00 0 [heap]\nVmFlags: rd wr mr mw me ac \n\
00006000-00007000 rw-s 00000000 00:05 17 /dev/infiniband\nVmFlags: rd wr sh dc \n\
00008000-00009000 r--p 00000000 00:00 0 [vvar]\nVmFlags: rd mr pf io de dd \n\
00009000-0000a000 rw-p 00000000 00:00 0 [stack]\nVmFlags: rd wr mr mw me gd ac \n\
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\nVmFlags: ex \n";

    #[test]
    fn tells_what_has_the_mark_and_passes_over_what_must_keep_it() {
        let mappings = Mappings::parse(SMAPS.as_bytes()).unwrap();
        assert_eq!(mappings.marked, vec![Range { start: 0x1000, end: 0x4000 }]);
        assert_eq!(mappings.copied, [0..0x6000, 0x7000..0x8000, 0x9000..0xa000]);
    }

    #[test]
    fn reads_this_process() {
        assert!(!Mappings::read().unwrap().copied.is_empty());
    }
}
