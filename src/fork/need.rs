//! How much memory a child needs for its work. Arithmetic only; `budget` asks for it and acts.
//!
//! Of a snapshot: what V8 keeps for a snapshot grows with the *number* of objects, hardly with their bytes: an entry for each, its edges, and its
//! places in three hash tables. Two things are added to that. V8 names each index of an array that refers to objects, and keeps
//! every name in a buffer of 1 KiB; arrays share the names, so the longest one counts. And what the child changes is copied: most of
//! the heap's pages by garbage collection, and of memory outside the heap the pages on which V8 keeps its notes of small Buffers.
//!
//! The constants were fitted to some twenty kinds of heaps on Node 20 to 26; `bench/memory.js` compares them with what snapshots really take.
//!
//! Of a profile: the pages that garbage collection changes, and a little for each sample. Objects do not have to be counted for it. 3.5 to 17 MiB were
//! measured for 13 to 160 MiB of heap, and 56 MiB where 85 MiB had 65,000 samples.

/// For an empty heap; what the parent's own writer takes is part of it.
const BASE_BYTES: u64 = 32 << 20;
const PER_OBJECT: u64 = 450;
/// The buffer of one name, with what malloc adds.
const PER_NAME: u64 = 1080;
/// The value of a number, where values are wanted: an entry and a text. About one for each object.
const PER_NUMBER: u64 = 150;
/// The average size of an object in heaps of nothing but the smallest ones.
const SMALLEST_OBJECT: u64 = 24;
/// The same where nothing could be counted: an average.
const USUAL_OBJECT: u64 = 40;
const SLOT: u64 = 8;
/// A profile of an empty heap, and one of its samples: in V8, in the inspector's message, in JavaScript, and in the text.
const PROFILE_BASE_BYTES: u64 = 8 << 20;
const PER_SAMPLE: u64 = 550;
/// The longest array that does not have a mapping of its own, on V8's pages of 256 KiB.
const LARGEST_REGULAR_OBJECT: u64 = 128 << 10;
/// A Buffer is a view, its memory, and V8's note of it, which is on a page with other notes, or between the memory of two Buffers.
const OBJECTS_PER_BUFFER: u64 = 3;

/// A heap before the fork, by its own statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heap {
    /// Its owner: each JavaScript thread of a process has a heap of its own.
    pub owner: u64,
    /// What it holds, garbage included.
    pub used_bytes: u64,
    /// What of that are objects with a mapping of their own: long arrays, tables, and strings.
    pub large_bytes: u64,
    /// What its objects hold outside of it: Buffers.
    pub external_bytes: u64,
    /// What is to be read of it.
    pub wanted: Wanted,
}

/// What a child is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A snapshot, or a timeline, which is one.
    Snapshot {
        /// With the values of numbers.
        has_numbers: bool,
    },
    /// A sampling heap profile.
    Profile {
        /// About how many samples it has.
        samples: u64,
    },
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Snapshot { has_numbers: false }
    }
}

impl Wanted {
    /// Whether what one took says what the other will.
    pub(super) fn is_like(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Profile { .. }, Self::Profile { .. }))
    }
}

/// What the process's mappings tell of its heaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The largest mapping of a heap: no array is longer.
    pub(super) longest_bytes: u64,
    /// The memory that malloc has in one piece, where small Buffers are.
    pub(super) malloc_bytes: u64,
}

/// What a child has counted after its garbage collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    /// 0 where they could not be counted.
    pub(super) objects: u64,
    pub(super) used_bytes: u64,
    pub(super) large_bytes: u64,
}

/// What that takes at least.
pub(super) fn least(heap: &Heap) -> u64 {
    let regular = heap.used_bytes.saturating_sub(heap.large_bytes);
    match heap.wanted {
        // A third of the pages were copied where objects were few and large.
        Wanted::Snapshot { .. } => BASE_BYTES + regular / 3,
        Wanted::Profile { samples } => {
            (PROFILE_BASE_BYTES + regular / 8).saturating_add(samples.saturating_mul(PER_SAMPLE))
        }
    }
}

/// What a snapshot takes at most, rare cases aside: every object as small as possible, and all in one array.
pub(super) fn most(heap: &Heap, layout: &Layout) -> u64 {
    let objects = heap.used_bytes / SMALLEST_OBJECT;
    let counted = Count { objects, used_bytes: heap.used_bytes, large_bytes: heap.large_bytes };
    about(heap, layout, &counted)
}

