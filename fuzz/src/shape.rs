//! Valid snapshots from any bytes. Mutations of a snapshot's text nearly always break its counts; mutations of what is
//! read here add, remove and rewire nodes and edges.
//!
//! Four bytes are a node or an edge of the last node. Contents of strings have [`MARKER`] in them, and nothing else has.

use std::collections::HashSet;
use std::fmt::Write;

/// Occurs in contents of strings only.
pub const MARKER: &str = "PlantedMarker";

const NODE_TYPES: [&str; 16] = [
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
    "object shape",
    "of the future",
];
const EDGE_TYPES: [&str; 8] =
    ["context", "element", "property", "internal", "hidden", "shortcut", "weak", "of the future"];

/// Names that the analysis knows, and some that it does not; as JSON.
const NAMES: [&str; 32] = [
    "",
    "Object",
    "Array",
    "Foo",
    "global / https://example.com",
    "elements",
    "properties",
    "__proto__",
    "constructor",
    "prototype",
    "map",
    "table",
    "context",
    "native_context",
    "sloppy_function_map",
    "(map descriptors)",
    "system / NativeContext",
    "system / ExternalStringData",
    "system / JSArrayBufferData",
    "system / WeakMapTable",
    "(GC roots)",
    "(Document DOM trees)",
    "Detached <div class=\\\"a\\\">",
    "<div id=\\\"x\\\">",
    "17 / part of key (Foo @3) -> value (PlantedMarker @5) pair in WeakMap (table @7)",
    "9 / part of key (Foo @9) -> value (a \\\"PlantedMarker\\\" b @3) pair in WeakMap (table @3)",
    "1 / part of key (@) -> value ( @) pair in WeakMap (table @)",
    "ada@example.com",
    "\\ud800",
    "\\udc00\\ud83d\\ude00\\n\\u0000",
    "4111 1111 1111 1111",
    "WeakMap",
];

/// What strings contain; the last is longer than what a redactor holds.
const CONTENTS: [&str; 8] = [
    "PlantedMarker",
    "x PlantedMarker \\ud83d\\ude00",
    "\\ud800PlantedMarker\\udc00",
    "\\\"PlantedMarker\\\\",
    "üPlantedMarkerü",
    "\\u0050\\u006cantedMarker",
    "PlantedMarker PlantedMarker PlantedMarker PlantedMarker",
    LONG,
];
/// Stands for a content of some 70,000 bytes.
const LONG: &str = "(long)";

/// Further names of properties, so that an object can have enough to be a dictionary.
const PROPERTIES: usize = 16 * 128;
/// Nodes and edges of one snapshot.
const MOST: usize = 1200;

/// The snapshot that the bytes describe.
pub fn snapshot(bytes: &[u8]) -> Vec<u8> {
    let mut shape = Shape::default();
    // The root.
    shape.node(9 << 1, [0; 3]);
    for op in bytes.chunks_exact(4).take(MOST) {
        let operands = [op[1], op[2], op[3]];
        if op[0] & 1 == 0 { shape.node(op[0], operands) } else { shape.edge(op[0], operands) }
    }
    shape.json()
}

#[derive(Default)]
struct Shape {
    /// Type, name, size, edges, attachment.
    nodes: Vec<(u8, usize, u64, usize, u8)>,
    /// Type, name or index, target.
    edges: Vec<(u8, usize, usize)>,
}

impl Shape {
    fn node(&mut self, op: u8, [name, size, more]: [u8; 3]) {
        let kind = (op >> 1) % 16;
        let content =
            matches!(NODE_TYPES[usize::from(kind)], "string" | "regexp" | "concatenated string" | "sliced string");
        let name =
            if content { NAMES.len() + usize::from(name) % CONTENTS.len() } else { usize::from(name) % NAMES.len() };
        // Up to 2^42: more than 32 bits, and as a sum below the 2^53 that JavaScript counts to.
        let size = u64::from(size) << (more >> 2).min(34);
        self.nodes.push((kind, name, size, 0, more & 3));
    }

    fn edge(&mut self, op: u8, [name, low, high]: [u8; 3]) {
        let kind = (op >> 1) % 8;
        let name = match (is_indexed(kind), name) {
            (true, 255) => u32::MAX as usize,
            (true, name) => usize::from(name),
            // Many different properties, as dictionaries have them.
            (false, name @ 128..) => {
                NAMES.len() + CONTENTS.len() + usize::from(name - 128) + usize::from(op >> 4) * 128
            }
            (false, name) => usize::from(name) % NAMES.len(),
        };
        self.edges.push((kind, name, usize::from(low) | usize::from(high) << 8));
        if let Some((.., edges, _)) = self.nodes.last_mut() {
            *edges += 1;
        }
    }

    /// As many as are used, so that small shapes are small files.
    fn strings(&self) -> Vec<String> {
        let names = self.nodes.iter().map(|node| node.1);
        let labels = self.edges.iter().filter(|edge| !is_indexed(edge.0)).map(|edge| edge.1);
        let used: HashSet<usize> = names.chain(labels).collect();
        let count = used.iter().max().map_or(0, |last| last + 1);
        let contents = CONTENTS.iter().enumerate().map(|(at, content)| match *content {
            LONG if used.contains(&(NAMES.len() + at)) => format!("PlantedMarker{}", "0123456é".repeat(8000)),
            content => content.to_owned(),
        });
        NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(contents)
            .chain((0..PROPERTIES).map(letters))
            .take(count)
            .collect()
    }

    fn json(&self) -> Vec<u8> {
        let (mut nodes, mut edges) = (String::new(), String::new());
        for (at, (kind, name, size, count, attachment)) in self.nodes.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = writeln!(nodes, "{comma}{kind},{name},{},{size},{count},{attachment}", at * 2 + 1);
        }
        for (at, (kind, name, to)) in self.edges.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = writeln!(edges, "{comma}{kind},{name},{}", to % self.nodes.len() * 6);
        }
        let strings: Vec<String> = self.strings().iter().map(|text| format!("\"{text}\"")).collect();
        let quoted = |types: &[&str]| types.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
        format!(
            concat!(
                r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"#,
                r#""node_types":[[{}],"string","number","number","number","number"],"#,
                r#""edge_fields":["type","name_or_index","to_node"],"edge_types":[[{}],"string_or_number","node"],"#,
                r#""location_fields":["object_index","script_id","line","column"]}},"node_count":{},"edge_count":{}}},"#,
                "\n\"nodes\":[{}],\n\"edges\":[{}],\n\"trace_function_infos\":[],\n\"locations\":[0,1,2,3],\n\"strings\":[{}]}}"
            ),
            quoted(&NODE_TYPES),
            quoted(&EDGE_TYPES),
            self.nodes.len(),
            self.edges.len(),
            nodes,
            edges,
            strings.join(",\n")
        )
        .into_bytes()
    }
}

/// A number as letters: names with digits look like data.
fn letters(number: usize) -> String {
    format!("{number:04}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Whether an edge of the type has a number for a name.
fn is_indexed(kind: u8) -> bool {
    matches!(EDGE_TYPES[usize::from(kind)], "element" | "hidden" | "of the future")
}
