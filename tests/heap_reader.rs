//! The reader from outside: any chunking, every way in which a file can be wrong, and what can be had of a cut one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod support;

use heapkit::heap::{EdgeKind, Heap, Label, NodeKind, Reader, Target, lossy, retainers};
use support::{Snapshot, read};

/// A root, a global, an array of two strings.
fn sample() -> Snapshot {
    let mut snapshot = Snapshot::new();
    let global = snapshot.node("object", "global", 8);
    let list = snapshot.node("object", "Array", 16);
    snapshot.edge(0, "element", "1", global);
    snapshot.edge(global, "property", "list \"ü\u{1F600}\"", list);
    for index in 0..2_u64 {
        let text = snapshot.node("string", &format!("text\n{index}"), 32 + index);
        snapshot.edge(list, "element", &(index * 1_000_000_000).to_string(), text);
    }
    snapshot
}

#[test]
fn reads_the_same_in_any_pieces() {
    let json = sample().json();
    for piece in (1..80).chain([1000, usize::MAX]) {
        let graph = read(json.as_bytes(), piece).unwrap();
        assert_eq!((graph.node_count(), graph.edge_count()), (5, 4), "{piece}");
        let nodes: Vec<_> = graph.nodes().collect();
        assert_eq!(graph.kind(nodes[3]), NodeKind::String);
        assert_eq!(lossy(graph.text(graph.name(nodes[4]))), "text\n1");
        assert_eq!(graph.self_size(nodes[4]), 33);
        assert_eq!(graph.id(nodes[4]), Snapshot::id(4));
        assert_eq!(graph.find_id(Snapshot::id(2)), Some(nodes[2]));
        let edge = graph.edges(nodes[1]).next().unwrap();
        assert_eq!(graph.edge_kind(edge), EdgeKind::Property);
        assert_eq!(lossy(graph.text(graph.edge_name(edge).unwrap())), "list \"ü\u{1F600}\"");
        // An index too large for the packed column.
        let last = graph.edges(nodes[2]).next_back().unwrap();
        assert_eq!((graph.label(last), graph.target(last)), (Label::Index(1_000_000_000), nodes[4]));
        assert_eq!(graph.source(last), nodes[2]);
    }
}

#[test]
fn an_object_that_refers_to_the_root_holds_nothing_in_a_circle() {
    let mut snapshot = sample();
    snapshot.edge(2, "property", "root", 0);
    let heap = Heap::new(snapshot.graph(), None).unwrap();
    for node in heap.graph().nodes() {
        let target = Target::Id(heap.graph().id(node));
        assert!(retainers(&heap, &target, 10).is_some());
    }
}

#[test]
fn sizes_that_no_sum_could_hold_are_refused() {
    let mut snapshot = sample();
    snapshot.node("object", "Huge", u64::MAX);
    snapshot.node("object", "Huge", u64::MAX);
    let message = read(snapshot.json().as_bytes(), 100).unwrap_err().to_string();
    assert!(message.contains("its first 6 nodes claim 18446744073709551615 bytes"), "{message}");
}

#[test]
fn sizes_of_more_than_32_bits_are_kept() {
    let mut snapshot = Snapshot::new();
    let huge = snapshot.node("object", "Huge", 1 << 40);
    snapshot.edge(0, "element", "1", huge);
    let heap = Heap::new(snapshot.graph(), None).unwrap();
    assert_eq!(heap.retained_size(heap.graph().root()), 1 << 40);
}

fn wrong(json: &str) -> String {
    let mut messages: Vec<_> =
        [1, 7, usize::MAX].iter().map(|piece| read(json.as_bytes(), *piece).unwrap_err()).collect();
    let last = messages.pop().unwrap();
    assert_eq!(last.code(), "HEAPKIT_ERR_INVALID_SNAPSHOT");
    let last = last.to_string();
    for other in messages {
        assert_eq!(other.to_string().split(" (byte").next(), last.split(" (byte").next());
    }
    last
}

