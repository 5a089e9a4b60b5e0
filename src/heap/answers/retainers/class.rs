//! Who holds the objects of a class.

#![allow(
    clippy::indexing_slicing,
    reason = "ordinals and classes are below the counts that the columns were made with"
)]

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::answer::{Retainers, RetainingPath};
use crate::heap::analysis::{ClassId, Heap, from_user_root};
use crate::heap::graph::Node;
use crate::heap::holding::Shortest;
use crate::heap::v8::lossy;
use crate::heap::words::path_to;

/// The places at which they are held, those that retain most first; at most `limit` of them.
pub(super) fn of_class(heap: &Heap, name: &str, limit: usize) -> Option<Retainers> {
    let graph = heap.graph();
    let wanted: Vec<bool> = heap.classes().iter().map(|(_, class)| &*class.name == name.as_bytes()).collect();
    let is_wanted = |class: ClassId| wanted[class.0 as usize];
    let members: Vec<Node> = graph.nodes().filter(|node| is_wanted(heap.classes().of(*node))).collect();
    let first = members.first()?;
    let mut retained: FxHashMap<u32, u64> = FxHashMap::default();
    let places = Shortest::new().place(heap);
    heap.each_top_of_class(|node, class| {
        if is_wanted(class) {
            *retained.entry(places[node.0 as usize]).or_default() += heap.retained_size(node);
        }
    });
    let mut groups: FxHashMap<u32, (u64, Node)> = FxHashMap::default();
    for node in &members {
        groups.entry(places[node.0 as usize]).or_insert((0, *node)).0 += 1;
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(place, (count, example))| (retained.get(&place).copied().unwrap_or_default(), count, example))
        .collect();
    groups.sort_by_key(|(retained, count, example)| (Reverse(*retained), Reverse(*count), *example));
    Some(Retainers {
        name: lossy(heap.class_name(*first)).into_owned(),
        id: None,
        count: members.len() as u64,
        shallow: members.iter().map(|node| graph.self_size(*node)).sum(),
        retained: retained.values().sum(),
        distance: from_user_root(
            members.iter().map(|node| heap.distance(*node)).filter(|distance| *distance >= 0).min().unwrap_or(-1),
        ),
        path_count: groups.len(),
        paths: groups
            .into_iter()
            .take(limit)
            .map(|(retained, count, example)| RetainingPath { count, retained, steps: path_to(heap, example) })
            .collect(),
    })
}
