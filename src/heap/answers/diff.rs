//! What grew between snapshots of one program.
//!
//! Two views. **By constructor**: counts and sizes of classes, as DevTools' comparison has them. **By retaining path**:
//! objects grouped by where they are held ([`crate::heap::holding`]), from the nearest object whose class says something. Of a
//! whole leaked structure the one group is named at which one holder holds many more than before, with all that its
//! objects retain; what they dominate is not named again.
//!
//! V8's object ids tell which objects are new, but only where they correspond: snapshots taken inside one process, or
//! forked with `stableIds`. Other forked snapshots number their objects afresh. Whether ids correspond is not asked but
//! seen: strings and functions never change, so the same id must have the same text.
//!
//! Snapshots are read one after another and only their sums are kept. The last one comes first: which interfaces plain
//! objects are counted under is decided by it, for all of them.

#![allow(clippy::indexing_slicing, reason = "positions, texts and snapshots are numbered here")]
#![allow(clippy::cast_possible_wrap, reason = "counts and sizes are far below 2^63")]

use std::cmp::Reverse;
use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};
use serde::Serialize;

use crate::error::{ErrorKind, Result};
use crate::heap::analysis::{Heap, Progress};
use crate::heap::graph::Node;
use crate::heap::holding::{Groups, Holders, TOP_GROUP, Texts, at};
use crate::heap::reading::Source;
use crate::heap::v8::{NodeKind, lossy};

/// Groups can dominate one another in a circle.
const MAX_ABOVE: usize = 100;
/// Fewer common strings and functions say nothing about ids.
const MIN_COMMON: u64 = 20;
/// The share of them that must agree.
const MIN_AGREEMENT: f64 = 0.95;

/// What is wanted of a comparison.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// How many constructors and paths.
    pub top: usize,
    /// Read what there is of files that break off.
    pub partial: bool,
}

/// What grew.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The snapshots, in the order given.
    pub snapshots: Vec<DiffSnapshot>,
    /// Bytes of the last, less those of the first.
    pub size_delta: i64,
    /// Whether ids correspond, and so `added` and `removed` are known.
    pub ids: Ids,
    /// Growth by where things are held, most first.
    pub paths: Vec<PathGrowth>,
    /// How many positions grew; `paths` has the first of them.
    pub path_count: usize,
    /// Classes, those first whose retained or own size grew most.
    pub constructors: Vec<ClassGrowth>,
    /// How many classes changed; `constructors` has the first of them.
    pub constructor_count: usize,
}

/// One snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct DiffSnapshot {
    pub path: String,
    pub nodes: usize,
    pub total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

/// Whether the ids of the first and the last snapshot mean the same objects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ids {
    /// Whether they do.
    pub correspond: bool,
    /// Of the strings and functions with an id that both have, the share with the same text; `null` if too few to say.
    pub agreement: Option<f64>,
}

/// Objects at one position.
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

/// Objects of one class.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassGrowth {
    /// The constructor's name; classes of the same name are one here.
    pub name: String,
    /// How many, by snapshot.
    pub counts: Vec<u64>,
    /// Bytes of the objects themselves, by snapshot.
    pub shallow: Vec<u64>,
    /// Bytes that they retain, by snapshot.
    pub retained: Vec<u64>,
    /// The last less the first.
    pub count_delta: i64,
    /// The last less the first.
    pub shallow_delta: i64,
    /// The last less the first.
    pub retained_delta: i64,
    /// Objects that only the last has; where ids correspond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Objects that only the first has; where ids correspond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// Whether count or retained size rose from every snapshot to the next.
    pub grew_every_time: bool,
}

/// Compares files, in the order in which they were taken.
///
/// # Errors
/// Those of [`Heap::open`]; `HEAPKIT_ERR_INVALID_OPTION` for fewer than two files.
pub fn diff(sources: &[Source], options: &DiffOptions, progress: &Progress) -> Result<Diff> {
    let Some((last, earlier)) = sources.split_last().filter(|(_, earlier)| !earlier.is_empty()) else {
        let reason = "needs at least two snapshots, the earlier one first".to_owned();
        return Err(ErrorKind::InvalidOption { option: "paths", reason }.into());
    };
    let mut differ = Differ::new(sources.len());
    let heap = Heap::open(last, options.partial, None, progress)?;
    let definitions = heap.definitions();
    differ.add(sources.len() - 1, last, &heap);
    drop(heap);
    for (index, source) in earlier.iter().enumerate() {
        differ.add(index, source, &Heap::open(source, options.partial, Some(&definitions), progress)?);
    }
    Ok(differ.finish(options.top))
}

/// Adds snapshots up, one by one.
#[derive(Debug)]
pub struct Differ {
    holders: Holders,
    groups: Groups,
    names: Texts,
    snapshots: Vec<Option<Sums>>,
}

