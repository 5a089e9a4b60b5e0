//! Two snapshots of any bytes, the first a beginning of the second: a comparison without panics whose numbers add up, and
//! nothing at all between a snapshot and itself.

#![no_main]

use heapkit::heap::{Diff, Differ, Graph, Heap, Reader, Source};
use heapkit_fuzz::input::Input;
use libfuzzer_sys::fuzz_target;

/// More than any input has.
const ALL: usize = 10_000;

fuzz_target!(|data: &[u8]| {
    // The first byte says which share of the rest the earlier snapshot has.
    let [share, rest @ ..] = data else { return };
    let earlier = rest.len() * usize::from(*share) / 255;
    let (Some(first), Some(last)) = (graph(&rest[..earlier]), graph(rest)) else { return };
    let (first_nodes, last_nodes) = (first.node_count(), last.node_count());

    let grown = compare(&[&rest[..earlier], rest], ALL);
    assert_eq!(grown.snapshots.iter().map(|one| one.nodes).collect::<Vec<_>>(), [first_nodes, last_nodes]);
    add_up(&grown);
    let fewer = compare(&[&rest[..earlier], rest], 1);
    assert_eq!((fewer.path_count, fewer.constructor_count), (grown.path_count, grown.constructor_count));
    assert_eq!(
        fewer.constructors.first().map(|class| &class.name),
        grown.constructors.first().map(|class| &class.name)
    );
    assert_eq!(fewer.paths.first().map(|path| &path.path), grown.paths.first().map(|path| &path.path));

    let shrunk = compare(&[rest, &rest[..earlier]], ALL);
    assert_eq!(shrunk.size_delta, -grown.size_delta);
    add_up(&shrunk);
    add_up(&compare(&[&rest[..earlier], rest, rest], ALL));

    let same = compare(&[rest, rest], ALL);
    assert_eq!((same.size_delta, same.path_count, same.constructor_count), (0, 0, 0));
});

fn graph(data: &[u8]) -> Option<Graph> {
    let input = Input::of(data)?;
    let mut reader = Reader::new();
    input.pieces().try_for_each(|piece| reader.push(piece)).ok()?;
    reader.finish().ok()
}

/// As `heapkit::heap::diff` does with files: the last one decides what plain objects are called.
fn compare(all: &[&[u8]], top: usize) -> Diff {
    let read = |data: &[u8], definitions: Option<&_>| {
        Heap::new(graph(data).expect("seen above"), definitions).expect("the analysis has no error of its own")
    };
    let mut differ = Differ::new(all.len());
    let (last, earlier) = all.split_last().expect("two or three");
    let heap = read(last, None);
    let definitions = heap.definitions();
    differ.add(all.len() - 1, &Source::of("last"), &heap);
    for (index, data) in earlier.iter().enumerate() {
        differ.add(index, &Source::of("earlier"), &read(data, Some(&definitions)));
    }
    differ.finish(top, true)
}

/// A delta is the last number less the first, and there is one number for each snapshot.
fn add_up(diff: &Diff) {
    let count = diff.snapshots.len();
    assert_eq!(diff.size_delta, delta(&diff.snapshots.iter().map(|one| one.total).collect::<Vec<_>>()));
    assert_eq!((diff.paths.len(), diff.constructors.len()), (diff.path_count, diff.constructor_count));
    // Each byte is in one line.
    let lines: i64 = diff.paths.iter().map(|line| line.size_delta).sum();
    assert_eq!(lines + diff.rest.grown.size_delta + diff.rest.shrunk.size_delta, diff.size_delta);
    for class in &diff.constructors {
        assert_eq!([class.counts.len(), class.shallow.len(), class.retained.len()], [count; 3]);
        assert_eq!(class.count_delta, delta(&class.counts));
        assert_eq!(class.shallow_delta, delta(&class.shallow));
        assert_eq!(class.retained_delta, delta(&class.retained));
    }
    for path in &diff.paths {
        assert_eq!([path.counts.len(), path.sizes.len()], [count; 2]);
    }
}

fn delta(numbers: &[u64]) -> i64 {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return 0 };
    last.wrapping_sub(*first).cast_signed()
}
