//! Leak suspects: what retains a good part of the heap, and where in it the mass is.
//!
//! The rule is that of Eclipse MAT's leak report, on V8's heaps. The dominator tree is cut at its top: V8's own roots
//! (synthetic nodes) and the global object are passed through. A node there that retains at least the threshold is a
//! suspect; of those that are smaller, all of one class that together retain as much are one. From a suspect the mass is followed downwards, always to
//! the largest child, until it scatters: that is the accumulation point, which usually is the collection that grows.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::names::is_telling_group;
use crate::heap::v8::lossy;
use crate::heap::words::{Step, held_by_last, path_to, percent, shown_name, thousands};

/// A child that has less than this part of what its parent retains does not carry the mass on.
const CARRIES: f64 = 0.7;
/// Objects of a group that are shown.
const SHOWN_MEMBERS: usize = 5;
/// Classes of what an accumulation point holds that are shown.
const SHOWN_CLASSES: usize = 5;

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

/// One object, or the objects of one class.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspect {
    /// `object` or `class`.
    pub kind: &'static str,
    /// The name of the object or of the class.
    pub name: String,
    /// V8's id; `null` for a class.
    pub id: Option<u32>,
    /// How many objects: 1, or those of the class.
    pub count: u64,
    /// Bytes that they retain.
    pub retained: u64,
    /// Of all of the heap, 0 to 1.
    pub share: f64,
    /// Where the mass is: the last object on the way to it.
    pub accumulation: Accumulation,
    /// The shortest path to the accumulation point, from a root.
    pub path: Vec<Step>,
    /// The same in a sentence.
    pub text: String,
}

/// The object below which the mass scatters.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accumulation {
    /// V8's id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Bytes that it retains.
    pub retained: u64,
    /// How it is reached from the object before: `MemoryStore.sessions`.
    pub held_by: String,
    /// What it immediately dominates, by class, most first.
    pub holds: Vec<Held>,
}

/// Objects of one class below an accumulation point.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct Held {
    pub name: String,
    pub count: u64,
    pub retained: u64,
}

/// Finds what retains at least `share` (0 to 1) of the heap.
pub fn suspects(heap: &Heap, share: f64) -> Suspects {
    let total = heap.total_size();
    let threshold = part(total, share);
    let (mut single, mut small): (Vec<Node>, FxHashMap<ClassId, Vec<Node>>) = Default::default();
    for node in tops(heap, threshold) {
        if heap.retained_size(node) >= threshold {
            single.push(node);
        } else {
            small.entry(heap.classes().of(node)).or_default().push(node);
        }
    }
    let about = About { heap, total };
    let mut suspects: Vec<Suspect> = single.into_iter().map(|node| about.object(node)).collect();
    for (class, mut nodes) in small {
        let retained = nodes.iter().fold(0_u64, |sum, node| sum.saturating_add(heap.retained_size(*node)));
        if retained >= threshold && nodes.len() > 1 && are_telling(heap, &nodes) {
            nodes.sort_by_key(|node| (Reverse(heap.retained_size(*node)), *node));
            suspects.push(about.group(class, &nodes, retained));
        }
    }
    suspects.sort_by(|a, b| (b.retained, &a.name).cmp(&(a.retained, &b.name)));
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

#[allow(clippy::cast_precision_loss, reason = "a share of a size")]
fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// The top of the dominator tree, without what every program has there.
fn tops(heap: &Heap, threshold: u64) -> Vec<Node> {
    let mut tops = Vec::new();
    let mut list = vec![heap.graph().root()];
    while let Some(node) = list.pop() {
        for child in heap.dominated(node) {
            if heap.is_in_every_program(child)
                || (heap.graph().is_internal(child) && heap.retained_size(child) >= threshold)
            {
                list.push(child);
            } else {
                tops.push(child);
            }
        }
    }
    tops
}

fn are_telling(heap: &Heap, nodes: &[Node]) -> bool {
    let graph = heap.graph();
    nodes
        .first()
        .is_some_and(|node| is_telling_group(graph.kind(*node), graph.is_internal(*node), heap.class_name(*node)))
}

struct About<'a> {
    heap: &'a Heap,
    total: u64,
}

