//! Which code a node comes from: the scripts of a heap, and of every function, scope and class the place in them.
//!
//! V8 writes the number of a script with each location, and the script's name as a node of its own; a function leads to both. A
//! scope (a context) has no location: its `ScopeInfo` is that of the function it belongs to.

use rustc_hash::FxHashMap;

use super::scripts::ScriptPlace;
use crate::heap::graph::{Functions, Graph, Name, Node, scope_info};
use crate::heap::v8::{Location, NodeKind, lossy};

/// The scripts and functions of one heap.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// By V8's number, the name.
    scripts: FxHashMap<u32, Name>,
    /// By a `ScopeInfo`, the function whose scope it describes.
    scopes: FxHashMap<Node, Function>,
}

#[derive(Debug, Clone, Copy)]
struct Function {
    name: Option<Name>,
    script: Name,
    location: Option<Location>,
}

impl Code {
    pub(crate) fn find(graph: &Graph) -> Self {
        let functions = Functions::of(graph);
        let mut code = Self::default();
        let mut locations: FxHashMap<Node, Location> = FxHashMap::default();
        // Where the outer function is gone, an inner one still tells its script.
        let mut outer = Vec::new();
        for node in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::Closure) {
            let Some(shared) = functions.shared(graph, node) else { continue };
            let script = functions.script(graph, shared);
            let info = functions.scope_around(graph, node);
            outer.extend(info.map(|info| (info, script)));
            let Some(location) = graph.location(node) else { continue };
            locations.insert(shared, location);
            if let Some(script) = script {
                code.scripts.entry(location.script).or_insert(script);
            }
        }
        for shared in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::Code) {
            let Some(script) = functions.script(graph, shared) else { continue };
            let function =
                Function { name: Some(graph.name(shared)), script, location: locations.get(&shared).copied() };
            if let Some(info) = functions.own_scope(graph, shared) {
                code.scopes.entry(info).or_insert(function);
            }
            let info = functions.outer_scope(graph, shared);
            outer.extend(info.map(|info| (info, Some(script))));
        }
        let mut scripts: FxHashMap<Node, Option<Name>> = FxHashMap::default();
        for (info, script) in outer {
            // What describes the scopes of functions of V8's own is the same for many.
            let known = scripts.entry(info).or_insert(script);
            *known = known.filter(|known| Some(*known) == script);
        }
        for (info, script) in scripts {
            if let Some(script) = script {
                code.scopes.entry(info).or_insert(Function { name: None, script, location: None });
            }
        }
        code
    }

    /// Where the node's constructor, or the function that it is, is defined.
    pub(crate) fn place(&self, graph: &Graph, node: Node) -> Option<ScriptPlace> {
        let location = graph.location(node)?;
        let script = || self.scripts.get(&location.script).map(|script| graph.text(*script));
        Some(ScriptPlace::new(&lossy(graph.source_text(location.script).or_else(script)?), Some(location)))
    }

    /// What a CommonJS module is called, by its file.
    pub(crate) fn module(&self, graph: &Graph, module: Node) -> Option<ScriptPlace> {
        graph.property(module, b"loaded").and(graph.property(module, b"exports"))?;
        let file = graph.property(module, b"filename").filter(|file| graph.kind(*file) == NodeKind::String)?;
        Some(ScriptPlace::new(&lossy(graph.text(graph.name(file))), None))
    }

    /// What a scope is called: `cart.js` for that of a module, `serve() (cart.js:12)` for that of a function.
    pub(crate) fn scope(&self, graph: &Graph, context: Node) -> Option<ScriptPlace> {
        let function = self.scopes.get(&scope_info(graph, context)?)?;
        let source = function.location.and_then(|at| graph.source_text(at.script));
        let script = lossy(source.unwrap_or_else(|| graph.text(function.script)));
        // A function without a name is called `(shared function info)` by V8.
        let name =
            function.name.map(|name| lossy(graph.text(name))).filter(|name| !name.starts_with('(')).unwrap_or_default();
        // The function around a CommonJS module has no name, and nor has a module.
        let at = function.location.filter(|at| !name.is_empty() || at.line > 0);
        let place = ScriptPlace::new(&script, at);
        let text = if name.is_empty() { place.text } else { format!("{name}() ({})", place.text) };
        Some(ScriptPlace { text, ..place })
    }
}
