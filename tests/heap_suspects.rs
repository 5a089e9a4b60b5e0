//! What is a suspect, and how it is named, on small heaps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use heapkit::heap::{Heap, suspects};
use support::Snapshot;

/// A root with a global object, which is node 1, and 100 KB of something.
fn program() -> Snapshot {
    let mut heap = Snapshot::new();
    let global = heap.node("object", "global", 50);
    heap.edge(0, "element", "1", global);
    let roots = heap.node("synthetic", "(GC roots)", 0);
    heap.edge(0, "element", "2", roots);
    for index in 0..100 {
        let code = heap.node("code", "(instruction stream)", 1000);
        heap.edge(roots, "element", &index.to_string(), code);
    }
    heap
}

fn add(heap: &mut Snapshot, holder: usize, property: &str, class: &str, size: u64) -> usize {
    let node = heap.node("object", class, size);
    heap.edge(holder, "property", property, node);
    node
}

fn items(heap: &mut Snapshot, array: usize, class: &str, count: usize, size: u64) -> Vec<usize> {
    let item = |index: usize| {
        let node = heap.node("object", class, size);
        heap.edge(array, "element", &index.to_string(), node);
        node
    };
    (0..count).map(item).collect()
}

/// What is said, without the shares; the path's last object must be the accumulation point.
fn texts(heap: &Snapshot) -> Vec<String> {
    let heap = Heap::new(heap.graph(), None).unwrap();
    let found = suspects(&heap, 0.1).suspects;
    for suspect in &found {
        assert_eq!(suspect.path.last().unwrap().id, suspect.accumulation.id);
    }
    found.iter().map(|suspect| suspect.text.split(" retain").next().unwrap().to_owned()).collect()
}

/// A function of a CommonJS module, and the scope of that, which the module leads to: `(function, scope)`.
fn module(heap: &mut Snapshot, script: &str, number: u32) -> (usize, usize) {
    let module = add(heap, 1, "mainModule", "Module", 100);
    let exports = add(heap, module, "exports", "Object", 50);
    let function = heap.node("closure", "handle", 50);
    heap.edge(exports, "property", "handle", function);
    heap.location(function, number, 7);
    let shared = heap.node("code", "handle", 50);
    heap.edge(function, "internal", "shared", shared);
    let text = heap.node("code", script, 50);
    heap.edge(shared, "internal", "script", text);
    let info = heap.node("code", "system / ScopeInfo", 50);
    heap.edge(shared, "internal", "raw_outer_scope_info_or_feedback_metadata", info);
    let scope = heap.node("object", "system / Context", 50);
    heap.edge(function, "internal", "context", scope);
    heap.edge(scope, "internal", "scope_info", info);
    (function, scope)
}

#[test]
fn a_list_is_held_by_who_holds_its_head() {
    let mut heap = program();
    let queue = add(&mut heap, 1, "outbox", "MailQueue", 100);
    let mut last = add(&mut heap, queue, "head", "Entry", 40);
    for _ in 1..5000 {
        last = add(&mut heap, last, "next", "Entry", 40);
    }
    heap.edge(queue, "property", "tail", last);
    let id = Snapshot::id(queue);
    // The last one would not go with the others.
    assert_eq!(texts(&heap), [format!("4,999 Entry held by MailQueue.head (@{id})")]);
}

#[test]
fn a_tree_is_held_by_who_holds_its_root() {
    let mut heap = program();
    let index = add(&mut heap, 1, "index", "PriceIndex", 100);
    let mut level = vec![add(&mut heap, index, "root", "Branch", 40)];
    for _ in 0..10 {
        let children = |node| ["left", "right"].map(|side| (node, side));
        let sides: Vec<_> = level.into_iter().flat_map(children).collect();
        level = sides.into_iter().map(|(node, side)| add(&mut heap, node, side, "Branch", 40)).collect();
    }
    let id = Snapshot::id(index);
    let found = texts(&heap);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with(&format!("Branch held by PriceIndex.root (@{id})")), "{found:?}");
}

