//! Any bytes in any pieces: a graph or an error, the same for all pieces, and every question can be asked of a graph.

#![no_main]

use heapkit::heap::{
    Graph, Heap, NO_DISTANCE, Reader, ReportOptions, SYSTEM_DISTANCE, Sort, SummaryOptions, Target, lossy, report,
    retainers, summary, suspects,
};
use heapkit_fuzz::input::{Input, complaint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    let whole = read(std::iter::once(input.file.as_slice()));
    let pieces = read(input.pieces());
    match (&whole, &pieces) {
        (Ok(whole), Ok(pieces)) => same(whole, pieces),
        (Err(whole), Err(pieces)) => assert_eq!(complaint(whole), complaint(pieces)),
        _ => panic!("whole: {:?}, in pieces: {:?}", whole.map(|_| ()), pieces.map(|_| ())),
    }
    assert!(!input.shaped || whole.is_ok(), "{:?}", whole.map(|_| ()));
    if let Ok(graph) = whole {
        assert!(graph.incomplete().is_none());
        analyse(graph);
    }
    let mut reader = Reader::new();
    let error = input.pieces().find_map(|piece| reader.push(piece).err());
    if let Ok(graph) = reader.finish_partial(error.as_ref()) {
        assert_eq!(graph.incomplete().is_some(), pieces.is_err());
        // What is whole has been asked already.
        if graph.incomplete().is_some() {
            analyse(graph);
        }
    }
});

fn read<'a>(mut pieces: impl Iterator<Item = &'a [u8]>) -> heapkit::Result<Graph> {
    let mut reader = Reader::new();
    pieces.try_for_each(|piece| reader.push(piece))?;
    reader.finish()
}

fn same(one: &Graph, other: &Graph) {
    assert_eq!(
        (one.node_count(), one.edge_count(), one.string_count(), one.root()),
        (other.node_count(), other.edge_count(), other.string_count(), other.root())
    );
    for node in one.nodes() {
        assert_eq!(
            (one.kind(node), one.id(node), one.self_size(node), one.text(one.name(node)), one.location(node)),
            (
                other.kind(node),
                other.id(node),
                other.self_size(node),
                other.text(other.name(node)),
                other.location(node)
            )
        );
        assert!(one.edges(node).eq(other.edges(node)));
        for edge in one.edges(node) {
            assert_eq!(
                (one.edge_kind(edge), one.label(edge), one.target(edge)),
                (other.edge_kind(edge), other.label(edge), other.target(edge))
            );
        }
    }
}

fn analyse(graph: Graph) {
    let heap = Heap::new(graph, None).expect("the analysis has no error of its own");
    let graph = heap.graph();
    let root = graph.root();
    assert_eq!(heap.dominator(root), root);
    assert!([0, SYSTEM_DISTANCE].contains(&heap.distance(root)));
    for node in graph.nodes() {
        assert!(heap.retained_size(node) >= graph.self_size(node));
        if heap.distance(node) != NO_DISTANCE {
            let mut above = node;
            let steps = (0..=graph.node_count()).find(|_| {
                above = heap.dominator(above);
                above == root
            });
            assert!(steps.is_some(), "dominators of {node:?} in a circle");
        }
    }
    for sort in [Sort::Retained, Sort::Shallow, Sort::Count] {
        summary(&heap, &SummaryOptions { top: 10, sort });
    }
    suspects(&heap, 0.01);
    report(&heap, &ReportOptions { top: 10 });
    // Every object's and every class's would be quadratic.
    let step = graph.node_count() / 8 + 1;
    for node in graph.nodes().step_by(step) {
        retainers(&heap, &Target::Id(graph.id(node)), 10).expect("an object that is there");
        retainers(&heap, &Target::Class(lossy(heap.class_name(node)).into_owned()), 10);
    }
}
