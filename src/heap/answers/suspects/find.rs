//! Which objects, and which classes, are suspects.

use serde::Serialize;

use super::about::Suspect;
use super::large::large;
use super::many::Lines;
use crate::heap::analysis::Heap;
use crate::heap::holding::{Dominance, Shortest};
use crate::heap::words::Trails;

/// What retains a good part of the heap.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspects {
    /// All of the heap, in bytes.
    pub total: u64,
    /// What a suspect retains at least, in bytes.
    pub threshold: u64,
    /// Most first.
    pub suspects: Vec<Suspect>,
}

/// Finds what retains at least `share` (0 to 1) of the heap.
pub fn suspects(heap: &Heap, share: f64) -> Suspects {
    let total = heap.total_size();
    let threshold = part(total, share);
    let mut shortest = Shortest::new();
    let mut dominance = Dominance::new(2);
    let mut at = dominance.add(1, heap, &mut shortest);
    let into = dominance.imagine(&shortest.texts);
    for place in &mut at {
        *place = into.get(*place as usize).copied().unwrap_or(*place);
    }
    let lines = Lines::of(&shortest, &dominance, threshold);
    let known = lines.many(heap, &at).into_iter().chain(large(heap, &lines, &at, threshold));
    let mut trails = Trails::new(heap);
    let mut suspects: Vec<Suspect> = known.map(|known| known.describe(heap, &mut trails)).collect();
    suspects.sort_by(|a, b| (b.retained, &a.text).cmp(&(a.retained, &b.text)));
    Suspects { total, threshold, suspects }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a size"
)]
fn part(total: u64, share: f64) -> u64 {
    ((total as f64) * share.clamp(0.0, 1.0)).max(1.0) as u64
}
