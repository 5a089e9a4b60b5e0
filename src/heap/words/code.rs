//! Which code a node comes from: the scripts of a heap, and of every function, scope and class the place in them.
//!
//! V8 writes the number of a script with each location, and the script's name as a node of its own; a function leads to both. A
//! scope (a context) has no location: its `ScopeInfo` is that of the function it belongs to. A call that was suspended has its variables
//! itself, and leads to its function.

use rustc_hash::FxHashMap;

use super::scripts::{ScriptPlace, function_text};
use crate::heap::graph::{Functions, Graph, Name, Node, scope_info};
use crate::heap::v8::{CONTEXT, GENERATOR, Location, NodeKind, lossy};

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
    /// It is not the function's scope, but that of a block in it.
    block: bool,
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
            let (name, location) = (Some(graph.name(shared)), locations.get(&shared).copied());
            let function = Function { name, script, location, block: false };
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
        let mut inner = Vec::new();
        for (info, script) in &scripts {
            let Some(script) = *script else { continue };
            let of_script = Function { name: None, script, location: None, block: false };
            // One that is in another scope of the script is a block's.
            let function = scope_info(graph, *info).and_then(|around| match scripts.get(&around) {
                _ if code.scopes.contains_key(&around) => code.scopes.get(&around).copied(),
                Some(Some(_)) => Some(of_script),
                _ => None,
            });
            let block = function.filter(|function| function.script == script);
            inner.push((*info, block.map_or(of_script, |function| Function { block: true, ..function })));
        }
        for (info, function) in inner {
            code.scopes.entry(info).or_insert(function);
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

    /// What a scope is called: `cart.js` for that of a module, `serve() (cart.js:12)` for that of a function, or of one that was suspended.
    pub(crate) fn scope(&self, graph: &Graph, node: Node) -> Option<ScriptPlace> {
        match graph.text(graph.name(node)) {
            CONTEXT => self.context(graph, node),
            GENERATOR => self.suspended(graph, node),
            _ => None,
        }
    }

    fn suspended(&self, graph: &Graph, generator: Node) -> Option<ScriptPlace> {
        let function = graph.internal(generator, b"function").filter(|to| graph.kind(*to) == NodeKind::Closure)?;
        let place = self.place(graph, function)?;
        Some(ScriptPlace { text: function_text(&lossy(graph.text(graph.name(function))), &place), ..place })
    }

    fn context(&self, graph: &Graph, context: Node) -> Option<ScriptPlace> {
        let function = self.scopes.get(&scope_info(graph, context)?)?;
        let source = function.location.and_then(|at| graph.source_text(at.script));
        let script = lossy(source.unwrap_or_else(|| graph.text(function.script)));
        // A function without a name is called `(shared function info)` by V8.
        let name =
            function.name.map(|name| lossy(graph.text(name))).filter(|name| !name.starts_with('(')).unwrap_or_default();
        // The function around a CommonJS module has no name, and nor has a module.
        let at = function.location.filter(|at| !name.is_empty() || at.line > 0);
        let place = ScriptPlace::new(&script, at);
        let text = if name.is_empty() { place.text.clone() } else { function_text(&name, &place) };
        let text = if function.block { format!("block in {text}") } else { text };
        Some(ScriptPlace { text, ..place })
    }
}