/// What it takes, as far as a count can tell.
pub(super) fn about(heap: &Heap, layout: &Layout, count: &Count) -> u64 {
    let objects = if count.objects == 0 { count.used_bytes / USUAL_OBJECT } else { count.objects };
    let has_numbers = heap.wanted == Wanted::Snapshot { has_numbers: true };
    let each = if has_numbers { PER_OBJECT + PER_NUMBER } else { PER_OBJECT };
    let names = objects.min(longest(layout, count.large_bytes));
    let notes = notes(heap, layout, objects, rustix::param::page_size() as u64);
    [count.used_bytes, objects.saturating_mul(each), names.saturating_mul(PER_NAME), notes]
        .into_iter()
        .fold(BASE_BYTES, u64::saturating_add)
}

/// What V8's notes of Buffers take, which are written to: a page each at worst, and on arm64 a page may have 64 KiB.
fn notes(heap: &Heap, layout: &Layout, objects: u64, page_bytes: u64) -> u64 {
    heap.external_bytes.min(layout.malloc_bytes).min((objects / OBJECTS_PER_BUFFER).saturating_mul(page_bytes))
}

/// How many elements the longest array, or table of a Map, can have.
pub(super) fn longest(layout: &Layout, large_bytes: u64) -> u64 {
    layout.longest_bytes.min(large_bytes).max(LARGEST_REGULAR_OBJECT) / SLOT
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn within(estimate: u64, measured: u64) {
        let ratio = (estimate * 100).checked_div(measured * MB).unwrap_or(0);
        assert!((95..=190).contains(&ratio), "{} MB for {measured}: {ratio} %", estimate / MB);
    }

    /// As measured on Node 20 with 35 to 45 MB of heap: the group's peak less what it had before.
    #[test]
    fn fits_what_was_measured() {
        let about = |used_mb, objects, longest_bytes, external_mb| {
            let heap = Heap { external_bytes: external_mb * MB, ..Heap::default() };
            let layout = Layout { longest_bytes, malloc_bytes: external_mb * MB };
            let used_bytes = used_mb * MB;
            super::about(&heap, &layout, &Count { objects, used_bytes, large_bytes: longest_bytes * 2 })
        };
        // A service; strings in an array; `{a: i}` in an array; nested; many small Maps; one big one; closures; numbers.
        within(about(34, 595_707, 904 << 10, 0), 294);
        within(about(34, 275_260, 8 * 250_000, 0), 452);
        within(about(42, 835_206, 8 * 800_000, 0), 1202);
        within(about(42, 965_158, 8 * 250_000, 0), 640);
        within(about(42, 176_806, 8 * 60_000, 0), 163);
        within(about(42, 403_212, 15 << 20, 0), 559);
        within(about(39, 685_139, 8 * 340_000, 0), 702);
        within(about(42, 66_296, 0, 0), 68);
        // Buffers of 20 KB; an array of doubles, which has no names.
        within(about(22, 319_984, 8 * 90_000, 1760), 514);
        assert!(about(43, 57_201, 22 << 20, 0) < 180 * MB);
    }

    #[test]
    fn notes_of_buffers_take_as_much_as_the_kernels_pages() {
        let heap = Heap { external_bytes: 1760 * MB, ..Heap::default() };
        let layout = Layout { malloc_bytes: 1760 * MB, ..Layout::default() };
        let [small, large] = [4 << 10, 64 << 10].map(|page_bytes| notes(&heap, &layout, 30_000, page_bytes));
        assert_eq!(small * 16, large);
        // Never more than there is.
        assert_eq!(notes(&heap, &layout, 30_000_000, 64 << 10), 1760 * MB);
    }

    #[test]
    fn the_least_and_the_most_enclose_it() {
        let heap = Heap { used_bytes: 60 * MB, large_bytes: 8 * MB, ..Heap::default() };
        let layout = Layout { longest_bytes: 8 * MB, malloc_bytes: 0 };
        let count = Count { objects: 1_100_000, used_bytes: 50 * MB, large_bytes: 8 * MB };
        let counted = about(&heap, &layout, &count);
        assert!(least(&heap) < counted && counted < most(&heap, &layout));
        // Where nothing could be counted, an average is better than nothing.
        let unknown = about(&heap, &layout, &Count { objects: 0, ..count });
        assert!(least(&heap) < unknown && unknown < most(&heap, &layout));
        let with_numbers = Heap { wanted: Wanted::Snapshot { has_numbers: true }, ..heap };
        assert!(about(&with_numbers, &layout, &count) > counted + 100 * MB);
    }

    #[test]
    fn a_profile_takes_little_of_the_heap_and_its_samples() {
        let least = |used_mib: u64, samples| {
            let wanted = Wanted::Profile { samples };
            super::least(&Heap { used_bytes: used_mib << 20, wanted, ..Heap::default() }) >> 20
        };
        // As measured on Node 20: 3.5, 17, 14 and 56 MiB.
        assert_eq!([least(17, 24), least(83, 134), least(157, 229), least(85, 87_000)], [10, 18, 27, 64]);
        assert_eq!(least(100, u64::MAX), u64::MAX >> 20);
    }
}
