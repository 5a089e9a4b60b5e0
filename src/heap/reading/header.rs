//! The header of a snapshot: which fields a node, an edge and a location have in this file, and what their types are
//! called here.
//!
//! V8 describes its own format in `snapshot.meta`, so nothing here is tied to one version: fields are found by name,
//! fields that are not known are passed over, fields that only some versions write (`detachedness`, `trace_node_id`) may
//! be missing. Source: V8's `HeapSnapshotJSONSerializer::SerializeSnapshot`.

use serde::Deserialize;

use crate::heap::v8::{EdgeKind, NodeKind};

/// Fields a row may have, a generous bound on what V8 writes (7 for nodes in V8 14).
pub(super) const MAX_FIELDS: usize = 16;

/// Where each field of a node stands in its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NodeFields {
    pub(crate) count: usize,
    pub(crate) kind: usize,
    pub(crate) name: usize,
    pub(crate) id: usize,
    pub(crate) self_size: usize,
    pub(super) edge_count: usize,
    pub(super) detachedness: Option<usize>,
}

/// Where each field of an edge stands in its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct EdgeFields {
    pub(crate) count: usize,
    pub(crate) kind: usize,
    pub(crate) name: usize,
    pub(super) to: usize,
}

impl NodeFields {
    /// In the snapshots of most versions of V8, the detachedness last.
    pub(super) const fn usual(count: usize) -> Self {
        Self { count, kind: 0, name: 1, id: 2, self_size: 3, edge_count: 4, detachedness: Some(count - 1) }
    }
}

impl EdgeFields {
    /// In the snapshots of all versions of V8.
    pub(super) const USUAL: Self = Self { count: 3, kind: 0, name: 1, to: 2 };
}

/// Where each field of a location stands in its row.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocationFields {
    pub(crate) count: usize,
    pub(super) object: usize,
    pub(super) script: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where the names stand in a row of the functions that allocated.
#[derive(Debug, Clone, Copy)]
pub(super) struct FunctionFields {
    pub(crate) count: usize,
    pub(crate) name: usize,
    pub(super) script: usize,
}

/// The header, checked.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Nodes that the file says it has; checked against what it has.
    pub node_count: u64,
    /// Edges that the file says it has; checked against what it has.
    pub edge_count: u64,
    /// Bytes outside V8's heap that V8 was told of, beyond those that nodes stand for (Node ≥ 24).
    pub extra_native_bytes: u64,
    pub(crate) root_index: u64,
    pub(crate) node_fields: NodeFields,
    pub(super) edge_fields: EdgeFields,
    pub(super) location_fields: Option<LocationFields>,
    pub(super) function_fields: Option<FunctionFields>,
    /// The file's own names of its node types.
    pub(crate) node_type_names: Vec<String>,
    pub(crate) node_kinds: Vec<NodeKind>,
    pub(super) edge_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct RawHeader {
    meta: RawMeta,
    node_count: u64,
    edge_count: u64,
    #[serde(default)]
    root_index: Option<u64>,
    #[serde(default)]
    extra_native_bytes: Option<f64>,
}

#[derive(Deserialize)]
struct RawMeta {
    node_fields: Vec<String>,
    node_types: Vec<serde_json::Value>,
    edge_fields: Vec<String>,
    edge_types: Vec<serde_json::Value>,
    #[serde(default)]
    location_fields: Vec<String>,
    #[serde(default)]
    trace_function_info_fields: Vec<String>,
}

impl Header {
    /// Reads the value of the key `snapshot`. The error is the rest of a sentence: "the header …".
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let raw: RawHeader = serde_json::from_slice(json).map_err(|error| format!("cannot be read: {error}"))?;
        let node = &raw.meta.node_fields;
        let edge = &raw.meta.edge_fields;
        let location = &raw.meta.location_fields;
        let node_fields = NodeFields {
            count: bounded(node, "node_fields")?,
            kind: field(node, "node_fields", "type")?,
            name: field(node, "node_fields", "name")?,
            id: field(node, "node_fields", "id")?,
            self_size: field(node, "node_fields", "self_size")?,
            edge_count: field(node, "node_fields", "edge_count")?,
            detachedness: position(node, "detachedness"),
        };
        let edge_fields = EdgeFields {
            count: bounded(edge, "edge_fields")?,
            kind: field(edge, "edge_fields", "type")?,
            name: field(edge, "edge_fields", "name_or_index")?,
            to: field(edge, "edge_fields", "to_node")?,
        };
        let location_fields = if location.is_empty() {
            None
        } else {
            Some(LocationFields {
                count: bounded(location, "location_fields")?,
                object: field(location, "location_fields", "object_index")?,
                script: field(location, "location_fields", "script_id")?,
                line: field(location, "location_fields", "line")?,
                column: field(location, "location_fields", "column")?,
            })
        };
        let function = &raw.meta.trace_function_info_fields;
        let function_fields = match (position(function, "name"), position(function, "script_name")) {
            (Some(name), Some(script)) => {
                Some(FunctionFields { count: bounded(function, "trace_function_info_fields")?, name, script })
            }
            _ => None,
        };
        let node_type_names = types(&raw.meta.node_types, node_fields.kind, "node_types")?;
        let edge_type_names = types(&raw.meta.edge_types, edge_fields.kind, "edge_types")?;
        Ok(Self {
            node_count: raw.node_count,
            edge_count: raw.edge_count,
            // Written as a plain number; anything that is not one is no size.
            extra_native_bytes: raw.extra_native_bytes.map_or(0, whole),
            root_index: raw.root_index.unwrap_or(0),
            node_fields,
            edge_fields,
            location_fields,
            function_fields,
            node_kinds: node_type_names.iter().map(|name| NodeKind::of(name)).collect(),
            edge_kinds: edge_type_names.iter().map(|name| EdgeKind::of(name)).collect(),
            node_type_names,
        })
    }
}

