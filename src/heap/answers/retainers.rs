//! Who holds an object, or the objects of a class.
//!
//! Of an object: everything that refers to it, nearest to a root first, each with the shortest path to it. Of a class: the
//! positions at which its objects are held (see [`crate::heap::holding`]), those that retain most first. Either way, paths that
//! differ only in indices and keys are one path with a count.

#![allow(
    clippy::indexing_slicing,
    reason = "ordinals and positions are below the counts that the columns were made with"
)]

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::heap::analysis::{ClassId, Heap, from_user_root};
use crate::heap::graph::{Edge, Node};
use crate::heap::holding::Positions;
use crate::heap::v8::{EdgeKind, lossy};
use crate::heap::words::{Step, path_to, pattern, shown_name};

/// Whose retainers are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The object with this id of V8's.
    Id(u32),
    /// All objects of the classes with this name.
    Class(String),
}

impl Target {
    /// `@123` is an id, everything else a class.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('@').and_then(|id| id.parse().ok()) {
            Some(id) => Self::Id(id),
            None => Self::Class(text.to_owned()),
        }
    }
}

/// Who holds a target.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retainers {
    /// What was asked for, by its name.
    pub name: String,
    /// V8's id; `null` for a class.
    pub id: Option<u32>,
    /// How many objects: 1, or those of the class.
    pub count: u64,
    /// Bytes of the objects themselves.
    pub shallow: u64,
    /// Bytes that they retain.
    pub retained: u64,
    /// References from a root to the nearest.
    pub distance: Option<i32>,
    /// How many different paths there are; `paths` has the first of them.
    pub path_count: usize,
    /// The paths.
    pub paths: Vec<RetainingPath>,
}

/// A path, or several that are alike.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetainingPath {
    /// How many objects hold the target like this (or, of a class, are held like this).
    pub count: u64,
    /// Of a class, the bytes that those objects retain; of an object, what the whole object retains.
    pub retained: u64,
    /// One of them, from a root to the target.
    pub steps: Vec<Step>,
}

/// Finds the paths, at most `limit`. `None` if the heap has no such object or class.
pub fn retainers(heap: &Heap, target: &Target, limit: usize) -> Option<Retainers> {
    match target {
        Target::Id(id) => heap.graph().find_id(*id).map(|node| of_object(heap, node, limit)),
        Target::Class(name) => of_class(heap, name, limit),
    }
}

fn of_object(heap: &Heap, node: Node, limit: usize) -> Retainers {
    let graph = heap.graph();
    let paths = heap.paths();
    let mut holding: Vec<(Node, Edge)> = graph
        .nodes()
        .filter(|source| *source != node)
        .flat_map(|source| graph.edges(source).map(move |edge| (source, edge)))
        .filter(|(_, edge)| graph.target(*edge) == node && graph.edge_kind(*edge) != EdgeKind::Weak)
        // What is itself reached through the object does not hold it against anybody.
        .filter(|(source, _)| *source == graph.root() || !paths.passes(graph, *source, node))
        .collect();
    holding.sort_by_key(|(source, edge)| (heap.user_distance(*source).unwrap_or(i32::MAX), *edge));
    let mut alike: Vec<RetainingPath> = Vec::new();
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    for (source, edge) in holding {
        let mut steps = if source == graph.root() { Vec::new() } else { path_to(heap, source) };
        steps.push(Step::over(heap, node, (source != graph.root()).then_some(edge)));
        match known.get(&pattern(&steps)) {
            Some(at) => alike[*at].count += 1,
            None => {
                known.insert(pattern(&steps), alike.len());
                alike.push(RetainingPath { count: 1, retained: heap.retained_size(node), steps });
            }
        }
    }
    let path_count = alike.len();
    alike.truncate(limit);
    Retainers {
        name: shown_name(heap, node),
        id: Some(graph.id(node)),
        count: 1,
        shallow: graph.self_size(node),
        retained: heap.retained_size(node),
        distance: heap.user_distance(node),
        path_count,
        paths: alike,
    }
}

fn of_class(heap: &Heap, name: &str, limit: usize) -> Option<Retainers> {
    let graph = heap.graph();
    let wanted: Vec<bool> = heap.classes().iter().map(|(_, class)| &*class.name == name.as_bytes()).collect();
    let is_wanted = |class: ClassId| wanted[class.0 as usize];
    let members: Vec<Node> = graph.nodes().filter(|node| is_wanted(heap.classes().of(*node))).collect();
    let first = members.first()?;
    let mut retained: FxHashMap<u32, u64> = FxHashMap::default();
    let positions = Positions::new().place(heap);
    heap.each_top_of_class(|node, class| {
        if is_wanted(class) {
            *retained.entry(positions[node.0 as usize]).or_default() += heap.retained_size(node);
        }
    });
    let mut groups: FxHashMap<u32, (u64, Node)> = FxHashMap::default();
    for node in &members {
        groups.entry(positions[node.0 as usize]).or_insert((0, *node)).0 += 1;
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(position, (count, example))| (retained.get(&position).copied().unwrap_or_default(), count, example))
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
