//! Small programs with a heap, and what a diff says of them.

#![allow(dead_code, reason = "not every test asks for all")]

use heapkit::heap::{Diff, Differ, Heap, Source};

use crate::support::Snapshot;

/// As `heapkit::heap::diff` does with files: the last one comes first.
pub(crate) fn diff(snapshots: &[Snapshot]) -> Diff {
    let heap = |snapshot: &Snapshot, definitions: Option<&_>| Heap::new(snapshot.graph(), definitions).unwrap();
    let mut differ = Differ::new(snapshots.len());
    let (last, earlier) = snapshots.split_last().unwrap();
    let newest = heap(last, None);
    differ.add(earlier.len(), &Source::of("last"), &newest);
    for (index, snapshot) in earlier.iter().enumerate() {
        differ.add(index, &Source::of("earlier"), &heap(snapshot, Some(&newest.definitions())));
    }
    differ.finish(1000, true)
}

/// What the first line says: how many more, what, and who holds it.
pub(crate) fn first(snapshots: &[Snapshot]) -> String {
    let diff = diff(snapshots);
    assert_eq!(adds_up(&diff), diff.size_delta);
    let line = &diff.paths[0];
    format!("{:+} {} held by {}", line.count_delta, line.name, line.held_by)
}

pub(crate) fn adds_up(diff: &Diff) -> i64 {
    diff.paths.iter().map(|line| line.size_delta).sum::<i64>()
        + diff.rest.grown.size_delta
        + diff.rest.shrunk.size_delta
}

/// A program: a root with a global object.
pub(crate) struct Program {
    pub(crate) heap: Snapshot,
    pub(crate) global: usize,
}

impl Program {
    pub(crate) fn new() -> Self {
        let mut heap = Snapshot::new();
        let global = heap.node("object", "global", 50);
        heap.edge(0, "element", "1", global);
        Self { heap, global }
    }

    pub(crate) fn object(&mut self, holder: usize, property: &str, class: &str) -> usize {
        self.node(holder, "property", property, "object", class)
    }

    pub(crate) fn node(
        &mut self,
        holder: usize,
        edge: &'static str,
        label: &str,
        kind: &'static str,
        name: &str,
    ) -> usize {
        let node = self.heap.node(kind, name, 40);
        self.heap.edge(holder, edge, label, node);
        node
    }

    pub(crate) fn items(&mut self, holder: usize, class: &str, count: usize) -> Vec<usize> {
        (0..count).map(|index| self.node(holder, "element", &index.to_string(), "object", class)).collect()
    }

    /// A function of a script, with the scope that is its own; both are held by `holder`.
    pub(crate) fn function(
        &mut self,
        holder: usize,
        name: &str,
        script: &str,
        number: u32,
        line: u32,
    ) -> (usize, usize) {
        let function = self.node(holder, "property", name, "closure", name);
        self.heap.location(function, number, line);
        let shared = self.node(function, "internal", "shared", "code", name);
        self.node(shared, "internal", "script", "code", script);
        let info = self.node(shared, "internal", "name_or_scope_info", "code", "system / ScopeInfo");
        let scope = self.node(function, "internal", "context", "object", "system / Context");
        self.heap.edge(scope, "internal", "scope_info", info);
        (function, scope)
    }
}

/// Two heaps with few and many.
pub(crate) fn grown(program: impl Fn(usize) -> Snapshot) -> [Snapshot; 2] {
    [program(10), program(1010)]
}
