//! Variables by their names in the sources: those of functions, and those of whole scripts.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use super::added::Added;
use crate::heap::graph::{Edge, Functions, Graph, Name, Node, scope_info};
use crate::heap::reading::checkpoint;
use crate::heap::v8::{CONTEXT, EdgeKind, Location, NATIVE_CONTEXT, NodeKind, lossy};
use crate::source_maps::SourceMaps;

/// Where the functions of a heap are, by what describes their scopes.
#[derive(Default)]
struct Scopes {
    functions: FxHashMap<Node, Location>,
    /// Of scopes in which functions were made, the number of the script.
    scripts: FxHashMap<Node, u32>,
}

impl Scopes {
    fn find(graph: &Graph, functions: &Functions) -> Self {
        let mut scopes = Self::default();
        for node in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::Closure) {
            let Some((location, shared)) = graph.location(node).zip(functions.shared(graph, node)) else { continue };
            if let Some(own) = functions.own_scope(graph, shared) {
                scopes.functions.entry(own).or_insert(location);
            }
            if let Some(around) = functions.scope_around(graph, node) {
                scopes.scripts.entry(around).or_insert(location.script);
            }
        }
        scopes
    }

    /// The script of a scope, and the place of its function; without one, it is the scope of the whole script.
    fn place(&self, graph: &Graph, functions: &Functions, context: Node) -> Option<(u32, Option<(u32, u32)>)> {
        let info = scope_info(graph, context)?;
        if let Some(at) = self.functions.get(&info) {
            // At the beginning of a script is the function that Node.js has put around a module.
            let function = Some((at.line, at.column)).filter(|place| *place != (0, 0));
            return Some((at.script, function));
        }
        let around = functions.previous(graph, context)?;
        let is_whole = graph.text(graph.name(around)) == NATIVE_CONTEXT;
        self.scripts.get(&info).filter(|_| is_whole).map(|script| (*script, None))
    }
}

/// The references to variables that have another name in their source, with that.
pub(super) fn variables(
    graph: &mut Graph,
    functions: &Functions,
    scripts: &FxHashMap<u32, String>,
    maps: &mut SourceMaps<'_>,
    added: &mut Added,
) -> Vec<(Edge, Name)> {
    let scopes = Scopes::find(graph, functions);
    let context = graph.find_text(CONTEXT);
    let mut contexts: Vec<_> = graph
        .nodes()
        .filter(|node| Some(graph.name(*node)) == context)
        .filter_map(|node| {
            let (script, function) = scopes.place(graph, functions, node)?;
            Some((scripts.get(&script)?.as_str(), function, node))
        })
        .collect();
    contexts.sort_unstable();
    let mut renamed = Vec::new();
    let (mut last, mut names) = (None, HashMap::new());
    for (script, function, context) in contexts {
        checkpoint(0);
        if last != Some((script, function)) {
            names = maps.variables(script, function);
            last = Some((script, function));
        }
        for edge in graph.edges(context).filter(|_| !names.is_empty()) {
            let name = graph.edge_name(edge).filter(|_| graph.edge_kind(edge) == EdgeKind::Context);
            let original = name.and_then(|name| names.get(&*lossy(graph.text(name))));
            let original = original.and_then(|original| added.text(graph, &original.as_str().into()));
            renamed.extend(original.map(|original| (edge, original)));
        }
    }
    renamed
}
