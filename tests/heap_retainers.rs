//! Who holds an object or a class, and how much of that is said: what is built is bounded, however many holders and steps there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use heapkit::heap::{Heap, Retainers, Sort, SummaryOptions, Target, retainers, summary};
use support::Snapshot;

/// A root with a global object; that is node 1.
fn program() -> Snapshot {
    let mut heap = Snapshot::new();
    let global = heap.node("object", "global", 50);
    heap.edge(0, "element", "1", global);
    heap
}

fn add(heap: &mut Snapshot, holder: usize, property: &str, class: &str) -> usize {
    let node = heap.node("object", class, 40);
    heap.edge(holder, "property", property, node);
    node
}

fn of(heap: &Snapshot, node: usize) -> Retainers {
    let heap = Heap::new(heap.graph(), None).unwrap();
    retainers(&heap, &Target::Id(Snapshot::id(node)), 10).unwrap()
}

/// Each path on a line, with how many are like it.
fn text(answer: &Retainers) -> Vec<String> {
    let path = |steps: &[heapkit::heap::Step]| {
        let step = |step: &heapkit::heap::Step| match step.count {
            Some(count) => format!("({count} {} {})", step.by, step.name),
            None => format!("{} {}", step.by, step.name).trim_start().to_owned(),
        };
        steps.iter().map(step).collect::<Vec<_>>().join(" ")
    };
    answer.paths.iter().map(|found| format!("{}: {}", found.count, path(&found.steps))).collect()
}

/// A list of that many nodes, which all refer to one object; with that object, and the list's last node.
fn list(length: usize) -> (Snapshot, usize, usize) {
    let mut heap = program();
    let shared = heap.node("object", "Config", 10);
    let mut last = add(&mut heap, 1, "head", "Entry");
    heap.edge(last, "property", "config", shared);
    for _ in 1..length {
        last = add(&mut heap, last, "next", "Entry");
        heap.edge(last, "property", "config", shared);
    }
    (heap, shared, last)
}

#[test]
fn what_a_million_nodes_of_a_list_refer_to_has_two_paths() {
    let (heap, shared, last) = list(1_000_000);
    let heap = Heap::new(heap.graph(), None).unwrap();
    let of = |node| retainers(&heap, &Target::Id(Snapshot::id(node)), 10).unwrap();
    assert_eq!(
        text(&of(shared)),
        ["1: global .head Entry .config Config", "999999: global .head Entry .next Entry .config Config"]
    );
    assert_eq!(text(&of(last)), ["1: global .head Entry .next Entry (999997 .next Entry) .next Entry"]);
    let entries = retainers(&heap, &Target::Class("Entry".into()), 10).unwrap();
    assert_eq!(text(&entries), ["1: global .head Entry", "999999: global .head Entry .next Entry"]);
    // Those that retain most are the first of the list, and of the next ones, too, only what is shown is built.
    let largest = summary(&heap, &SummaryOptions { top: 10_000, sort: Sort::Retained }).largest;
    assert_eq!(largest.len(), 10_000);
    assert!(largest.iter().all(|object| object.path.len() <= 6));
}

#[test]
fn paths_that_are_too_long_to_walk_for_all_are_known_by_their_ends() {
    let (mut heap, _, last) = list(100_000);
    let shared = heap.node("object", "Shared", 10);
    for number in 0..1000 {
        let holder = add(&mut heap, last, &format!("holder_{number}"), &format!("Holder{number}"));
        heap.edge(holder, "property", "shared", shared);
    }
    let heap = Heap::new(heap.graph(), None).unwrap();
    let answer = retainers(&heap, &Target::Id(Snapshot::id(shared)), 1000).unwrap();
    assert_eq!(answer.path_count, 1000);
    for path in &answer.paths {
        assert_eq!(path.steps.iter().map(|step| step.count.unwrap_or(1)).sum::<u64>(), 100_003);
        assert!(path.steps.len() <= 8);
    }
    let first = |at: usize| answer.paths[at].steps[0].clone();
    assert_eq!((&*first(0).name, first(0).count), ("global", None));
    assert_eq!((&*first(999).name, first(999).count), ("", Some(99_902)));
}

#[test]
fn two_hundred_thousand_holders_that_are_alike_are_one_path() {
    let mut heap = program();
    let shared = heap.node("object", "Shared", 10);
    let all = add(&mut heap, 1, "all", "Array");
    for index in 0..200_000 {
        let holder = heap.node("object", "Holder", 40);
        heap.edge(all, "element", &index.to_string(), holder);
        heap.edge(holder, "property", "ref", shared);
    }
    assert_eq!(text(&of(&heap, shared)), ["200000: global .all Array [0] Holder .ref Shared"]);
}

#[test]
fn steps_that_repeat_together_are_one_step_with_a_count() {
    let mut heap = program();
    let mut last = add(&mut heap, 1, "head", "Entry");
    for _ in 1..1000 {
        let link = add(&mut heap, last, "link", "Link");
        last = add(&mut heap, link, "next", "Entry");
    }
    assert_eq!(
        text(&of(&heap, last)),
        ["1: global .head Entry .link Link .next Entry (1994 .link Link .next Entry) .link Link .next Entry"]
    );
}

#[test]
fn long_paths_that_do_not_repeat_are_shown_without_their_middle() {
    let mut heap = program();
    let mut last = 1;
    for step in 0..100_000_u32 {
        last = add(&mut heap, last, "next", &format!("Class{step}"));
    }
    let answer = of(&heap, last);
    let steps = &answer.paths[0].steps;
    assert_eq!(steps.len(), 61);
    assert_eq!((&*steps[20].name, &*steps[20].by, steps[20].count), ("", "", Some(100_001 - 60)));
    assert_eq!(steps[60].name, "Class99999");
}

#[test]
fn paths_do_not_lead_through_the_object_and_what_it_holds_alone_is_no_holder() {
    // A list in both directions: what comes after a node keeps it alive if something else leads there.
    let ring = |tail: bool| {
        let mut heap = program();
        let queue = add(&mut heap, 1, "queue", "Queue");
        let mut nodes = vec![add(&mut heap, queue, "head", "Job")];
        for at in 0..9 {
            let next = add(&mut heap, nodes[at], "next", "Job");
            heap.edge(next, "property", "prev", nodes[at]);
            nodes.push(next);
        }
        if tail {
            heap.edge(queue, "property", "tail", nodes[9]);
        }
        of(&heap, nodes[2])
    };
    let before = "1: global .queue Queue .head Job .next Job .next Job";
    assert_eq!(text(&ring(false)), [before]);
    let after = "1: global .queue Queue .tail Job .prev Job (5 .prev Job) .prev Job";
    assert_eq!(text(&ring(true)), [before, after]);
}

#[test]
fn a_root_holds_an_object_without_a_step_of_its_own() {
    let mut heap = program();
    let held = heap.node("object", "Held", 10);
    heap.edge(0, "element", "2", held);
    heap.edge(1, "property", "held", held);
    let mut paths = text(&of(&heap, held));
    paths.sort();
    assert_eq!(paths, ["1: Held", "1: global .held Held"]);
}
