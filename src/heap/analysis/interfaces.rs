//! Interfaces: plain objects told apart by the properties that they have.
//!
//! The rule is DevTools'. Every plain object proposes the list of its properties, in their order, as many as fit into 120
//! characters. A list is an interface if two objects or more, and one in a thousand or more, propose it. An object is counted
//! under the interface with the most properties, of those whose properties it all has.
//!
//! Many objects share few lists, so all work is done once for each list, not for each object.

#![allow(clippy::indexing_slicing, reason = "shapes and interfaces are numbered here")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use rustc_hash::FxHashMap;

use crate::heap::graph::{Graph, Name};
use crate::heap::v8::{EdgeKind, NodeKind, OBJECT, PROTO, lossy, utf16_length};

/// The longest name of an interface, unless its first property alone is longer.
const MAX_NAME: usize = 120;
const MIN_OBJECTS: u64 = 2;
const MIN_PROPORTION: u64 = 1000;

pub(super) struct Interfaces {
    definitions: Vec<Definition>,
    /// By shape, the interface.
    matches: Vec<Option<usize>>,
}

struct Definition {
    name: String,
    properties: Vec<u32>,
    count: u64,
}

/// Interfaces in words, to count one heap by those of another.
#[derive(Debug, Clone, Default)]
pub struct Definitions(Vec<(String, Vec<Box<[u8]>>)>);

/// A list of properties that plain objects have.
struct Shape {
    properties: Box<[u32]>,
    count: u64,
}

impl Interfaces {
    /// Finds the interfaces, or takes those of `given`; leaves the number of its shape at the place of each plain object in
    /// `shape_of`.
    pub(super) fn find(graph: &Graph, given: Option<&Definitions>, shape_of: &mut [u32]) -> Self {
        let shapes = shapes(graph, shape_of);
        let definitions = given.map_or_else(|| inferred(graph, &shapes), |given| given.here(graph));
        let prefixes = Prefixes::new(&definitions);
        let mut states = Vec::new();
        let matches = shapes.iter().map(|shape| prefixes.best(&shape.properties, &mut states)).collect();
        Self { definitions, matches }
    }

    pub(super) fn definitions(&self, graph: &Graph) -> Definitions {
        let text = |property: &u32| graph.text(Name(*property)).into();
        Definitions(
            self.definitions.iter().map(|own| (own.name.clone(), own.properties.iter().map(text).collect())).collect(),
        )
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.definitions.iter().map(|definition| definition.name.as_bytes())
    }

    pub(super) fn of_shape(&self, shape: u32) -> Option<usize> {
        self.matches[shape as usize]
    }
}

impl Definitions {
    /// The definitions in the names of a graph. One with a property that the graph has no name for fits nothing in it.
    fn here(&self, graph: &Graph) -> Vec<Definition> {
        let mut names: FxHashMap<&[u8], Option<u32>> =
            self.0.iter().flat_map(|(_, properties)| properties).map(|property| (&**property, None)).collect();
        for (name, text) in graph.texts() {
            if let Some(known) = names.get_mut(text) {
                *known = Some(name.0);
            }
        }
        let here = |property: &[u8]| names.get(property).copied().flatten();
        self.0
            .iter()
            .filter_map(|(name, properties)| {
                let properties = properties.iter().map(|property| here(property)).collect::<Option<_>>()?;
                Some(Definition { name: name.clone(), properties, count: 0 })
            })
            .collect()
    }
}

fn inferred(graph: &Graph, shapes: &[Shape]) -> Vec<Definition> {
    let total: u64 = shapes.iter().map(|shape| shape.count).sum();
    let mut definitions = candidates(graph, shapes);
    definitions.retain(|definition| definition.count >= MIN_OBJECTS && definition.count * MIN_PROPORTION >= total);
    // Stable: of the same count, the one met first comes first.
    definitions.sort_by_key(|definition| std::cmp::Reverse(definition.count));
    definitions
}

