//! Asks the maps about each place once, and writes what they say into the graph.

use rustc_hash::FxHashMap;

use super::added::Added;
use super::variables::variables;
use crate::heap::graph::{Functions, Graph, Name, Node, Original};
use crate::heap::reading::checkpoint;
use crate::heap::v8::{Location, NodeKind, lossy};
use crate::source_maps::{MapsFrom, MapsUsed, Plain, SourceMaps};

/// What functions, and objects by their constructors, have in common: where they begin, and what they are called.
type Place = (Location, Name);

/// Puts sources in the place of scripts.
pub(crate) fn rewrite(graph: &mut Graph, from: &MapsFrom, has_room: &dyn Fn(u64) -> bool) -> MapsUsed {
    let functions = Functions::of(graph);
    let scripts = scripts(graph, &functions);
    let names: Vec<String> = scripts.values().cloned().collect();
    let mut maps = SourceMaps::new(from, &Plain, &names, has_room);
    let mut added = Added::default();
    let originals = ask(graph, &scripts, &mut maps, &mut added);
    let variables = variables(graph, &functions, &scripts, &mut maps, &mut added);
    let renamed: Vec<(Node, Name)> = graph
        .nodes()
        .filter(|node| graph.kind(*node) == NodeKind::Closure)
        .filter_map(|node| {
            let (name, original) = (graph.name(node), originals.get(&(graph.location(node)?, graph.name(node)))?);
            // A scope is known by what the functions of the same code share.
            let shared = functions.shared(graph, node).filter(|shared| graph.name(*shared) == name)?;
            Some((shared, original.name?))
        })
        .collect();
    for (shared, name) in renamed {
        graph.rename(shared, name);
    }
    graph.rename_edges(variables);
    graph.put_originals(&originals);
    maps.used()
}

/// The names of scripts, by V8's numbers.
fn scripts(graph: &Graph, functions: &Functions) -> FxHashMap<u32, String> {
    let mut scripts = FxHashMap::default();
    for node in graph.nodes().filter(|node| graph.kind(*node) == NodeKind::Closure) {
        let Some(location) = graph.location(node).filter(|location| !scripts.contains_key(&location.script)) else {
            continue;
        };
        if let Some(name) = functions.shared(graph, node).and_then(|shared| functions.script(graph, shared)) {
            scripts.insert(location.script, lossy(graph.text(name)).into_owned());
        }
    }
    scripts
}

fn ask(
    graph: &mut Graph,
    scripts: &FxHashMap<u32, String>,
    maps: &mut SourceMaps<'_>,
    added: &mut Added,
) -> FxHashMap<Place, Original> {
    let mut places: Vec<(&str, Place)> = graph
        .locations()
        .filter_map(|(node, location)| Some((scripts.get(&location.script)?.as_str(), (location, graph.name(node)))))
        // What has no name at the beginning of a script is the script itself.
        .filter(|(_, (at, name))| at.line > 0 || at.column > 0 || !graph.text(*name).is_empty())
        .collect();
    // Script by script: not all may be in memory at once.
    places.sort_unstable_by_key(|(script, (at, name))| (*script, at.script, at.line, at.column, *name));
    places.dedup();
    let mut originals = FxHashMap::default();
    for (script, place) in places {
        checkpoint(0);
        let (at, name) = place;
        let found = maps.original(script, at.line, at.column, &lossy(graph.text(name)));
        let original = found.and_then(|found| {
            let script = added.source(graph, &found.source)?;
            let name = found.name.and_then(|name| added.text(graph, &name.into()));
            Some(Original { location: Location { script, line: found.line, column: found.column }, name })
        });
        originals.extend(original.map(|original| (place, original)));
    }
    originals
}
