//! How a diff names what grew and who holds it, where several names would do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support/program.rs"]
mod program;
mod support;

use program::{Program, adds_up, diff, first, grown};
use support::Snapshot;

/// A heap in which a module is reached from the table of all modules, and later over a handler too, which is nearer to the root.
fn with_handlers(count: usize) -> Snapshot {
    let mut program = Program::new();
    let modules = program.object(program.global, "modules", "Loader");
    let cache = program.object(modules, "cache", "Object");
    let (required, exports) = (program.object(cache, "required", "Object"), program.object(cache, "exports", "Object"));
    let [slot, options] = [program.object(required, "slot", "Slot"), program.object(required, "options", "Object")];
    program.heap.edge(exports, "property", "slot", slot);
    program.heap.edge(exports, "property", "options", options);
    for index in 0..50 {
        program.object(slot, &format!("field{index}"), "Field");
        program.object(options, &format!("option{index}"), "Rule");
    }
    let handlers = program.object(program.global, "handlers", "Array");
    for handler in program.items(handlers, "Handler", count) {
        program.heap.edge(handler, "property", "slot", slot);
        program.heap.edge(handler, "property", "options", options);
    }
    program.heap
}

#[test]
fn what_is_only_held_in_another_way_did_not_grow() {
    let snapshots = [with_handlers(0), with_handlers(20)];
    assert_eq!(first(&snapshots), "+20 Handler held by global.handlers");
    let diff = diff(&snapshots);
    assert_eq!((diff.path_count, diff.paths[0].size_delta, diff.rest.shrunk.count), (1, 20 * 40, 0));
}

#[test]
fn of_many_lists_that_are_new_their_many_things_are_named() {
    let lists = |count: usize| {
        let mut program = Program::new();
        let tenants = program.object(program.global, "tenants", "Array");
        for tenant in program.items(tenants, "Array", count) {
            let rows = program.items(tenant, "Row", 100);
            // What all rows of one list share is one a list.
            let prototype = program.object(rows[0], "__proto__", "Prototype");
            for row in &rows[1..] {
                program.heap.edge(*row, "property", "__proto__", prototype);
            }
        }
        program.heap
    };
    assert_eq!(first(&[lists(0), lists(17)]), "+1700 Row held by global.tenants[…]");
    assert_eq!(first(&[lists(17), lists(34)]), "+1700 Row held by global.tenants[…]");
}

#[test]
fn nodes_of_a_tree_are_in_its_line_whatever_class_they_have() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let state = program.object(program.global, "state", "State");
        let root = program.object(state, "root", "Branch");
        let nodes = program.object(root, "nodes", "Array");
        for branch in program.items(nodes, "Branch", 2 + count / 100) {
            let nodes = program.object(branch, "nodes", "Array");
            for leaf in program.items(nodes, "Leaf", count / 2) {
                program.items(leaf, "Visitor", 2);
            }
        }
        program.heap
    });
    assert_eq!(diff(&snapshots).path_count, 1);
}

#[test]
fn one_holder_of_ever_more_is_told_from_ever_more_holders_of_a_few() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let archive = program.object(program.global, "archive", "Page");
        let items = program.object(archive, "items", "Array");
        for item in program.items(items, "Item", 3 * count) {
            program.object(item, "numbers", "Array");
        }
        let books = program.object(program.global, "books", "Array");
        for book in program.items(books, "Book", count) {
            let page = program.object(book, "page", "Page");
            let items = program.object(page, "items", "Array");
            let item = program.items(items, "Item", 1)[0];
            program.object(item, "numbers", "Array");
        }
        program.heap
    });
    let lines: Vec<String> =
        diff(&snapshots).paths.iter().map(|line| format!("{} held by {}", line.name, line.held_by)).collect();
    assert_eq!(lines, ["Item held by Page.items", "Book held by global.books"]);
    assert_eq!(adds_up(&diff(&snapshots)), diff(&snapshots).size_delta);
}

#[test]
fn holders_of_one_class_are_told_apart_by_who_holds_them() {
    let program = |count: usize, drafts: usize| {
        let mut program = Program::new();
        let (_, scope) = program.function(program.global, "", "/srv/shop/pages.js", 7, 0);
        let (constructor, _) = program.function(program.global, "Page", "/srv/shop/pages.js", 7, 3);
        let prototype = program.object(constructor, "prototype", "Object");
        program.heap.edge(prototype, "property", "constructor", constructor);
        for (variable, count) in [("archive", count), ("drafts", drafts)].into_iter().filter(|(_, count)| *count > 0) {
            let page = program.node(scope, "context", variable, "object", "Page");
            program.heap.location(page, 7, 3);
            program.heap.edge(page, "property", "__proto__", prototype);
            let items = program.object(page, "items", "Array");
            program.items(items, "Item", count);
        }
        program.heap
    };
    assert_eq!(first(&grown(|count| program(count, 0))), "+1000 Item held by Page.items");
    assert_eq!(first(&grown(|count| program(count, 5))), "+1000 Item held by pages.js: archive (Page).items");
}

#[test]
fn a_call_that_waits_is_known_by_its_function() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let (function, _) = program.function(program.global, "serve", "/srv/shop/app.js", 7, 11);
        let waiting = program.object(program.global, "waiting", "Array");
        for call in program.items(waiting, "Generator", count) {
            program.heap.edge(call, "internal", "function", function);
        }
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 scope of serve() (app.js:12) held by global.waiting");
}

#[test]
fn what_compiled_code_keeps_in_another_place_is_in_one_line() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let waiting = program.object(program.global, "waiting", "Array");
        for index in 0..count {
            let resolve = program.node(waiting, "element", &index.to_string(), "closure", "");
            let scope = program.node(resolve, "internal", "context", "object", "system / Context");
            let (edge, name) = if index < 100 { ("hidden", "5") } else { ("internal", "extension") };
            let promise = program.node(scope, edge, name, "object", "Promise");
            let job = program.heap.node("object", "Job", 1000);
            program.heap.edge(promise, "property", "job", job);
        }
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 Job held by global.waiting");
    assert_eq!(diff(&snapshots).path_count, 1);
}

/// A closure of `app.js`, and what has its variables, which `info` describes.
fn closure(program: &mut Program, holder: usize, name: &str, index: usize, info: usize) -> usize {
    let closure = program.node(holder, "element", &index.to_string(), "closure", name);
    program.heap.location(closure, 7, 3);
    let shared = program.node(closure, "internal", "shared", "code", name);
    program.node(shared, "internal", "script", "code", "/srv/shop/app.js");
    program.heap.edge(shared, "internal", "raw_outer_scope_info_or_feedback_metadata", info);
    let scope = program.node(closure, "internal", "context", "object", "system / Context");
    program.heap.edge(scope, "internal", "scope_info", info);
    scope
}

#[test]
fn a_block_in_a_module_is_not_the_module() {
    let snapshots = grown(|count| {
        let mut program = Program::new();
        let [module, block] = [(); 2].map(|()| program.heap.node("code", "system / ScopeInfo", 40));
        program.heap.edge(block, "hidden", "1", module);
        let global = program.global;
        let scope = closure(&mut program, global, "subscribe", 0, module);
        let rows = program.node(scope, "context", "rows", "object", "Array");
        for index in 0..count {
            let variables = closure(&mut program, rows, "onRow", index, block);
            program.heap.edge(variables, "internal", "previous", scope);
            program.node(variables, "context", "row", "object", "Object");
        }
        program.heap
    });
    assert_eq!(first(&snapshots), "+1000 onRow() (app.js:4) held by app.js: rows");
    assert_eq!(diff(&snapshots).path_count, 1);
}
