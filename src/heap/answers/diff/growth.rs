//! What grew, and who holds it: growth between heaps in lines, each byte of it in exactly one.

use crate::heap::analysis::Heap;
use crate::heap::answers::lines::{GrowthBranch, PathGrowth, View, delta};
use crate::heap::holding::{Dominance, Shortest};

/// Takes heaps in, and gives out what grew between them.
#[derive(Debug)]
pub(super) struct Growth {
    shortest: Shortest,
    dominance: Dominance,
}

impl Growth {
    /// For that many heaps.
    pub(super) fn new(heaps: usize) -> Self {
        Self { shortest: Shortest::new(), dominance: Dominance::new(heaps) }
    }

    /// Takes in the heap at `index`. The last one comes first: its words are used.
    pub(super) fn add(&mut self, index: usize, heap: &Heap) {
        self.dominance.add(index, heap, &mut self.shortest);
    }

    /// Every line that is not the same in the first and the last heap, those first that grew most; and the tree, if it is wanted.
    pub(super) fn finish(mut self, tree: bool) -> (Vec<PathGrowth>, Option<GrowthBranch>) {
        self.dominance.finish(&self.shortest.texts);
        let view = View::new(&self.shortest, &self.dominance);
        let mut lines: Vec<PathGrowth> =
            view.drafts().into_iter().filter(|draft| delta(&draft.sizes) != 0).map(|draft| view.line(draft)).collect();
        lines.sort_by(|a, b| {
            b.size_delta.cmp(&a.size_delta).then_with(|| (&a.held_by, &a.name).cmp(&(&b.held_by, &b.name)))
        });
        (lines, tree.then(|| view.tree()))
    }
}
