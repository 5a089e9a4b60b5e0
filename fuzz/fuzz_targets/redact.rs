//! Copies of any bytes in any pieces: the same for all pieces, the same graph as before, and without contents.

#![no_main]

use heapkit::heap::{Graph, NodeKind, Reader, RedactOptions, RedactReport, Redactor};
use heapkit_fuzz::input::{Input, complaint};
use heapkit_fuzz::shape::MARKER;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    let (out, report) = redact(std::iter::once(input.file.as_slice()));
    let (pieces_out, pieces_report) = redact(input.pieces());
    let before = read(&input.file);
    match (&report, &pieces_report) {
        (Ok(report), Ok(pieces_report)) => {
            assert!(out == pieces_out, "the copy depends on the pieces");
            assert_eq!(report, pieces_report);
            same(&before, &read(&out));
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(complaint(whole), complaint(pieces));
            let is_foreign = whole.to_string().contains("be copied");
            assert!(before.is_err() || is_foreign, "what can be read cannot be copied: {whole}");
        }
        _ => panic!("whole: {report:?}, in pieces: {pieces_report:?}"),
    }
    // What a copy that broke off has written must not tell more.
    if input.shaped {
        assert!(report.is_ok());
        for text in [&out, &pieces_out, &redact(std::iter::once(&input.file[..input.file.len() * 9 / 10])).0] {
            assert!(!contains(text, MARKER.as_bytes()), "a content is left");
        }
    } else if let (Ok(before), true) = (before, report.is_ok()) {
        marked_names_only(&before, &read(&out).expect("seen above"), &input.file);
    }
});

fn redact<'a>(mut pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, heapkit::Result<RedactReport>) {
    let options = RedactOptions::new(&[], &[], [7; 32]).expect("no patterns");
    let mut redactor = Redactor::new(options);
    let mut out = Vec::new();
    let pushed = pieces.try_for_each(|piece| redactor.push(piece, &mut out));
    (out, pushed.and_then(|()| redactor.finish()))
}

fn read(file: &[u8]) -> heapkit::Result<Graph> {
    let mut reader = Reader::new();
    reader.push(file)?;
    reader.finish()
}

/// Everything but texts is as it was; texts are as long as they were.
fn same(before: &heapkit::Result<Graph>, after: &heapkit::Result<Graph>) {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) => return assert_eq!(complaint(before), complaint(after)),
        _ => panic!("the file: {:?}, its copy: {:?}", before.as_ref().err(), after.as_ref().err()),
    };
    assert_eq!((before.node_count(), before.edge_count()), (after.node_count(), after.edge_count()));
    assert_eq!(before.string_count(), after.string_count());
    for node in before.nodes() {
        assert_eq!(
            (before.kind(node), before.id(node), before.self_size(node), before.name(node)),
            (after.kind(node), after.id(node), after.self_size(node), after.name(node))
        );
        for edge in before.edges(node) {
            assert_eq!(
                (before.edge_kind(edge), before.label(edge), before.target(edge)),
                (after.edge_kind(edge), after.label(edge), after.target(edge))
            );
        }
    }
}

/// The marker may stay where a name has it, and where a function that allocated has it, which the graph does not show.
fn marked_names_only(before: &Graph, after: &Graph, file: &[u8]) {
    let marked = |graph: &Graph, name| contains(graph.text(name), MARKER.as_bytes());
    let is_content =
        |kind: NodeKind| kind.is_string() || matches!(kind, NodeKind::RegExp | NodeKind::Number | NodeKind::BigInt);
    let named = before.nodes().any(|node| {
        (!is_content(before.kind(node)) && marked(before, before.name(node)))
            || before.edges(node).any(|edge| before.edge_name(edge).is_some_and(|name| marked(before, name)))
    });
    if named || contains(file, b"trace_function_info_fields") {
        return;
    }
    for node in after.nodes() {
        assert!(!marked(after, after.name(node)), "the content of {node:?} is left");
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