/// Whether a header says nothing but what V8 writes into one: numbers, and lists of words for its fields and types. Such
/// a header can be copied as it is; no member has a text, and none is hidden by another one of its name.
pub(super) fn is_plain(json: &[u8]) -> bool {
    let mut rest = json;
    // What stands before a text that is a value; lists have theirs after `[` and `,`.
    let mut before = 0;
    while let Some((&first, more)) = rest.split_first() {
        rest = more;
        if first != b'"' {
            if !first.is_ascii_whitespace() {
                before = first;
            }
            if !b"[]{},: \n\r\t.+-".contains(&first) && !first.is_ascii_alphanumeric() {
                return false;
            }
            continue;
        }
        let Some(end) = memchr::memchr(b'"', rest) else { return false };
        let (word, more) = rest.split_at(end);
        if before == b':' || !is_word(word) {
            return false;
        }
        rest = more.get(1..).unwrap_or_default();
    }
    true
}

/// As V8 calls members, fields and types: `trace_node_id`, `object shape`.
pub(super) fn is_word(text: &[u8]) -> bool {
    text.len() <= 32 && text.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b' '))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range first")]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9_007_199_254_740_991.0) as u64
}

fn position(fields: &[String], name: &str) -> Option<usize> {
    fields.iter().position(|field| field == name)
}

fn field(fields: &[String], list: &str, name: &str) -> Result<usize, String> {
    position(fields, name).ok_or_else(|| format!("has no \"{name}\" in meta.{list}"))
}

fn bounded(fields: &[String], list: &str) -> Result<usize, String> {
    if fields.len() > MAX_FIELDS {
        return Err(format!("has {} entries in meta.{list}; at most {MAX_FIELDS} are supported", fields.len()));
    }
    Ok(fields.len())
}

fn types(all: &[serde_json::Value], field: usize, list: &str) -> Result<Vec<String>, String> {
    let names = all
        .get(field)
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| format!("has no list of type names in meta.{list}"))?;
    if names.len() > usize::from(u8::MAX) {
        return Err(format!("has {} types in meta.{list}; at most 255 are supported", names.len()));
    }
    Ok(names.iter().map(|name| name.as_str().unwrap_or("?").to_owned()).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn header(meta: &str) -> Result<Header, String> {
        Header::parse(format!(r#"{{"meta":{meta},"node_count":1,"edge_count":0,"trace_function_count":0}}"#).as_bytes())
    }

    #[test]
    fn finds_fields_wherever_they_stand() {
        let header = header(
            r#"{"node_fields":["future","self_size","edge_count","id","name","type"],
                "node_types":[0,0,0,0,0,["hidden","string","unheard of"]],
                "edge_fields":["to_node","name_or_index","type"],
                "edge_types":["node","string_or_number",["weak","unheard of"]]}"#,
        )
        .unwrap();
        assert_eq!((header.node_fields.kind, header.node_fields.self_size, header.edge_fields.to), (5, 1, 0));
        assert_eq!(header.node_kinds, [NodeKind::Hidden, NodeKind::String, NodeKind::Other]);
        assert_eq!(header.edge_kinds, [EdgeKind::Weak, EdgeKind::Hidden]);
        assert!(header.node_fields.detachedness.is_none() && header.location_fields.is_none());
    }

    #[test]
    fn says_nothing_but_numbers_and_words_when_it_is_plain() {
        let v8 = br#"{"meta":{"node_fields":["type","trace_node_id"],"node_types":[["object shape"],"string"]},
            "node_count":12, "extra_native_bytes":1.5e3,"trace_function_count":0}"#;
        assert!(is_plain(v8));
        for hidden in [
            r#"{"title":"alice"}"#,
            r#"{"title":"alice","title":1}"#,
            r#"{"meta":{"alice@example.com":[]}}"#,
            r#"{"meta":{"node_fields":["type","s3cret"]}}"#,
            r#"{"meta":{"node_fields":["\u0061lice"]}}"#,
            r#"{"meta" : "alice"}"#,
        ] {
            assert!(!is_plain(hidden.as_bytes()), "{hidden}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        let error = header(
            r#"{"node_fields":["type","name","id","edge_count"],"node_types":[[]],"edge_fields":[],"edge_types":[]}"#,
        )
        .unwrap_err();
        assert_eq!(error, r#"has no "self_size" in meta.node_fields"#);
        assert!(Header::parse(b"{}").unwrap_err().contains("meta"));
        assert!(Header::parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
