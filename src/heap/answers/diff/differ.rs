//! Adds snapshots up one by one, so that never two heaps are in memory.

#![allow(clippy::indexing_slicing, reason = "positions, texts and snapshots are numbered here")]

use rustc_hash::FxHashMap;

use super::answer::Diff;
use super::change::delta;
use super::classes::classes;
use super::identity::{Ids, Object, correspondence};
use super::lines::lines;
use super::sums::{Amount, DiffSnapshot, Sums};
use crate::heap::analysis::Heap;
use crate::heap::graph::Node;
use crate::heap::holding::{Groups, Positions, TOP_GROUP, Texts};
use crate::heap::reading::Source;
use crate::heap::v8::lossy;

/// Adds snapshots up, one by one.
#[derive(Debug)]
pub struct Differ {
    positions: Positions,
    groups: Groups,
    names: Texts,
    snapshots: Vec<Option<Sums>>,
}

impl Differ {
    /// For that many snapshots.
    pub fn new(count: usize) -> Self {
        Self {
            positions: Positions::new(),
            groups: Groups::default(),
            names: Texts::default(),
            snapshots: (0..count).map(|_| None).collect(),
        }
    }

    /// Adds the snapshot at `index`.
    pub fn add(&mut self, index: usize, source: &Source, heap: &Heap) {
        let graph = heap.graph();
        let (groups, dominators) = self.group(heap);
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
        };
        if let Some(slot) = self.snapshots.get_mut(index) {
            *slot = Some(Sums { about, classes, groups, dominators, objects });
        }
    }

    /// Adds up what is held in the same way; finds which group dominates which.
    fn group(&mut self, heap: &Heap) -> (Vec<Amount>, Vec<u32>) {
        let graph = heap.graph();
        let position_of = self.positions.place(heap);
        self.groups.extend(&self.positions);
        let group_of = |node: Node| self.groups.of[position_of[node.0 as usize] as usize];
        let mut sums = vec![Amount::default(); self.groups.examples.len()];
        let mut shares: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        let mut sizes = vec![0; self.positions.len()];
        for node in graph.nodes() {
            let own = &mut sums[group_of(node) as usize];
            own.count += 1;
            own.shallow += graph.self_size(node);
            sizes[position_of[node.0 as usize] as usize] += graph.self_size(node);
            let share: &mut u64 = shares.entry((group_of(node), group_of(heap.dominator(node)))).or_default();
            *share = share.saturating_add(heap.retained_size(node));
        }
        heap.each_top_of(self.groups.examples.len(), group_of, |node, group| {
            sums[group as usize].retained += heap.retained_size(node);
        });
        let mut dominators = vec![(0, TOP_GROUP); sums.len()];
        for ((group, dominator), bytes) in shares {
            let most = &mut dominators[group as usize];
            if group != dominator && (bytes, dominator) > *most {
                *most = (bytes, dominator);
            }
        }
        self.groups.choose(&sizes);
        (sums, dominators.into_iter().map(|(_, group)| group).collect())
    }

    /// The comparison of what was added, with the `top` classes and positions.
    pub fn finish(self, top: usize) -> Diff {
        let Self { positions, groups, names, snapshots } = self;
        let snapshots: Vec<Sums> = snapshots.into_iter().flatten().collect();
        let (ids, changes) = match (snapshots.first(), snapshots.last()) {
            (Some(first), Some(last)) => correspondence(&first.objects, &last.objects),
            _ => (Ids { correspond: false, agreement: None }, FxHashMap::default()),
        };
        let changes = ids.correspond.then_some(changes);
        let (paths, path_count) = lines(&positions, &groups, &snapshots, top);
        let (constructors, constructor_count) = classes(&names, &snapshots, changes.as_ref(), top);
        let totals: Vec<u64> = snapshots.iter().map(|sums| sums.about.total).collect();
        Diff {
            size_delta: delta(&totals),
            snapshots: snapshots.into_iter().map(|sums| sums.about).collect(),
            ids,
            paths,
            path_count,
            constructors,
            constructor_count,
        }
    }
}
