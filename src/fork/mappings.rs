//! Which of the process's mappings a child would get, read from `/proc/self/smaps`.
//!
//! Node.js marks V8's heap `MADV_DONTFORK`, so that `child_process.spawn` is fast; a twin without a heap is useless. For the
//! moment of the fork everything is to be copied, and afterwards the marks must be back where they were. Only smaps tells who
//! has the mark, and reading it costs milliseconds, so that is done beforehand on a thread of our own. V8 takes and returns
//! pages meanwhile; that is why [`Mappings::copied`] names whole spans of the address space, with whatever is in them at the
//! time of the fork: a few system calls, and nothing to read. A chunk that V8 took in between does not get its mark
//! back; it makes the next `spawn` copy a few page-table entries more.
//!
//! Marks that others have set (on memory that a network card reads, say) must stay. V8 asks for pages at random places in the lower half
//! of the address space; whoever asks for none in particular gets one high up, below the stack. So spans are in the lower half, and of
//! the upper only what had the mark is copied: V8's code, which stays where it is.
//!
//! Source: `OS::GetRandomMmapAddr` of V8; `mmap_base` of the kernel.
//!
//! What the child can do without (`large_blocks`) gets the mark for as long.

use std::io;
use std::ops::Range;

use super::large_blocks::LargeBlocks;
use super::need::Layout;
use super::smaps::Mapping;
use super::sys::{Inheritance, set_inheritance};

/// The address space as it was when it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mappings {
    /// Spans in which every mapping may be copied: without memory of devices, shared memory that somebody excluded, and what others may
    /// mark meanwhile.
    copied: Vec<Range<usize>>,
    /// Private anonymous mappings with the mark: V8's heap, above all.
    marked: Vec<Range<usize>>,
    /// What the child can do without, and does not get.
    left_out: Vec<Range<usize>>,
    layout: Layout,
}

impl Mappings {
    pub(super) fn read() -> io::Result<Self> {
        let mut survey = Survey::default();
        let mut blocks = LargeBlocks::new();
        Mapping::each_of_this_process(|mapping| {
            survey.add(&mapping);
            blocks.add(&mapping);
        })?;
        Ok(Self { left_out: blocks.end(), ..survey.end() })
    }

    /// What can be told from it about the heaps.
    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// Lets a child have everything but what it can do without. On the thread that forks, just before.
    pub(super) fn clear_marks(&self) -> io::Result<()> {
        self.copied.iter().try_for_each(|span| set_inheritance(span, Inheritance::Copied))?;
        self.left_out.iter().try_for_each(|range| set_inheritance(range, Inheritance::Absent))
    }

    /// Puts the marks back. A range that was unmapped meanwhile is passed over.
    pub(super) fn restore_marks(&self) {
        for (ranges, inheritance) in [(&self.left_out, Inheritance::Copied), (&self.marked, Inheritance::Absent)] {
            for range in ranges {
                // What has become something else (a device's memory, say) may not be marked; the others still get their marks.
                let _ = set_inheritance(range, inheritance);
            }
        }
    }

    /// What the child goes without.
    pub(super) fn left_out(&self) -> &[Range<usize>] {
        &self.left_out
    }

    /// Neighbours become one range: fewer calls.
    fn mark(&mut self, range: Range<usize>) {
        match self.marked.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.marked.push(range),
        }
    }
}

#[derive(Default)]
struct Survey {
    mappings: Mappings,
    /// Where the span begins that the next barrier ends, and where the last mapping ended.
    start: usize,
    end: usize,
    /// Where the upper half of the address space begins.
    upper: Option<usize>,
}

impl Survey {
    fn add(&mut self, mapping: &Mapping) {
        self.end = mapping.range.end;
        if mapping.name == "[stack]" {
            self.upper = self.end.checked_next_power_of_two().map(|all| all / 2);
        }
        self.measure(mapping);
        if mapping.is_left_out_of_forks() && mapping.is_private_anonymous() {
            self.mappings.mark(mapping.range.clone());
        } else if mapping.is_left_out_of_forks() || mapping.is_device() {
            self.mappings.copied.push(self.start..mapping.range.start);
            self.start = mapping.range.end;
        }
    }

    fn measure(&mut self, mapping: &Mapping) {
        let (layout, bytes) = (&mut self.mappings.layout, mapping.range.len() as u64);
        if mapping.name == "[heap]" {
            layout.malloc_bytes += bytes;
        } else if mapping.is_left_out_of_forks() && mapping.is_data() {
            layout.longest_bytes = layout.longest_bytes.max(bytes);
        }
    }

    fn end(mut self) -> Mappings {
        let Mappings { copied, marked, .. } = &mut self.mappings;
        copied.push(self.start..self.end);
        if let Some(upper) = self.upper {
            for span in &mut *copied {
                span.end = span.end.min(upper);
            }
            copied.extend(marked.iter().map(|range| range.start.max(upper)..range.end));
        }
        copied.retain(|span| !span.is_empty());
        self.mappings
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
00009000-0000a000 rw-p 00000000 00:00 0 \nVmFlags: rd wr mr mw me ac dc \n\
0000c000-0000d000 rw-p 00000000 00:00 0 [stack]\nVmFlags: rd wr mr mw me gd ac \n\
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\nVmFlags: ex \n";

    #[test]
    fn tells_what_has_the_mark_and_passes_over_what_must_keep_it() {
        let mut survey = Survey::default();
        Mapping::each(SMAPS.as_bytes(), |mapping| survey.add(&mapping)).unwrap();
        let mappings = survey.end();
        assert_eq!(mappings.marked, [0x1000..0x4000, 0x9000..0xa000]);
        assert_eq!(mappings.layout, Layout { longest_bytes: 0x1000, malloc_bytes: 0x1000 });
        assert_eq!(mappings.copied, [0..0x6000, 0x7000..0x8000, 0x9000..0xa000]);
    }

    #[test]
    fn what_others_mark_meanwhile_keeps_its_mark() {
        let mappings = Mappings::read().unwrap();
        assert!(!mappings.copied.is_empty());
        let page = super::super::sys::pages::reserve(rustix::param::page_size()).unwrap();
        set_inheritance(&page, Inheritance::Absent).unwrap();
        mappings.clear_marks().unwrap();
        mappings.restore_marks();
        assert!(is_left_out(&page));
    }

    fn is_left_out(range: &Range<usize>) -> bool {
        let mut found = false;
        Mapping::each_of_this_process(|mapping| {
            found |= mapping.range.contains(&range.start) && mapping.is_left_out_of_forks();
        })
        .unwrap();
        found
    }
}
