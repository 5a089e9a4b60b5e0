//! Who holds the objects of a class.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::answer::{Retainers, RetainingPath};
use crate::heap::analysis::{ClassId, Heap, from_user_root};
use crate::heap::graph::Node;
use crate::heap::holding::Alike;
use crate::heap::v8::lossy;
use crate::heap::words::Trails;

/// Objects at one place.
struct Group {
    count: u64,
    retained: u64,
    /// The one that is nearest to a root.
    nearest: (i32, Node),
}

/// The places at which they are held, those that retain most first; at most `limit` of them.
pub(super) fn of_class(heap: &Heap, name: &str, limit: usize) -> Option<Retainers> {
    let graph = heap.graph();
    let wanted: Vec<bool> = heap.classes().iter().map(|(_, class)| &*class.name == name.as_bytes()).collect();
    let is_wanted = |class: ClassId| wanted.get(class.0 as usize).is_some_and(|wanted| *wanted);
    let members: Vec<Node> = graph.nodes().filter(|node| is_wanted(heap.classes().of(*node))).collect();
    let first = members.first()?;
    let mut alike = Alike::along(heap, &[heap.paths()]);
    let mut groups: FxHashMap<Option<u32>, Group> = FxHashMap::default();
    for node in members.iter().copied() {
        let nearest = (heap.user_distance(node).unwrap_or(i32::MAX), node);
        let group = groups.entry(alike.place(0, node)).or_insert(Group { count: 0, retained: 0, nearest });
        group.count += 1;
        group.nearest = group.nearest.min(nearest);
    }
    heap.each_top_of_class(|node, class| {
        if is_wanted(class)
            && let Some(group) = groups.get_mut(&alike.place(0, node))
        {
            group.retained += heap.retained_size(node);
        }
    });
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (Reverse(group.retained), Reverse(group.count), group.nearest));
    let mut trails = Trails::new(heap);
    Some(Retainers {
        name: lossy(heap.class_name(*first)).into_owned(),
        id: None,
        count: members.len() as u64,
        shallow: members.iter().map(|node| graph.self_size(*node)).sum(),
        retained: groups.iter().map(|group| group.retained).sum(),
        distance: from_user_root(
            members.iter().map(|node| heap.distance(*node)).filter(|distance| *distance >= 0).min().unwrap_or(-1),
        ),
        path_count: groups.len(),
        paths: groups
            .iter()
            .take(limit)
            .map(|Group { count, retained, nearest: (_, node) }| RetainingPath {
                count: *count,
                retained: *retained,
                steps: trails.to(*node),
            })
            .collect(),
    })
}
