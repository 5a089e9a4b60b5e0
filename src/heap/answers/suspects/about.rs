//! A suspect, described.

use serde::Serialize;

use super::accumulation::{Accumulation, Held, accumulation, accumulation_point, ratio};
use crate::heap::analysis::{ClassId, Heap};
use crate::heap::graph::Node;
use crate::heap::v8::lossy;
use crate::heap::words::{Step, Trails, percent, shown_name, thousands};

/// Objects of a group that are shown.
const SHOWN_MEMBERS: usize = 5;

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

/// What every description needs.
pub(super) struct About<'a> {
    pub(super) heap: &'a Heap,
    /// All of the heap, in bytes.
    pub(super) total: u64,
}

impl About<'_> {
    /// One object.
    pub(super) fn object(&self, node: Node) -> Suspect {
        let heap = self.heap;
        let retained = heap.retained_size(node);
        let point = accumulation_point(heap, node);
        let accumulation = accumulation(heap, point);
        let path = Trails::new(heap).to(point);
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

    /// The objects of one class, those that retain most first.
    pub(super) fn group(&self, class: ClassId, nodes: &[Node], retained: u64) -> Suspect {
        let heap = self.heap;
        let name = lossy(&heap.classes().get(class).name).into_owned();
        let share = ratio(retained, self.total);
        let first = nodes.first().copied().unwrap_or(heap.graph().root());
        let accumulation = accumulation(heap, first);
        let path = Trails::new(heap).to(first);
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
}

fn holds_text(holds: &[Held]) -> String {
    match holds.first() {
        Some(held) if held.count > 1 => format!("; it holds {} {}", thousands(held.count), held.name),
        _ => String::new(),
    }
}
