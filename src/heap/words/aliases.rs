//! Better names for classes of minified code, which are called `u` or `_`: what the constructor says that it is called, or the
//! name under which a module gives it out.

use rustc_hash::FxHashMap;

use crate::heap::graph::{Edge, Graph, Name, Node};
use crate::heap::v8::{EdgeKind, NodeKind};

/// Names that are not longer than this say nothing.
const SHORT: usize = 2;

/// The constructors of one heap that have a short name, with a better one.
#[derive(Debug)]
pub(crate) struct Aliases(FxHashMap<Node, Name>);

impl Aliases {
    pub(crate) fn find(graph: &Graph) -> Self {
        let mut given: FxHashMap<Node, Name> = FxHashMap::default();
        for holder in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::Object) {
            for (name, constructor) in graph.edges(holder).filter_map(|edge| given_out(graph, edge)) {
                let known = given.entry(constructor).or_insert(name);
                // The same in every heap, in whatever order the references are.
                let rank = |name: Name| (graph.text(name).len(), graph.text(name));
                if rank(name) > rank(*known) {
                    *known = name;
                }
            }
        }
        for (constructor, name) in &mut given {
            let own = graph.property(*constructor, b"name").filter(|own| graph.kind(*own) == NodeKind::String);
            if let Some(own) = own.map(|own| graph.name(own)).filter(|own| is_name_of_class(graph.text(*own))) {
                *name = own;
            }
        }
        Self(given)
    }

    /// Of a constructor.
    pub(crate) fn of(&self, constructor: Node) -> Option<Name> {
        self.0.get(&constructor).copied()
    }
}

/// Whether a class needs a better name.
pub(crate) fn is_short(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= SHORT
}

/// The name of a reference to a constructor, and that, if it is better than its own.
fn given_out(graph: &Graph, edge: Edge) -> Option<(Name, Node)> {
    let constructor = graph.target(edge);
    let is_property = graph.edge_kind(edge) == EdgeKind::Property && graph.kind(constructor) == NodeKind::Closure;
    let name = graph.edge_name(edge).filter(|_| is_property && is_short(graph.text(graph.name(constructor))))?;
    is_name_of_class(graph.text(name)).then_some((name, constructor))
}

fn is_name_of_class(name: &[u8]) -> bool {
    name.len() > SHORT
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}
