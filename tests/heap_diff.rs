//! What a diff says that grew, and who holds it, on small heaps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_wrap)]

#[path = "support/program.rs"]
mod program;
mod support;

use heapkit::heap::{Differ, GrowthBranch, Heap, Source};
use program::{Program, adds_up, diff, first, grown};
use proptest::prelude::*;
use support::Snapshot;

#[test]
fn what_two_things_hold_is_in_the_line_of_one_of_them() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let emitter = program.object(program.global, "orders", "EventEmitter");
        let (paid, failed) = (program.object(emitter, "paid", "Array"), program.object(emitter, "failed", "Array"));
        for (index, request) in program.items(paid, "Request", count).into_iter().enumerate() {
            program.heap.edge(failed, "element", &index.to_string(), request);
            program.object(request, "body", "Buffer");
        }
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 Request held by EventEmitter.paid");
    assert_eq!(diff(&snapshots).paths[0].size_delta, 80_000);
}

#[test]
fn keys_are_told_from_fields_in_all_snapshots_together() {
    let tenants = |count: usize| {
        let mut program = Program::new();
        let tenants = program.object(program.global, "tenants", "Tenants");
        let by_name = program.object(tenants, "byName", "Object");
        for index in 0..count {
            let name: String = index.to_string().bytes().map(|digit| char::from(digit + 49)).collect();
            program.object(by_name, &format!("tenant{name}"), "Settings");
        }
        program.heap
    };
    let diff = diff(&[tenants(10), tenants(35), tenants(85)]);
    assert_eq!((diff.path_count, &*diff.paths[0].counts), (1, &[10, 35, 85][..]));
    assert!(diff.paths[0].grew_every_time);
    assert_eq!(diff.paths[0].held_by, "Tenants.byName");
}

#[test]
fn texts_that_symbols_share_with_the_registry_are_in_the_line_of_the_symbols() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        // Texts that other things of V8's hold come first, and are few.
        let roots = program.node(0, "element", "2", "synthetic", "(GC roots)");
        let others = program.node(roots, "element", "1", "array", "(other)");
        let table = program.node(roots, "internal", "public_symbol_table", "array", "");
        for index in 0..count {
            let symbol = program.node(table, "internal", &(2 * index + 1).to_string(), "symbol", "symbol");
            let text = program.node(symbol, "internal", "name", "string", "flag");
            program.heap.edge(table, "internal", &(2 * index).to_string(), text);
        }
        program.node(others, "internal", "1", "string", "text");
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 (symbol) held by the registry of Symbol.for()");
    assert_eq!(diff(&snapshots).path_count, 1);
}

#[test]
fn a_list_is_counted_by_its_nodes_and_a_tree_by_its_tops() {
    let list = grown(|count| {
        let mut program = Program::new();
        let queue = program.object(program.global, "queue", "MailQueue");
        let mut last = program.object(queue, "head", "Entry");
        for _ in 1..count {
            last = program.object(last, "next", "Entry");
        }
        program.heap
    });
    assert_eq!(first(&list), "+1000 Entry held by MailQueue.head.next");
    let trees = grown(|count| {
        let mut program = Program::new();
        let overlay = program.object(program.global, "overlay", "Overlay");
        let children = program.object(overlay, "children", "Array");
        for widget in program.items(children, "Widget", count) {
            let children = program.object(widget, "children", "Array");
            program.items(children, "Widget", 3);
        }
        program.heap
    });
    assert_eq!(first(&trees), "+1000 Widget held by Overlay.children");
}

#[test]
fn a_variable_of_a_module_is_named_with_its_script() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let (_, scope) = program.function(program.global, "", "/srv/shop/cart.js", 7, 0);
        let carts = program.node(scope, "context", "carts", "object", "Array");
        program.items(carts, "Cart", count);
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 Cart held by cart.js: carts");
}

#[test]
fn what_a_package_holds_is_said_with_what_of_the_application_s_has_it() {
    let program = |count: usize, minified: bool| {
        let mut program = Program::new();
        let (_, scope) = program.function(program.global, "", "/srv/shop/users.js", 7, 0);
        let exports = program.object(program.global, "exports", "Object");
        let name = if minified { "u" } else { "LRUCache" };
        let (constructor, _) =
            program.function(exports, if minified { "LRUCache" } else { name }, "/srv/node_modules/lru/index.js", 8, 3);
        let class = if minified { program.node(exports, "property", "Cached", "closure", "u") } else { constructor };
        program.heap.location(class, 8, 3);
        let prototype = program.object(class, "prototype", "Object");
        program.heap.edge(prototype, "property", "constructor", class);
        let cache = program.node(scope, "context", "cache", "object", name);
        program.heap.location(cache, 8, 3);
        program.heap.edge(cache, "property", "__proto__", prototype);
        let list = program.object(cache, "#list", "Array");
        program.items(list, "User", count);
        program.heap
    };
    let of = |minified| first(&grown(|count| program(count, minified)));
    assert_eq!(of(false), "+1000 User held by users.js: cache (LRUCache).#list");
    assert_eq!(of(true), "+1000 User held by users.js: cache (Cached).#list");
}

#[test]
fn what_only_code_in_c_plus_plus_holds_is_a_native_handle_s() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let roots = program.node(0, "element", "2", "synthetic", "(GC roots)");
        let handles = program.node(roots, "element", "1", "synthetic", "(Global handles)");
        program.items(handles, "MessagePort", count);
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 MessagePort held by a native handle");
}

