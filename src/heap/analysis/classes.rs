//! Classes: what the nodes of a snapshot are counted as.
//!
//! DevTools' rule, so that the table of constructors is DevTools' table: V8's own objects are `(system)`, code is
//! `(compiled code)`, functions are `Function`, strings `(string)` and so on; an object is counted by its constructor's
//! name and the place where that is defined (many constructors share a name), a DOM node by its tag. Plain objects, which
//! all are `Object`, are told apart by their properties: see [`interfaces`](super::interfaces).

#![allow(
    clippy::indexing_slicing,
    reason = "ordinals and classes are below the counts that the columns were made with"
)]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use rustc_hash::FxHashMap;

use super::interfaces::{Definitions, Interfaces};
use crate::heap::graph::{Graph, Node};
use crate::heap::v8::{DETACHED, Location, NodeKind, is_detached_element};

/// A class's place in [`Classes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub(crate) u32);

/// What some nodes have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Class {
    /// As WTF-8.
    pub name: Box<[u8]>,
    /// Where the constructor is defined, if V8 says so.
    pub location: Option<Location>,
}

/// The classes of a snapshot, and which node is of which.
#[derive(Debug)]
pub struct Classes {
    of: Vec<u32>,
    all: Vec<Class>,
    pub(super) definitions: Definitions,
}

const NONE: u32 = u32::MAX;

impl Classes {
    /// Counts plain objects by the interfaces of `given`, or by those that fit this graph.
    pub(super) fn find(graph: &Graph, given: Option<&Definitions>) -> Self {
        let mut classes = Intern::default();
        let mut of = vec![NONE; graph.node_count()];
        let interfaces = Interfaces::find(graph, given, &mut of);
        let named: Vec<u32> = interfaces.names().map(|name| classes.named(name)).collect();
        // Most objects are of few names: remembered by the name's place in the table.
        let mut by_name: FxHashMap<u32, u32> = FxHashMap::default();
        let mut locations = graph.locations().peekable();
        for node in graph.nodes() {
            let class = match graph.kind(node) {
                NodeKind::Hidden => classes.fixed(Fixed::System, b"(system)"),
                NodeKind::Code => classes.fixed(Fixed::Code, b"(compiled code)"),
                NodeKind::Closure => classes.fixed(Fixed::Function, b"Function"),
                NodeKind::RegExp => classes.fixed(Fixed::RegExp, b"RegExp"),
                kind @ (NodeKind::Object | NodeKind::Native) => {
                    let shape = of[node.0 as usize];
                    let interface = if shape == NONE { None } else { interfaces.of_shape(shape) };
                    let named = match interface {
                        Some(interface) => named[interface],
                        None => {
                            let name = graph.name(node);
                            *by_name.entry(name.0).or_insert_with(|| classes.named(&tag(graph.text(name))))
                        }
                    };
                    while locations.next_if(|(located, _)| *located < node).is_some() {}
                    match locations.peek() {
                        Some((located, location)) if *located == node && kind == NodeKind::Object => {
                            classes.located(named, *location)
                        }
                        _ => named,
                    }
                }
                _ => classes.by_type(graph, node),
            };
            of[node.0 as usize] = class;
        }
        Self { of, all: classes.all, definitions: interfaces.definitions(graph) }
    }

    /// Bytes that the column takes; the classes themselves are few.
    pub(super) fn bytes(&self) -> usize {
        self.of.capacity() * size_of::<u32>()
    }

    /// All classes, in the order in which the file has their first nodes.
    pub fn iter(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        (0..).map(ClassId).zip(&self.all)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The class of a node.
    pub fn of(&self, node: Node) -> ClassId {
        ClassId(self.of[node.0 as usize])
    }

    /// A class.
    pub fn get(&self, class: ClassId) -> &Class {
        &self.all[class.0 as usize]
    }
}

#[derive(Clone, Copy)]
enum Fixed {
    System,
    Code,
    Function,
    RegExp,
}

#[derive(Default)]
struct Intern {
    all: Vec<Class>,
    named: FxHashMap<Box<[u8]>, u32>,
    located: FxHashMap<(u32, Location), u32>,
    fixed: [Option<u32>; 4],
    by_kind: FxHashMap<String, u32>,
    /// The last type and its class: nodes of a type come in runs.
    last: Option<(NodeKind, u32)>,
}

impl Intern {
    fn add(&mut self, class: Class) -> u32 {
        self.all.push(class);
        (self.all.len() - 1) as u32
    }

    fn named(&mut self, name: &[u8]) -> u32 {
        if let Some(known) = self.named.get(name) {
            return *known;
        }
        let class = self.add(Class { name: name.into(), location: None });
        self.named.insert(name.into(), class);
        class
    }

    fn located(&mut self, named: u32, location: Location) -> u32 {
        if let Some(known) = self.located.get(&(named, location)) {
            return *known;
        }
        let name = self.all[named as usize].name.clone();
        let class = self.add(Class { name, location: Some(location) });
        self.located.insert((named, location), class);
        class
    }

    fn fixed(&mut self, which: Fixed, name: &[u8]) -> u32 {
        match self.fixed[which as usize] {
            Some(known) => known,
            None => {
                let class = self.named(name);
                self.fixed[which as usize] = Some(class);
                class
            }
        }
    }

    fn by_type(&mut self, graph: &Graph, node: Node) -> u32 {
        let kind = graph.kind(node);
        if let Some((last, class)) = self.last
            && last == kind
            && kind != NodeKind::Other
        {
            return class;
        }
        let name = graph.type_name(node);
        let class = match self.by_kind.get(name) {
            Some(known) => *known,
            None => {
                let class = self.named(format!("({name})").as_bytes());
                self.by_kind.insert(name.to_owned(), class);
                class
            }
        };
        self.last = Some((kind, class));
        class
    }
}

/// `<div id="a">` is counted as `<div>`, `Detached <div id="a">` as `Detached <div>`.
fn tag(name: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let skipped = match name {
        [b'<', ..] => 0,
        _ if is_detached_element(name) => DETACHED.len(),
        _ => return name.into(),
    };
    match memchr::memchr(b' ', &name[skipped..]) {
        Some(space) => [&name[..skipped + space], b">"].concat().into(),
        None => name.into(),
    }
}