#[test]
fn a_module_is_no_suspect_but_what_is_in_it_is() {
    let mut heap = program();
    let (_, scope) = module(&mut heap, "/srv/cart.js", 3);
    let mut arrays = Vec::new();
    for (variable, class) in [("carts", "Cart"), ("orders", "Order")] {
        let array = heap.node("object", "Array", 16);
        heap.edge(scope, "context", variable, array);
        items(&mut heap, array, class, 5000, 40);
        arrays.push(Snapshot::id(array));
    }
    let words = [("Cart", "carts", arrays[0]), ("Order", "orders", arrays[1])];
    assert_eq!(
        texts(&heap),
        words.map(|(class, variable, id)| format!("5,000 {class} held by cart.js: {variable} (Array @{id})"))
    );
}

#[test]
fn many_in_each_of_many_are_said_with_what_they_are_in() {
    let mut heap = program();
    let chat = add(&mut heap, 1, "chat", "Chat", 100);
    let rooms = add(&mut heap, chat, "rooms", "Array", 16);
    for room in items(&mut heap, rooms, "Room", 20, 40) {
        let members = add(&mut heap, room, "members", "Array", 16);
        items(&mut heap, members, "Member", 1000, 40);
    }
    let found = texts(&heap);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("20,000 Member held by Room.members (20 Array, the largest is @"), "{found:?}");
    assert!(found[0].ends_with(", in 20 Room held by Chat.rooms,"), "{found:?}");

    // Ten items each are a part of what there are many of.
    let mut heap = program();
    let shop = add(&mut heap, 1, "shop", "Shop", 100);
    let orders = add(&mut heap, shop, "orders", "Array", 16);
    let id = Snapshot::id(orders);
    for order in items(&mut heap, orders, "Order", 1000, 40) {
        let lines = add(&mut heap, order, "lines", "Array", 16);
        items(&mut heap, lines, "Line", 10, 40);
    }
    assert_eq!(texts(&heap), [format!("1,000 Order held by Shop.orders (Array @{id})")]);
}

#[test]
fn what_is_large_by_itself_is_a_suspect() {
    let mut heap = program();
    let store = add(&mut heap, 1, "uploads", "UploadStore", 100);
    let buffer = add(&mut heap, store, "last", "Buffer", 100);
    let bytes = heap.node("object", "ArrayBuffer", 100);
    heap.edge(buffer, "internal", "buffer", bytes);
    let data = heap.node("native", "system / JSArrayBufferData", 500_000);
    heap.edge(bytes, "internal", "backing_store", data);
    let id = Snapshot::id(buffer);
    assert_eq!(texts(&heap), [format!("One Buffer (@{id}) held by UploadStore.last is 83.3 % of the heap")]);
}

#[test]
fn what_node_has_in_every_process_is_no_suspect() {
    let with = |script: &str| {
        let mut heap = program();
        let (_, scope) = module(&mut heap, script, 3);
        let map = heap.node("object", "Map", 16);
        heap.edge(scope, "context", "map", map);
        let table = heap.node("array", "", 100);
        heap.edge(map, "internal", "table", table);
        for index in 0..400 {
            let builtin = heap.node("object", "BuiltinModule", 1000);
            heap.edge(table, "internal", &index.to_string(), builtin);
        }
        heap
    };
    assert_eq!(texts(&with("node:internal/bootstrap/realm")), Vec::<String>::new());
    assert!(texts(&with("/srv/realm.js"))[0].starts_with("400 BuiltinModule held by realm.js: map (Map @"));
}

#[test]
fn lists_of_a_million_and_holders_of_hundreds_of_thousands_are_no_deep_recursion() {
    let mut heap = program();
    let queue = add(&mut heap, 1, "queue", "Queue", 100);
    let mut last = add(&mut heap, queue, "head", "Job", 10);
    for turn in 1..1_000_000_u32 {
        // No period that anybody would see.
        let side = if turn.wrapping_mul(2_654_435_761) >> 31 == 0 { "left" } else { "right" };
        last = add(&mut heap, last, side, "Job", 10);
    }
    let found = texts(&heap);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(" Job held by Queue.head"), "{found:?}");
}
