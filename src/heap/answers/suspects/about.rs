//! A suspect, described.

use serde::Serialize;

use super::holds::{Held, holds};
use crate::heap::analysis::Heap;
use crate::heap::graph::Node;
use crate::heap::v8::NodeKind;
use crate::heap::words::{Step, Trails, percent, thousands};

/// One object that holds much, or several of one class that do; or one that is large itself.
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
    /// Bytes of what they hold.
    pub retained: u64,
    /// Of all of the heap, 0 to 1.
    pub share: f64,
    /// Where the mass is: the object, or the one of the class that retains most.
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
    /// Who holds it, and as what, in the words of a diff: `MemoryStore.sessions`, `cart.js: carts`.
    pub held_by: String,
    /// What it holds: first what there is most of.
    pub holds: Vec<Held>,
}

/// What is known of a suspect.
#[derive(Debug)]
pub(super) struct Known {
    /// The object that holds, or is large.
    pub(super) object: Node,
    /// How many of its class do.
    pub(super) objects: u64,
    pub(super) retained: u64,
    pub(super) held_by: String,
    /// Many that those who hold it are parts of.
    pub(super) inside: Option<String>,
    /// What is held, and how many of it; `None` of what is large itself.
    pub(super) thing: Option<(String, u64)>,
}

impl Known {
    pub(super) fn describe(self, heap: &Heap, trails: &mut Trails<'_>) -> Suspect {
        let Self { object, objects, retained, held_by, inside, thing } = self;
        let graph = heap.graph();
        let (name, id) = (trails.name(object), graph.id(object));
        let share = ratio(retained, heap.total_size());
        // The class is said, unless the words have it; V8's roots have no class.
        let who = match objects {
            _ if graph.kind(object) == NodeKind::Synthetic => String::new(),
            1 if held_by.contains(&name) => format!(" (@{id})"),
            1 => format!(" ({name} @{id})"),
            _ => format!(" ({} {name}, the largest is @{id})", thousands(objects)),
        };
        let text = match &thing {
            Some((thing, count)) => {
                let inside = inside.map_or(String::new(), |inside| format!(", in {inside},"));
                format!(
                    "{} {thing} held by {held_by}{who}{inside} {} {} of the heap",
                    thousands(*count),
                    if *count == 1 { "retains" } else { "retain" },
                    percent(share)
                )
            }
            None => format!("One {name} (@{id}) held by {held_by} is {} of the heap", percent(share)),
        };
        let held = thing.map(|(name, count)| Held { name, count, retained });
        Suspect {
            kind: if objects == 1 { "object" } else { "class" },
            id: (objects == 1).then_some(id),
            count: objects,
            retained,
            share,
            accumulation: Accumulation {
                id,
                name: name.clone(),
                retained: heap.retained_size(object),
                held_by,
                holds: holds(heap, object, held),
            },
            path: trails.to(object),
            name,
            text,
        }
    }
}

/// What part the one is of the other, 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a share of a size")]
fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
