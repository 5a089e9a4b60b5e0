//! The dominator tree of a page: bounded, and what is not drawn by itself is said by class.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use heapkit::heap::{Branch, Heap, ReportOptions, report};
use support::Snapshot;

fn tree(heap: &Snapshot) -> Branch {
    report(&Heap::new(heap.graph(), None).unwrap(), &ReportOptions { top: 10 }).tree
}

fn program() -> Snapshot {
    let mut heap = Snapshot::new();
    let global = heap.node("object", "global", 1000);
    heap.edge(0, "element", "1", global);
    heap
}

fn names(branch: &Branch) -> Vec<&str> {
    branch.children.iter().map(|child| &*child.name).collect()
}

#[test]
fn children_that_are_small_are_together_by_class() {
    let mut heap = program();
    for (class, count, size) in [("Session", 20_000, 40), ("Cart", 10_000, 40), ("Flag", 3, 1)] {
        for index in 0..count {
            let node = heap.node("object", class, size);
            heap.edge(1, "property", &format!("{class}{index}"), node);
        }
    }
    let tree = tree(&heap);
    let global = &tree.children[0];
    assert_eq!(names(global), ["Session", "Cart", ""]);
    let [sessions, carts, rest] = &global.children[..] else { panic!("{:?}", names(global)) };
    assert_eq!([sessions.count, carts.count, rest.count], [20_000, 10_000, 3]);
    assert_eq!(sessions.retained + carts.retained + rest.retained + 1000, global.retained);
}

#[test]
fn a_list_that_is_deeper_than_the_picture_ends_in_one_of_its_nodes() {
    let mut heap = program();
    let mut last = 1;
    for _ in 0..100_000 {
        let node = heap.node("object", "Entry", 40);
        heap.edge(last, "property", "next", node);
        last = node;
    }
    let tree = tree(&heap);
    let mut branch = &tree;
    let mut depth = 0;
    while let [child, ..] = &branch.children[..] {
        branch = child;
        depth += 1;
    }
    assert!(depth < 100);
    assert_eq!((&*branch.name, branch.count), ("Entry", 1));
}