impl About<'_> {
    fn object(&self, node: Node) -> Suspect {
        let heap = self.heap;
        let retained = heap.retained_size(node);
        let point = self.accumulation_point(node);
        let accumulation = self.accumulation(point);
        let path = path_to(heap, point);
        let name = shown_name(heap, node);
        let share = ratio(retained, self.total);
        let mut text = format!("One {name} (@{}) retains {} of the heap", heap.graph().id(node), percent(share));
        if point != node {
            text += &format!("; the mass is in {} (@{})", accumulation.name, accumulation.id);
            if !accumulation.held_by.is_empty() {
                text += &format!(", held by {}", accumulation.held_by);
            }
        }
        text += &holds_text(&accumulation.holds);
        Suspect {
            kind: "object",
            name,
            id: Some(heap.graph().id(node)),
            count: 1,
            retained,
            share,
            accumulation,
            path,
            text,
        }
    }

    fn group(&self, class: ClassId, nodes: &[Node], retained: u64) -> Suspect {
        let heap = self.heap;
        let name = lossy(&heap.classes().get(class).name).into_owned();
        let share = ratio(retained, self.total);
        let first = nodes.first().copied().unwrap_or(heap.graph().root());
        let accumulation = self.accumulation(first);
        let path = path_to(heap, first);
        let shown: Vec<String> =
            nodes.iter().take(SHOWN_MEMBERS).map(|node| format!("@{}", heap.graph().id(*node))).collect();
        let more = if nodes.len() > SHOWN_MEMBERS { ", …" } else { "" };
        let text = format!(
            "{} objects of class {name} together retain {} of the heap; the largest are {}{more}",
            thousands(nodes.len() as u64),
            percent(share),
            shown.join(", ")
        );
        Suspect { kind: "class", name, id: None, count: nodes.len() as u64, retained, share, accumulation, path, text }
    }

    fn accumulation_point(&self, node: Node) -> Node {
        let heap = self.heap;
        let mut at = node;
        let mut named = node;
        while let Some(next) = heap.dominated(at).max_by_key(|child| (heap.retained_size(*child), Reverse(*child))) {
            if ratio(heap.retained_size(next), heap.retained_size(at)) < CARRIES {
                break;
            }
            at = next;
            // The table of a Map is a part of it: the last object that a program knows is the one to name.
            if !heap.graph().is_internal(at) {
                named = at;
            }
        }
        named
    }

    fn accumulation(&self, node: Node) -> Accumulation {
        let heap = self.heap;
        let mut by_class: FxHashMap<ClassId, (u64, u64)> = FxHashMap::default();
        let mut list: Vec<Node> = heap.dominated(node).collect();
        while let Some(child) = list.pop() {
            // What V8 keeps an object's parts in is passed through.
            if heap.graph().is_internal(child) && heap.dominated(child).next().is_some() {
                list.extend(heap.dominated(child));
                continue;
            }
            let entry = by_class.entry(heap.classes().of(child)).or_default();
            entry.0 += 1;
            entry.1 = entry.1.saturating_add(heap.retained_size(child));
        }
        let mut holds: Vec<Held> = by_class
            .into_iter()
            .map(|(class, (count, retained))| Held {
                name: lossy(&heap.classes().get(class).name).into_owned(),
                count,
                retained,
            })
            .collect();
        holds.sort_by(|a, b| (b.retained, b.count, &a.name).cmp(&(a.retained, a.count, &b.name)));
        holds.truncate(SHOWN_CLASSES);
        Accumulation {
            id: heap.graph().id(node),
            name: shown_name(heap, node),
            retained: heap.retained_size(node),
            held_by: held_by_last(&path_to(heap, node)),
            holds,
        }
    }
}

fn holds_text(holds: &[Held]) -> String {
    match holds.first() {
        Some(held) if held.count > 1 => format!("; it holds {} {}", thousands(held.count), held.name),
        _ => String::new(),
    }
}