/// The lists of properties, in the order in which their first objects come.
fn shapes(graph: &Graph, shape_of: &mut [u32]) -> Vec<Shape> {
    let Some(object) = graph.find_text(OBJECT) else { return Vec::new() };
    let proto = graph.find_text(PROTO);
    let mut shapes: Vec<Shape> = Vec::new();
    let mut known: FxHashMap<Box<[u32]>, u32> = FxHashMap::default();
    let mut list = Vec::new();
    for node in graph.nodes() {
        if graph.kind(node) != NodeKind::Object || graph.name(node) != object {
            continue;
        }
        list.clear();
        for edge in graph.edges(node).filter(|edge| graph.edge_kind(*edge) == EdgeKind::Property) {
            if let Some(name) = graph.edge_name(edge).filter(|name| Some(*name) != proto) {
                list.push(name.0);
            }
        }
        let shape = match known.get(list.as_slice()) {
            Some(shape) => *shape,
            None => {
                let shape = shapes.len() as u32;
                shapes.push(Shape { properties: list.as_slice().into(), count: 0 });
                known.insert(list.as_slice().into(), shape);
                shape
            }
        };
        shapes[shape as usize].count += 1;
        shape_of[node.0 as usize] = shape;
    }
    shapes
}

fn candidates(graph: &Graph, shapes: &[Shape]) -> Vec<Definition> {
    let mut all: Vec<Definition> = Vec::new();
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    for shape in shapes {
        let mut name = String::from("{");
        let mut length = 1;
        let mut properties = Vec::new();
        for property in &shape.properties {
            let shown = shown(graph.text(Name(*property)));
            let own = utf16_length(shown.as_bytes());
            if length > 1 && length + own > MAX_NAME {
                break;
            }
            if length > 1 {
                name.push_str(", ");
                length += 2;
            }
            name.push_str(&shown);
            length += own;
            properties.push(*property);
        }
        if properties.is_empty() {
            continue;
        }
        name.push('}');
        match known.get(&name) {
            Some(at) => all[*at].count += shape.count,
            None => {
                known.insert(name.clone(), all.len());
                all.push(Definition { name, properties, count: shape.count });
            }
        }
    }
    all
}

/// A property's name, in quotes where it would be mistaken for something else.
fn shown(name: &[u8]) -> std::borrow::Cow<'_, str> {
    let name = lossy(name);
    if name.contains([',', '\'', '"', '{', '}']) {
        return serde_json::to_string(&name).unwrap_or_default().into();
    }
    name
}

/// The definitions' sorted properties as a tree, so that one pass over a list finds all definitions that are part of it.
struct Prefixes {
    branches: Vec<Branch>,
}

#[derive(Default)]
struct Branch {
    next: FxHashMap<u32, usize>,
    /// The definition that ends here, and its number of properties.
    ends: Option<(usize, usize)>,
}

impl Prefixes {
    fn new(definitions: &[Definition]) -> Self {
        let mut branches = vec![Branch::default()];
        for (index, definition) in definitions.iter().enumerate() {
            let mut properties = definition.properties.clone();
            properties.sort_unstable();
            let mut at = 0;
            for property in &properties {
                at = match branches[at].next.get(property) {
                    Some(next) => *next,
                    None => {
                        branches.push(Branch::default());
                        let next = branches.len() - 1;
                        branches[at].next.insert(*property, next);
                        next
                    }
                };
            }
            branches[at].ends.get_or_insert((index, properties.len()));
        }
        Self { branches }
    }

    /// The definition with the most properties, and of those the first, that `properties` has all of.
    fn best(&self, properties: &[u32], states: &mut Vec<usize>) -> Option<usize> {
        let mut sorted = properties.to_vec();
        sorted.sort_unstable();
        states.clear();
        states.push(0);
        let mut best: Option<(usize, usize)> = None;
        for property in &sorted {
            for at in 0..states.len() {
                let Some(next) = self.branches[states[at]].next.get(property) else { continue };
                // A name that occurs twice must not be followed twice.
                if states.contains(next) {
                    continue;
                }
                states.push(*next);
                if let Some((index, count)) = self.branches[*next].ends
                    && best.is_none_or(|(known, most)| count > most || (count == most && index < known))
                {
                    best = Some((index, count));
                }
            }
        }
        best.map(|(index, _)| index)
    }
}
