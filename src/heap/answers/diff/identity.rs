//! Which objects of two snapshots are the same.
//!
//! V8's object ids tell, but only where they correspond: in snapshots that were taken inside one process, or forked with
//! `stableIds`. Other forked snapshots number their objects afresh. No caller has to say so, because it can be seen: strings
//! and functions never change, so if ids correspond, the same id has the same text.

use std::cmp::Ordering;
use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};
use serde::Serialize;

use crate::heap::graph::{Graph, Node};
use crate::heap::v8::NodeKind;

/// Fewer common strings and functions say nothing about ids.
const MIN_COMMON: u64 = 20;
/// The share of them that must agree.
const MIN_AGREEMENT: f64 = 0.95;

/// Whether the ids of the first and the last snapshot mean the same objects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ids {
    /// Whether they do.
    pub correspond: bool,
    /// Of the strings and functions with an id that both have, the share with the same text; `null` if too few to say.
    pub agreement: Option<f64>,
}

/// What is kept of an object, to find it again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub(super) id: u32,
    /// Its class's name.
    name: u32,
    /// What it is: a hash of its type and name. V8 gives the id of an object that died to one that took its place in memory
    /// unseen, so the same id alone is not yet the same object.
    identity: u32,
    /// Whether its name is a text that never changes.
    fixed: bool,
    counted: bool,
}

impl Object {
    /// A node whose class has that name.
    pub(super) fn of(graph: &Graph, node: Node, name: u32) -> Self {
        let kind = graph.kind(node);
        Self {
            id: graph.id(node),
            name,
            identity: identity(kind, graph.text(graph.name(node))),
            fixed: matches!(kind, NodeKind::String | NodeKind::Closure),
            counted: graph.self_size(node) > 0,
        }
    }
}

/// Objects that one of two snapshots has and the other does not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) added: u64,
    pub(super) removed: u64,
}

/// What tells a node from others with the same id.
fn identity(kind: NodeKind, text: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write_u8(kind as u8);
    hasher.write(text);
    let hash = hasher.finish();
    #[allow(clippy::cast_possible_truncation, reason = "half of a hash")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

/// Whether the ids of two snapshots mean the same objects; by class name, what was added and removed if they do.
pub(super) fn correspondence(first: &[Object], last: &[Object]) -> (Ids, FxHashMap<u32, Change>) {
    let mut changes: FxHashMap<u32, Change> = FxHashMap::default();
    let (mut common, mut agreeing) = (0_u64, 0_u64);
    let (mut before, mut after) = (first.iter().peekable(), last.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(a), Some(b)) => a.id.cmp(&b.id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
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
            changes.entry(a.name).or_default().removed += 1;
        }
        if let Some(b) = b.filter(|b| b.counted && !same) {
            changes.entry(b.name).or_default().added += 1;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    let agreement = (common >= MIN_COMMON).then(|| agreeing as f64 / common as f64);
    (Ids { correspond: agreement.is_some_and(|share| share >= MIN_AGREEMENT), agreement }, changes)
}
