//! Adds snapshots up one by one, so that never two heaps are in memory.

#![allow(clippy::indexing_slicing, reason = "texts and snapshots are numbered here")]

use rustc_hash::FxHashMap;

use super::answer::Diff;
use super::classes::classes;
use super::growth::Growth;
use super::identity::{Ids, Object, correspondence};
use super::shown::Shown;
use super::sums::{Amount, DiffSnapshot, Sums};
use crate::heap::analysis::Heap;
use crate::heap::answers::lines::delta;
use crate::heap::holding::Texts;
use crate::heap::reading::Source;
use crate::heap::v8::lossy;

/// Adds snapshots up, one by one.
#[derive(Debug)]
pub struct Differ {
    growth: Growth,
    names: Texts,
    snapshots: Vec<Option<Sums>>,
}

impl Differ {
    /// For that many snapshots.
    pub fn new(count: usize) -> Self {
        Self { growth: Growth::new(count), names: Texts::default(), snapshots: (0..count).map(|_| None).collect() }
    }

    /// Adds the snapshot at `index`.
    pub fn add(&mut self, index: usize, source: &Source, heap: &Heap) {
        let graph = heap.graph();
        self.growth.add(index, heap);
        let names: Vec<u32> = heap.classes().iter().map(|(_, class)| self.names.id(&lossy(&class.name))).collect();
        let mut classes: FxHashMap<u32, Amount> = FxHashMap::default();
        for (name, totals) in names.iter().zip(heap.class_totals()) {
            if totals.count > 0 {
                let amount = classes.entry(*name).or_default();
                amount.count += totals.count;
                amount.shallow += totals.shallow;
                amount.retained += totals.retained;
            }
        }
        let mut objects: Vec<Object> =
            graph.nodes().map(|node| Object::of(graph, node, names[heap.classes().of(node).0 as usize])).collect();
        objects.sort_unstable_by_key(|object| object.id);
        let about = DiffSnapshot {
            path: source.name().to_string_lossy().into_owned(),
            nodes: graph.node_count(),
            total: heap.total_size(),
            incomplete: graph.incomplete().map(|incomplete| incomplete.reason.clone()),
            source_maps: heap.maps_used().cloned(),
        };
        if let Some(slot) = self.snapshots.get_mut(index) {
            *slot = Some(Sums { about, classes, objects });
        }
    }

    /// The comparison of what was added, with the `top` classes and lines, and the tree of what grew, if it is wanted.
    pub fn finish(self, top: usize, tree: bool) -> Diff {
        let Self { growth, names, snapshots } = self;
        let snapshots: Vec<Sums> = snapshots.into_iter().flatten().collect();
        let (ids, changes) = match (snapshots.first(), snapshots.last()) {
            (Some(first), Some(last)) => correspondence(&first.objects, &last.objects),
            _ => (Ids { correspond: false, agreement: None }, FxHashMap::default()),
        };
        let changes = ids.correspond.then_some(changes);
        let (lines, tree) = growth.finish(tree);
        let Shown { paths, path_count, max_size_delta, rest } = Shown::of(lines, snapshots.len(), top);
        let (constructors, constructor_count) = classes(&names, &snapshots, changes.as_ref(), top);
        let totals: Vec<u64> = snapshots.iter().map(|sums| sums.about.total).collect();
        Diff {
            size_delta: delta(&totals),
            snapshots: snapshots.into_iter().map(|sums| sums.about).collect(),
            ids,
            paths,
            path_count,
            max_size_delta,
            rest,
            constructors,
            constructor_count,
            tree,
        }
    }
}