#[test]
fn the_rest_and_the_largest_are_of_all_lines_not_only_of_those_shown() {
    let program = |small: usize, large: usize| {
        let mut program = Program::new();
        for store in ["A", "B", "C"] {
            let store = program.object(program.global, store, &format!("Store{store}"));
            program.items(store, "Small", small);
        }
        let once = program.object(program.global, "once", "Once");
        program.items(once, "Large", large);
        program.heap
    };
    let snapshots = [program(1, 1), program(2, 1000), program(3, 1000)];
    let mut differ = Differ::new(3);
    let heaps: Vec<Heap> = snapshots.iter().map(|one| Heap::new(one.graph(), None).unwrap()).collect();
    for index in [2, 0, 1] {
        differ.add(index, &Source::of("file"), &heaps[index]);
    }
    let diff = differ.finish(3, false);
    assert!(diff.paths.iter().all(|line| line.grew_every_time && line.name == "Small"));
    assert_eq!((diff.path_count, diff.max_size_delta), (4, 999 * 40));
    assert_eq!((diff.rest.grown.count, diff.rest.grown.size_delta), (1, 999 * 40));
    assert_eq!(adds_up(&diff), diff.size_delta);
}

#[test]
fn the_tree_has_what_grew_below_what_holds_it() {
    let store = |count: usize| {
        let mut program = Program::new();
        let store = program.object(program.global, "store", "Store");
        let items = program.object(store, "items", "Array");
        program.items(items, "Session", count);
        program.object(program.global, "steady", "Steady");
        program.heap
    };
    let tree = diff(&[store(1), store(1001)]).tree.unwrap();
    let (mut at, mut way) = (&tree, Vec::new());
    while let [only] = at.children.as_slice() {
        way.push(format!("{} {} {:?}", only.by, only.name, only.counts));
        at = only;
    }
    assert_eq!(way, [" global [1, 1]", ".store Store [1, 1]", ".items Array [1, 1]", "[…] Session [1, 1001]"]);
    assert_eq!((at.retained, tree.retained[1] - tree.retained[0]), ([40, 1001 * 40], 1000 * 40));
    assert_eq!(diff(&[store(9), store(9)]).tree.unwrap().children, []);
}

#[test]
fn a_list_of_a_million_is_one_place() {
    let list = |count: usize| {
        let mut program = Program::new();
        let queue = program.object(program.global, "queue", "Queue");
        let mut last = program.object(queue, "head", "Entry");
        for _ in 1..count {
            last = program.object(last, "next", "Entry");
        }
        program.heap
    };
    assert_eq!(first(&[list(1), list(1_000_000)]), "+999999 Entry held by Queue.head.next");
}

#[test]
fn an_object_with_many_keys_is_looked_at_once() {
    // Once for each key would take minutes.
    let dictionary = |count: usize| {
        let mut program = Program::new();
        let store = program.object(program.global, "store", "Store");
        let by_key = program.object(store, "byKey", "Object");
        for index in 0..count {
            let value = program.object(by_key, &format!("key{index}"), "Value");
            program.object(value, "more", "Object");
        }
        program.heap
    };
    assert_eq!(first(&[dictionary(1), dictionary(200_000)]), "+199999 Value held by Store.byKey");
}

/// Any heap, most of whose references are properties of few names.
fn heaps() -> impl Strategy<Value = Snapshot> {
    let node = (prop::sample::select(vec!["object", "closure", "string", "array", "code"]), 0..4_usize, 0..100_u64);
    let edge =
        (0..40_usize, 1..40_usize, prop::sample::select(vec!["property", "internal", "context", "weak"]), 0..3_usize);
    (prop::collection::vec(node, 1..40), prop::collection::vec(edge, 0..80)).prop_map(|(nodes, edges)| {
        let mut heap = Snapshot::new();
        for (kind, name, size) in &nodes {
            heap.node(kind, ["Object", "Store", "system / Context", "u"][*name], *size);
        }
        for (from, to, kind, name) in edges {
            if from <= nodes.len() && to <= nodes.len() {
                heap.edge(from, kind, ["a", "constructor", "__proto__"][name], to);
            }
        }
        heap
    })
}

/// Whether all that is below it grew.
fn only_grown(branch: &GrowthBranch) -> bool {
    branch.children.iter().all(|child| child.retained[1] > child.retained[0] && only_grown(child))
}

proptest! {
    #[test]
    fn all_lines_add_up_to_the_growth(snapshots in prop::collection::vec(heaps(), 2..4)) {
        let diff = diff(&snapshots);
        prop_assert_eq!(adds_up(&diff), diff.size_delta);
        let tree = diff.tree.unwrap();
        prop_assert_eq!(tree.retained[1] as i64 - tree.retained[0] as i64, diff.size_delta);
        prop_assert!(only_grown(&tree));
        for line in &diff.paths {
            prop_assert_eq!(line.size_delta, line.sizes[line.sizes.len() - 1] as i64 - line.sizes[0] as i64);
        }
    }

    #[test]
    fn nothing_grew_between_a_heap_and_itself(heap in heaps()) {
        let diff = diff(&[heap.clone(), heap]);
        prop_assert_eq!((diff.path_count, diff.rest.shrunk.count), (0, 0));
    }
}
