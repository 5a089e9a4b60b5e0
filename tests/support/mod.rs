//! Small snapshots, written as V8 writes them.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(unreachable_pub, missing_docs, reason = "not a library")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use std::collections::HashMap;
use std::fmt::Write;

use heapkit::heap::{Graph, Reader};

pub const NODE_TYPES: [&str; 14] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
];
pub const EDGE_TYPES: [&str; 7] = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

/// A snapshot that grows node by node; node 0 is the root.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    nodes: Vec<(&'static str, String, u64)>,
    edges: Vec<Vec<(&'static str, String, usize)>>,
    /// By node: script and line, both from 0.
    locations: Vec<(usize, u32, u32)>,
}

impl Snapshot {
    pub fn new() -> Self {
        let mut snapshot = Self::default();
        snapshot.node("synthetic", "", 0);
        snapshot
    }

    pub fn node(&mut self, kind: &'static str, name: &str, size: u64) -> usize {
        self.nodes.push((kind, name.to_owned(), size));
        self.edges.push(Vec::new());
        self.nodes.len() - 1
    }

    /// `name` is a number for elements and hidden edges.
    pub fn edge(&mut self, from: usize, kind: &'static str, name: &str, to: usize) {
        self.edges[from].push((kind, name.to_owned(), to));
    }

    /// Where the node's constructor, or the function that it is, is defined.
    pub fn location(&mut self, node: usize, script: u32, line: u32) {
        self.locations.push((node, script, line));
    }

    /// The id that the file gives the node.
    pub fn id(node: usize) -> u32 {
        node as u32 * 2 + 1
    }

    pub fn json(&self) -> String {
        let mut strings: Vec<&str> = vec!["<dummy>"];
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut place = |text| {
            *known.entry(text).or_insert_with(|| {
                strings.push(text);
                strings.len() - 1
            })
        };
        let (mut nodes, mut edges) = (String::new(), String::new());
        for (index, (kind, name, size)) in self.nodes.iter().enumerate() {
            let kind = NODE_TYPES.iter().position(|known| known == kind).unwrap();
            let count = self.edges[index].len();
            let comma = if index == 0 { "" } else { "," };
            writeln!(nodes, "{comma}{kind},{},{},{size},{count},0,0", place(name), Self::id(index)).unwrap();
        }
        let all: Vec<_> = self.edges.iter().flatten().collect();
        for (index, (kind, name, to)) in all.iter().enumerate() {
            let indexed = matches!(*kind, "element" | "hidden");
            let kind = EDGE_TYPES.iter().position(|known| known == kind).unwrap();
            let name = if indexed { name.parse().unwrap() } else { place(name) };
            let comma = if index == 0 { "" } else { "," };
            writeln!(edges, "{comma}{kind},{name},{}", to * 7).unwrap();
        }
        let locations: Vec<String> =
            self.locations.iter().map(|(node, script, line)| format!("{},{script},{line},0", node * 7)).collect();
        format!(
            concat!(
                r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"#,
                r#""node_types":[{},"string","number","number","number","number","number"],"#,
                r#""edge_fields":["type","name_or_index","to_node"],"edge_types":[{},"string_or_number","node"],"#,
                r#""trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"#,
                r#""location_fields":["object_index","script_id","line","column"]}},"#,
                r#""node_count":{},"edge_count":{},"trace_function_count":0}},"#,
                "\n\"nodes\":[{}],\n\"edges\":[{}],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n",
                "\"locations\":[{}],\n\"strings\":{}}}"
            ),
            serde_json::to_string(&NODE_TYPES).unwrap(),
            serde_json::to_string(&EDGE_TYPES).unwrap(),
            self.nodes.len(),
            all.len(),
            nodes,
            edges,
            locations.join(","),
            serde_json::to_string(&strings).unwrap()
        )
    }

    pub fn graph(&self) -> Graph {
        read(self.json().as_bytes(), usize::MAX).unwrap()
    }
}

/// Reads a snapshot in pieces of `piece` bytes.
pub fn read(json: &[u8], piece: usize) -> heapkit::Result<Graph> {
    let mut reader = Reader::new();
    for chunk in json.chunks(piece) {
        reader.push(chunk)?;
    }
    reader.finish()
}