#[test]
fn says_what_is_wrong_and_where() {
    let good = sample().json();
    let at = |text: &str| good.find(text).unwrap();
    for (json, message) in [
        (String::new(), "it is empty (byte 0"),
        ("\u{1F}\u{8B}".into(), "this is compressed"),
        ("<html>".into(), "it does not begin with `{` but with `<` (byte 0"),
        ("{}".into(), "it has no header; is this a heap snapshot? (byte 2"),
        (r#"{"a":1,"b":[[]],"c":"]}"}"#.into(), "it has no header"),
        (r#"{"nodes":[1]}"#.into(), "its `snapshot` does not come first; is this a heap snapshot? (byte 9"),
        (r#"{"snapshot":{}}"#.into(), "its header cannot be read: missing field `meta`"),
        (format!(r#"{{"snapshot":{}"#, "[".repeat(100_000)), "`{` was expected, not `[` (byte 12"),
        (format!(r#"{{"snapshot":{}"#, "{\"a\":".repeat(2_000_000)), "its header is longer than 4194304 bytes"),
        (format!(r#"{{"x":{}"#, "[".repeat(1_000_000)), "it breaks off before its header ends (byte 1000005"),
        (good[..good.len() - 1].into(), "it breaks off, with 5 of 5 nodes, 4 of 4 edges and 7 strings"),
        (good[..at("\"edges\"") - 20].into(), "it breaks off, with 3 of 5 nodes, 0 of 4 edges and 0 strings"),
        (good.clone() + "{", "it goes on after its end, with `{`"),
        (good.replace("\"node_count\":5", "\"node_count\":6"), "its header says 6 nodes, and it has 5"),
        (
            good.replace("\"edge_count\":4", "\"edge_count\":4000000000000"),
            "its header says 4000000000000 edges, and it has 4",
        ),
        (good.replace(",1,7\n]", ",1,28\n]"), ""),
        (good.replace("2,1000000000,28", ""), ""),
        (
            good.replace(",28\n", ",35\n"),
            "edge 3 leads to place 35 of `nodes`, where no node begins (5 nodes of 7 fields)",
        ),
        (good.replace(",28\n", ",27\n"), "edge 3 leads to place 27 of `nodes`"),
        (good.replace(",28\n", ",99999999999\n"), "edge 3 leads to place 99999999999 of `nodes`"),
        (good.replace("\n,2,4,7,", "\n,200,4,7,"), "node 3 is of type 200, and there are only 14"),
        (good.replace("\n,2,4,7,", "\n,2,400,7,"), "string 400 is used, and there are only 7"),
        (good.replace("\n,2,4,7,", "\n,2,4,-7,"), "an array of whole numbers has `-`"),
        (good.replace(",0,0\n]", ",0\n]"), "the last row of `nodes` has 6 of 7 fields"),
        (good.replace("32,0,0,0", "32,5000000000,0,0"), "at most 2^32 are supported"),
        (good.replace("32,0,0,0", "32,9,0,0"), "its nodes claim 13 edges, and it has 4"),
        (good.replace("\"edges\"", "\"nodes\""), "it has `nodes` twice"),
        (good.replace("\"self_size\"", "\"size\""), "its header has no \"self_size\" in meta.node_fields"),
        (good.replace("\"<dummy>\"", "\"<dummy>"), ""),
        (good.replace("\"<dummy>\"", "17"), "an array of strings has `1`"),
    ] {
        if message.is_empty() {
            // Wrong in more than one way; only that it is refused matters.
            assert!(json == good || read(json.as_bytes(), 3).is_err());
            continue;
        }
        let said = wrong(&json);
        assert!(said.contains(message), "{said}\ninstead of\n{message}");
    }
}

#[test]
fn a_cut_file_gives_what_it_has_if_asked() {
    let good = sample().json();
    for cut in 0..good.len() {
        let mut reader = Reader::new();
        reader.push(&good.as_bytes()[..cut]).unwrap();
        match reader.finish_partial(None) {
            Ok(graph) => {
                let incomplete = graph.incomplete().unwrap();
                assert_eq!(incomplete.offset, cut as u64);
                assert!(incomplete.reason.contains("breaks off"));
                // Whatever is missing, everything can be asked.
                let heap = Heap::new(graph, None).unwrap();
                let summary =
                    heapkit::heap::summary(&heap, &heapkit::heap::SummaryOptions { top: 5, sort: Default::default() });
                assert!(summary.file.incomplete.is_some());
            }
            Err(error) => assert!(cut < good.find("\n,1").unwrap_or(good.len()) || cut < good.len(), "{error}"),
        }
    }
    let mut reader = Reader::new();
    reader.push(good.as_bytes()).unwrap();
    assert!(reader.finish_partial(None).unwrap().incomplete().is_none());
    // An error in the middle: what came before it.
    let bad = good.replace(",28\n", ",35\n");
    let mut reader = Reader::new();
    let error = reader.push(bad.as_bytes()).unwrap_err();
    let graph = reader.finish_partial(Some(&error)).unwrap();
    assert_eq!((graph.node_count(), graph.edge_count()), (5, 3));
    assert!(graph.incomplete().unwrap().reason.contains("place 35"));
}

#[test]
fn a_very_long_string_is_only_a_long_string() {
    let mut snapshot = sample();
    snapshot.node("string", &"long ".repeat(4_000_000), 20_000_000);
    let graph = read(snapshot.json().as_bytes(), 1 << 16).unwrap();
    let last = graph.nodes().last().unwrap();
    assert_eq!(graph.text(graph.name(last)).len(), 20_000_000);
}
