//! Suspects that are large by themselves: a text, a Buffer, a Map of numbers.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use super::about::Known;
use super::many::Lines;
use crate::heap::analysis::Heap;
use crate::heap::graph::Node;
use crate::heap::v8::{ARRAY_BUFFER, NodeKind};

/// Objects that have `threshold` bytes or more in themselves and in what V8 keeps their parts in, and that are in none of the lines.
pub(super) fn large(heap: &Heap, lines: &Lines<'_>, at: &[u32], threshold: u64) -> Vec<Known> {
    let graph = heap.graph();
    graph
        .nodes()
        .filter(|node| heap.retained_size(*node) >= threshold && !graph.is_internal(*node))
        .filter(|node| !heap.is_in_every_program(*node))
        // The source of a script is part of the program.
        .filter(|node| graph.kind(heap.dominator(*node)) != NodeKind::Code)
        // Of a text that is made of others, the whole.
        .filter(|node| !(graph.kind(*node).is_string() && graph.kind(heap.dominator(*node)).is_string()))
        .map(|node| (node, own_size(heap, node)))
        .filter(|(node, size)| *size >= threshold && !lines.has(at[node.0 as usize]))
        .map(|(large, retained)| {
            let object = view_of(heap, large);
            let held_by = lines.words(at[object.0 as usize], at[object.0 as usize]);
            Known { object, objects: 1, retained, inside: None, held_by, thing: None }
        })
        .collect()
}

/// Of an ArrayBuffer, the Buffer or typed array that alone holds it; everything else itself.
fn view_of(heap: &Heap, node: Node) -> Node {
    let above = heap.dominator(node);
    let is_view = heap.class_name(node) == ARRAY_BUFFER && heap.dominated(above).count() == 1;
    if is_view { above } else { node }
}

/// Bytes of an object and of its parts.
fn own_size(heap: &Heap, node: Node) -> u64 {
    let graph = heap.graph();
    if graph.kind(node).is_string() {
        return heap.retained_size(node);
    }
    let mut size = 0_u64;
    let mut list = vec![node];
    while let Some(part) = list.pop() {
        size = size.saturating_add(graph.self_size(part));
        list.extend(heap.dominated(part).filter(|child| graph.is_internal(*child)));
    }
    size
}