/// What is kept of a snapshot.
#[derive(Debug)]
struct Sums {
    about: DiffSnapshot,
    /// By class name: count, shallow, retained.
    classes: FxHashMap<u32, [u64; 3]>,
    /// By group: count, bytes of the objects themselves, bytes that they retain.
    groups: Vec<[u64; 3]>,
    /// By group: the group whose objects dominate most of it.
    dominators: Vec<u32>,
    objects: Vec<Object>,
}

/// What is kept of an object, to find it again.
#[derive(Debug, Clone, Copy)]
struct Object {
    id: u32,
    name: u32,
    /// What it is: a hash of its type and name. V8 gives the id of an object that died to one that took its place in memory
    /// unseen, so the same id alone is not yet the same object.
    identity: u32,
    /// Whether its name is a text that never changes.
    fixed: bool,
    counted: bool,
}

impl Differ {
    /// For that many snapshots.
    pub fn new(count: usize) -> Self {
        Self {
            holders: Holders::new(),
            groups: Groups::default(),
            names: Texts::default(),
            snapshots: (0..count).map(|_| None).collect(),
        }
    }

    /// Adds the snapshot at `index`.
    pub fn add(&mut self, index: usize, source: &Source, heap: &Heap) {
        let graph = heap.graph();
        let (groups, dominators) = self.group(heap);
        let ids: Vec<u32> = heap.classes().iter().map(|(_, class)| self.names.id(&lossy(&class.name))).collect();
        let mut classes: FxHashMap<u32, [u64; 3]> = FxHashMap::default();
        for (name, totals) in ids.iter().zip(heap.class_totals()) {
            if totals.count > 0 {
                let sums = classes.entry(*name).or_default();
                sums[0] += totals.count;
                sums[1] += totals.shallow;
                sums[2] += totals.retained;
            }
        }
        let mut objects: Vec<Object> = graph
            .nodes()
            .map(|node| Object {
                id: graph.id(node),
                name: ids[heap.classes().of(node).0 as usize],
                identity: identity(graph.kind(node), graph.text(graph.name(node))),
                fixed: matches!(graph.kind(node), NodeKind::String | NodeKind::Closure),
                counted: graph.self_size(node) > 0,
            })
            .collect();
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
    fn group(&mut self, heap: &Heap) -> (Vec<[u64; 3]>, Vec<u32>) {
        let graph = heap.graph();
        let positions = self.holders.place(heap);
        self.groups.extend(&self.holders);
        let group_of = |node: Node| self.groups.of[positions[node.0 as usize] as usize];
        let mut sums = vec![[0; 3]; self.groups.examples.len()];
        let mut shares: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        let mut sizes = vec![0; self.holders.len()];
        for node in graph.nodes() {
            let own = &mut sums[group_of(node) as usize];
            own[0] += 1;
            own[1] += graph.self_size(node);
            sizes[positions[node.0 as usize] as usize] += graph.self_size(node);
            let share: &mut u64 = shares.entry((group_of(node), group_of(heap.dominator(node)))).or_default();
            *share = share.saturating_add(heap.retained_size(node));
        }
        heap.each_top_of(self.groups.examples.len(), group_of, |node, group| {
            sums[group as usize][2] += heap.retained_size(node);
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
        let Self { holders, groups, names, snapshots } = self;
        let snapshots: Vec<Sums> = snapshots.into_iter().flatten().collect();
        let (ids, changes) = match (snapshots.first(), snapshots.last()) {
            (Some(first), Some(last)) => correspondence(&first.objects, &last.objects),
            _ => (Ids { correspond: false, agreement: None }, FxHashMap::default()),
        };
        let changes = ids.correspond.then_some(changes);
        let (paths, path_count) = path_growth(&holders, &groups, &snapshots, top);
        let (constructors, constructor_count) = class_growth(&names, &snapshots, changes.as_ref(), top);
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

fn identity(kind: NodeKind, text: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write_u8(kind as u8);
    hasher.write(text);
    let hash = hasher.finish();
    #[allow(clippy::cast_possible_truncation, reason = "half of a hash")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

/// Whether the ids of two snapshots mean the same objects; by class name, how many were added and removed if they do.
fn correspondence(first: &[Object], last: &[Object]) -> (Ids, FxHashMap<u32, (u64, u64)>) {
    let mut changes: FxHashMap<u32, (u64, u64)> = FxHashMap::default();
    let (mut common, mut agreeing) = (0_u64, 0_u64);
    let (mut before, mut after) = (first.iter().peekable(), last.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(a), Some(b)) => a.id.cmp(&b.id),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => break,
        };
        let a = if order.is_le() { before.next() } else { None };
        let b = if order.is_ge() { after.next() } else { None };
        let same = a.zip(b).is_some_and(|(a, b)| a.identity == b.identity);
        if a.zip(b).is_some_and(|(a, b)| a.fixed || b.fixed) {
            common += 1;
            agreeing += u64::from(same);
        }
        if let Some(a) = a.filter(|a| a.counted && !same) {
            changes.entry(a.name).or_default().1 += 1;
        }
        if let Some(b) = b.filter(|b| b.counted && !same) {
            changes.entry(b.name).or_default().0 += 1;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    let agreement = (common >= MIN_COMMON).then(|| agreeing as f64 / common as f64);
    (Ids { correspond: agreement.is_some_and(|share| share >= MIN_AGREEMENT), agreement }, changes)
}

fn delta(values: &[u64]) -> i64 {
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => *last as i64 - *first as i64,
        _ => 0,
    }
}

fn rose(values: &[u64]) -> bool {
    values.windows(2).all(|pair| matches!(pair, [before, after] if before < after))
}

fn path_growth(holders: &Holders, groups: &Groups, snapshots: &[Sums], top: usize) -> (Vec<PathGrowth>, usize) {
    let of = |group: u32, which: usize| -> Vec<u64> {
        snapshots.iter().map(|sums| sums.groups.get(group as usize).map_or(0, |sums| sums[which])).collect()
    };
    let dominator = |group: u32| {
        let last = snapshots.last().and_then(|sums| sums.dominators.get(group as usize)).copied();
        last.filter(|group| *group != TOP_GROUP)
    };
    let change = |group: u32, which: usize| delta(&of(group, which));
    let by_class = class_deltas(holders, groups, |group| change(group, 0));
    // How many are new. An object may be held in another way than before, which makes one group larger and another smaller:
    // no group has more new objects than its class has.
    let new = |group: u32| {
        let class = by_class.get(&holders.class_id(groups.examples[group as usize])).copied().unwrap_or_default();
        change(group, 0).min(class)
    };
    let grows = |group: u32| {
        let (more, own) = (change(group, 0), change(group, 1));
        let above = dominator(group).map_or(0, new);
        if group == TOP_GROUP || holders.is_internal(groups.examples[group as usize]) {
            return None;
        }
        if more > 0 {
            // One holder, many held.
            let bytes = part(change(group, 2), new(group), more);
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
            let (counts, sizes) = (of(group, 0), of(group, if many { 2 } else { 1 }));
            PathGrowth {
                name: holders.class(example).to_owned(),
                held_by: holders.held_by(example),
                path: holders.path(example),
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
fn class_deltas(holders: &Holders, groups: &Groups, delta_of: impl Fn(u32) -> i64) -> FxHashMap<u32, i64> {
    let mut deltas: FxHashMap<u32, i64> = FxHashMap::default();
    for (group, example) in (0..).zip(&groups.examples) {
        *deltas.entry(holders.class_id(*example)).or_default() += delta_of(group);
    }
    deltas
}

/// `bytes` of `of` objects, for `count` of them.
#[allow(clippy::cast_possible_truncation, reason = "no more than `bytes`")]
fn part(bytes: i64, count: i64, of: i64) -> i64 {
    if count >= of { bytes } else { (i128::from(bytes) * i128::from(count.max(0)) / i128::from(of.max(1))) as i64 }
}

fn class_growth(
    names: &Texts,
    snapshots: &[Sums],
    changes: Option<&FxHashMap<u32, (u64, u64)>>,
    top: usize,
) -> (Vec<ClassGrowth>, usize) {
    let mut classes: Vec<ClassGrowth> = Vec::new();
    for name in 0..u32::try_from(names.len()).unwrap_or(u32::MAX) {
        let of = |which: usize| -> Vec<u64> {
            snapshots.iter().map(|sums| sums.classes.get(&name).map_or(0, |sums| sums[which])).collect()
        };
        let (counts, shallow, retained) = (of(0), of(1), of(2));
        let change = changes.map(|changes| changes.get(&name).copied().unwrap_or_default());
        let growth = ClassGrowth {
            name: names.get(name).to_owned(),
            count_delta: delta(&counts),
            shallow_delta: delta(&shallow),
            retained_delta: delta(&retained),
            added: change.map(|change| change.0),
            removed: change.map(|change| change.1),
            grew_every_time: rose(&counts) || rose(&retained),
            counts,
            shallow,
            retained,
        };
        if growth.count_delta != 0 || growth.shallow_delta != 0 || growth.retained_delta != 0 {
            classes.push(growth);
        }
    }
    let steady = snapshots.len() > 2;
    classes.sort_by(|a, b| {
        let key = |class: &ClassGrowth| {
            (steady && class.grew_every_time, class.retained_delta.max(class.shallow_delta), class.count_delta)
        };
        key(b).cmp(&key(a)).then_with(|| a.name.cmp(&b.name))
    });
    let count = classes.len();
    classes.truncate(top);
    (classes, count)
}
