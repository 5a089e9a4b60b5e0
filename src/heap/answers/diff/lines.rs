//! What a line of a diff is: a group of positions at which one holder holds many more than before, or one thing that
//! became larger.
//!
//! Of a whole leaked structure one group is named, with all that its objects retain; what they dominate is not named again.

#![allow(clippy::indexing_slicing, reason = "positions and groups are numbered by what made them")]

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::change::{delta, rose};
use super::sums::{Amount, Sums};
use crate::heap::holding::{Groups, Positions, TOP_GROUP, at};

/// Groups can dominate one another in a circle.
const MAX_ABOVE: usize = 100;

/// A line: the objects at one position.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathGrowth {
    /// Their class.
    pub name: String,
    /// Who holds them: `MemoryStore.sessions`.
    pub held_by: String,
    /// How they are reached, from a root, with indices and keys as `[…]`.
    pub path: Vec<String>,
    /// How many, by snapshot.
    pub counts: Vec<u64>,
    /// Bytes that they retain (of one thing that only became larger, its own bytes), by snapshot.
    pub sizes: Vec<u64>,
    /// How many are new: the last count less the first, or less if others of the class are held elsewhere than before.
    pub count_delta: i64,
    /// Their share of the last size less the first.
    pub size_delta: i64,
    /// Whether count or size rose from every snapshot to the next.
    pub grew_every_time: bool,
}

/// The lines, those that grew most first, at most `top`; and how many there are.
pub(super) fn lines(
    positions: &Positions,
    groups: &Groups,
    snapshots: &[Sums],
    top: usize,
) -> (Vec<PathGrowth>, usize) {
    let of = |group: u32, which: fn(&Amount) -> u64| -> Vec<u64> {
        snapshots.iter().map(|sums| sums.groups.get(group as usize).map_or(0, which)).collect()
    };
    let dominator = |group: u32| {
        let last = snapshots.last().and_then(|sums| sums.dominators.get(group as usize)).copied();
        last.filter(|group| *group != TOP_GROUP)
    };
    let change = |group: u32, which: fn(&Amount) -> u64| delta(&of(group, which));
    let by_class = class_deltas(positions, groups, |group| change(group, |amount| amount.count));
    // How many are new. An object may be held in another way than before, which makes one group larger and another smaller:
    // no group has more new objects than its class has.
    let new = |group: u32| {
        let class = by_class.get(&positions.class_id(groups.examples[group as usize])).copied().unwrap_or_default();
        change(group, |amount| amount.count).min(class)
    };
    let grows = |group: u32| {
        let (more, own) = (change(group, |amount| amount.count), change(group, |amount| amount.shallow));
        let above = dominator(group).map_or(0, new);
        if group == TOP_GROUP || positions.is_internal(groups.examples[group as usize]) {
            return None;
        }
        if more > 0 {
            // One holder, many held.
            let bytes = part(change(group, |amount| amount.retained), new(group), more);
            return (new(group) > 0 && bytes > 0 && new(group) > above.saturating_mul(2))
                .then_some((bytes, true, group));
        }
        // One thing that itself became larger.
        (more == 0 && own > 0).then_some((own, false, group))
    };
    let mut found: Vec<(i64, bool, u32)> = (0..at(groups.examples.len())).filter_map(grows).collect();
    found.sort_by_key(|(bytes, _, group)| (Reverse(*bytes), *group));
    let mut shown = vec![false; groups.examples.len()];
    found.retain(|(_, many, group)| {
        let above = std::iter::successors(dominator(*group), |group| dominator(*group)).take(MAX_ABOVE);
        let covered = above.into_iter().any(|above| shown[above as usize]);
        shown[*group as usize] = *many && !covered;
        !covered
    });
    let path_count = found.len();
    let mut paths: Vec<PathGrowth> = found
        .into_iter()
        .map(|(bytes, many, group)| {
            let example = groups.examples[group as usize];
            let (counts, sizes) = (
                of(group, |amount| amount.count),
                of(group, if many { |amount| amount.retained } else { |amount| amount.shallow }),
            );
            PathGrowth {
                name: positions.class(example).to_owned(),
                held_by: positions.held_by(example),
                path: positions.path(example),
                count_delta: if many { new(group) } else { 0 },
                size_delta: bytes,
                grew_every_time: rose(&counts) || rose(&sizes),
                counts,
                sizes,
            }
        })
        .collect();
    // With three or more, what grows every time is the leak, and what grew once is a cache.
    if snapshots.len() > 2 {
        paths.sort_by_key(|growth| !growth.grew_every_time);
    }
    paths.truncate(top);
    (paths, path_count)
}

/// By class, how much the counts of its groups changed in all.
fn class_deltas(positions: &Positions, groups: &Groups, delta_of: impl Fn(u32) -> i64) -> FxHashMap<u32, i64> {
    let mut deltas: FxHashMap<u32, i64> = FxHashMap::default();
    for (group, example) in (0..).zip(&groups.examples) {
        *deltas.entry(positions.class_id(*example)).or_default() += delta_of(group);
    }
    deltas
}

/// `bytes` of `of` objects, for `count` of them.
#[allow(clippy::cast_possible_truncation, reason = "no more than `bytes`")]
fn part(bytes: i64, count: i64, of: i64) -> i64 {
    if count >= of { bytes } else { (i128::from(bytes) * i128::from(count.max(0)) / i128::from(of.max(1))) as i64 }
}
