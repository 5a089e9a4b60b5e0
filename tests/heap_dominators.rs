//! Dominators and retained sizes of any graph, against the plain definition.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::HashSet;

use heapkit::heap::{Heap, Node};
use proptest::prelude::*;
use support::Snapshot;

#[derive(Debug, Clone)]
struct Shape {
    sizes: Vec<u64>,
    edges: Vec<(usize, usize, &'static str)>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (2..30usize).prop_flat_map(|count| {
        let edge =
            (0..count, 1..count, prop::sample::select(vec!["property", "property", "internal", "weak", "shortcut"]));
        (prop::collection::vec(1..100_u64, count), prop::collection::vec(edge, 0..80))
            .prop_map(|(sizes, edges)| Shape { sizes, edges })
    })
}

/// The edges that count, by the rules as `dominators` states them.
fn essential(shape: &Shape) -> Vec<(usize, usize)> {
    let count = shape.sizes.len();
    let mut page = HashSet::new();
    let mut list: Vec<usize> =
        shape.edges.iter().filter(|(from, _, kind)| *from == 0 && *kind == "shortcut").map(|edge| edge.1).collect();
    while let Some(node) = list.pop() {
        if page.insert(node) {
            list.extend(
                shape.edges.iter().filter(|(from, _, kind)| *from == node && *kind != "weak").map(|edge| edge.1),
            );
        }
    }
    let mut edges: Vec<(usize, usize)> = shape
        .edges
        .iter()
        .filter(|(from, to, kind)| {
            let crosses = page.contains(to) && !page.contains(from);
            from != to && *to != 0 && *kind != "weak" && (*from == 0 || (*kind != "shortcut" && !crosses))
        })
        .map(|(from, to, _)| (*from, *to))
        .collect();
    // What the root does not reach: first what nothing leads to, with all it reaches.
    let reached = |edges: &[(usize, usize)]| {
        let mut seen = HashSet::from([0]);
        let mut list = vec![0];
        while let Some(node) = list.pop() {
            for (_, to) in edges.iter().filter(|(from, _)| *from == node) {
                if seen.insert(*to) {
                    list.push(*to);
                }
            }
        }
        seen
    };
    let first = reached(&edges);
    for node in (1..count).filter(|node| !first.contains(node)) {
        if !edges.iter().any(|(from, to)| *to == node && *from != 0) {
            edges.push((0, node));
        }
    }
    let all = reached(&edges);
    edges.retain(|(from, _)| all.contains(from));
    edges
}

/// By the definition: a node dominates what cannot be reached without it.
fn naive(shape: &Shape) -> (Vec<usize>, Vec<u64>) {
    let edges = essential(shape);
    let count = shape.sizes.len();
    let reached_without = |without: Option<usize>| {
        let mut seen = HashSet::from([0]);
        let mut list = vec![0];
        while let Some(node) = list.pop() {
            for (_, to) in edges.iter().filter(|(from, to)| *from == node && Some(*to) != without) {
                if seen.insert(*to) {
                    list.push(*to);
                }
            }
        }
        seen
    };
    let all = reached_without(None);
    let dominated: Vec<HashSet<usize>> = (0..count)
        .map(|node| if node == 0 { (0..count).collect() } else { &all - &reached_without(Some(node)) })
        .collect();
    let parent = |node: usize| {
        // The nearest dominator is dominated by all others.
        let above: Vec<usize> =
            (0..count).filter(|other| *other != node && dominated[*other].contains(&node)).collect();
        above.iter().copied().find(|near| above.iter().all(|other| dominated[*other].contains(near))).unwrap_or(0)
    };
    let parents: Vec<usize> = (0..count).map(parent).collect();
    let retained = (0..count)
        .map(|node| {
            let own: u64 = dominated[node].iter().map(|other| shape.sizes[*other]).sum();
            if all.contains(&node) { own } else { shape.sizes[node] }
        })
        .collect();
    (parents, retained)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn equal_the_definition(shape in shapes()) {
        let mut snapshot = Snapshot::new();
        for size in &shape.sizes[1..] {
            snapshot.node("object", "Thing", *size);
        }
        let mut shape = shape;
        shape.sizes[0] = 0;
        for (from, to, kind) in &shape.edges {
            snapshot.edge(*from, kind, "name", *to);
        }
        let heap = Heap::new(snapshot.graph(), None).unwrap();
        let (parents, retained) = naive(&shape);
        let handles: Vec<Node> = heap.graph().nodes().collect();
        for node in 0..shape.sizes.len() {
            let handle = handles[node];
            prop_assert_eq!(heap.retained_size(handle), retained[node], "retained of {}", node);
            prop_assert_eq!(heap.dominator(handle), handles[parents[node]], "dominator of {}", node);
        }
    }
}

#[test]
fn a_million_links_are_no_deep_recursion() {
    let mut snapshot = Snapshot::new();
    let mut last = 0;
    for _ in 0..1_000_000 {
        let next = snapshot.node("object", "Link", 1);
        snapshot.edge(last, "property", "next", next);
        last = next;
    }
    let heap = Heap::new(snapshot.graph(), None).unwrap();
    let nodes: Vec<Node> = heap.graph().nodes().collect();
    assert_eq!(heap.retained_size(nodes[1]), 1_000_000);
    assert_eq!(heap.distance(nodes[1_000_000]), 1_000_000);
    let totals = heap.class_totals();
    let link = totals.iter().find(|total| total.count == 1_000_000).unwrap();
    assert_eq!(link.retained, 1_000_000, "nested objects of one class are counted once");
}
