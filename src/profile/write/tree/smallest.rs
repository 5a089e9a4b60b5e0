//! Of a tree that is too large for a page, the smallest parts together.

use super::{Callee, Node, ROOT, Tree};
use crate::error::Result;
use crate::profile::Check;

/// What a page can hold and a browser draw.
pub(super) const MOST_NODES: usize = 400_000;

impl Tree<'_> {
    /// Of each node the largest share that it has, with what it calls, of any of the values.
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    fn shares(&self) -> Vec<f64> {
        let mut reach: Vec<f64> = self.own.iter().map(|own| own.unsigned_abs() as f64).collect();
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            for at in 0..self.width {
                let own = reach.get(index * self.width + at).copied().unwrap_or(0.0);
                if let Some(sum) = reach.get_mut(node.parent as usize * self.width + at) {
                    *sum += own;
                }
            }
        }
        let all: Vec<f64> = reach.iter().take(self.width).copied().collect();
        let share = |of: &[f64]| {
            of.iter().zip(&all).map(|(one, all)| if *all > 0.0 { one / all } else { 0.0 }).fold(0.0, f64::max)
        };
        reach.chunks(self.width.max(1)).map(share).collect()
    }

    /// Takes the smallest nodes together, below the caller that stays; what was in no sample goes.
    pub(super) fn without_the_smallest(&mut self, most: usize, check: Check<'_>) -> Result<()> {
        let shares = self.shares();
        let mut least = 0.0;
        if shares.iter().filter(|share| **share > 0.0).count() > most {
            let mut sorted = shares.clone();
            let (_, at, _) = sorted.select_nth_unstable_by(most, |a, b| b.total_cmp(a));
            least = *at;
        }
        let all = std::mem::take(&mut self.nodes);
        let own = std::mem::take(&mut self.own);
        self.places.clear();
        self.nodes.push(Node { parent: ROOT, callee: Callee::Nowhere });
        self.own.resize(self.width, 0);
        // Of each node what stands for it: itself, or what it was taken into.
        let mut stands: Vec<u32> = vec![ROOT];
        let mut is_kept = vec![true];
        for ((node, own), share) in all.iter().zip(own.chunks(self.width.max(1))).zip(&shares).skip(1) {
            check()?;
            let parent = stands.get(node.parent as usize).copied().unwrap_or(ROOT);
            let below_kept = is_kept.get(node.parent as usize) == Some(&true);
            let kept = below_kept && *share > least;
            is_kept.push(kept);
            let place = if kept {
                self.child(parent, node.callee)
            } else if *share > 0.0 {
                self.smaller += 1;
                if below_kept { self.child(parent, Callee::Smaller) } else { parent }
            } else {
                parent
            };
            stands.push(place);
            for (at, own) in own.iter().enumerate() {
                if let Some(sum) = self.own.get_mut(place as usize * self.width + at) {
                    *sum = sum.saturating_add(*own);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{profile, seen};
    use super::*;

    #[test]
    fn of_very_many_nodes_the_smallest_are_taken_together_below_their_caller() {
        let profile = profile(&[
            (&["main", "large"], "", 100),
            (&["main", "small", "below"], "", 1),
            (&["main", "small"], "", 2),
            (&["main", "tiny"], "", 1),
            (&["never"], "", 0),
        ]);
        let of = |most| {
            let mut tree = Tree::new(&profile, None, &[(0, 0)], &|| Ok(())).unwrap();
            tree.without_the_smallest(most, &|| Ok(())).unwrap();
            (seen(&tree), tree.smaller)
        };
        assert_eq!(of(9).0, ["1 main [0]", "2 large [100]", "2 small [2]", "3 below [1]", "2 tiny [1]"]);
        assert_eq!(of(9).1, 0);
        assert_eq!(of(3).0, ["1 main [0]", "2 large [100]", "2 (smaller) [4]"]);
        assert_eq!(of(3).1, 3);
    }
}
