//! Redaction from outside: what goes, what stays, and that the copy is still the same graph.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use heapkit::heap::{RedactOptions, RedactReport, Redactor, lossy};
use support::{Snapshot, read};

fn redact(json: &str, piece: usize, options: RedactOptions) -> heapkit::Result<(String, RedactReport)> {
    let mut redactor = Redactor::new(options);
    let mut out = Vec::new();
    for chunk in json.as_bytes().chunks(piece) {
        redactor.push(chunk, &mut out)?;
    }
    Ok((String::from_utf8(out).unwrap(), redactor.finish()?))
}

fn plain(salt: u8) -> RedactOptions {
    RedactOptions::new(&[], &[], [salt; 32]).unwrap()
}

fn patterns(keep: &[&str], extra: &[&str]) -> RedactOptions {
    let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
    RedactOptions::new(&owned(keep), &owned(extra), [7; 32]).unwrap()
}

/// Contents, names, and what is both.
fn sample() -> Snapshot {
    let mut snapshot = Snapshot::new();
    let user = snapshot.node("object", "User", 8);
    snapshot.edge(0, "element", "1", user);
    for (key, text) in [
        ("password", "hunter2 \"ünter\u{1F600}\""),
        ("again", "hunter2 \"ünter\u{1F600}\""),
        ("short", "x"),
        ("role", "role"),
    ] {
        let string = snapshot.node("string", text, 24);
        snapshot.edge(user, "property", key, string);
    }
    let pattern = snapshot.node("regexp", "secret-[a-z]+", 40);
    snapshot.edge(user, "property", "pattern", pattern);
    let save = snapshot.node("closure", "save", 64);
    snapshot.edge(user, "property", "ada@example.com", save);
    snapshot.edge(save, "context", "token", pattern);
    let table = snapshot.node("array", "system / WeakMapTable", 16);
    snapshot.edge(
        save,
        "internal",
        "17 / part of key (User @3) -> value (the very secret @5) pair in WeakMap (table @21)",
        table,
    );
    snapshot
}

#[test]
fn replaces_contents_and_keeps_names_in_any_pieces() {
    let json = sample().json();
    let (whole, report) = redact(&json, usize::MAX, plain(1)).unwrap();
    for piece in 1..50 {
        assert_eq!(redact(&json, piece, plain(1)).unwrap().0, whole, "{piece}");
    }
    for secret in ["hunter2", "ünter", "secret-", "very secret", "ada@", "\u{1F600}"] {
        assert!(!whole.contains(secret), "{secret} is left in {whole}");
    }
    for name in [
        "User",
        "password",
        "again",
        "save",
        "token",
        "\"role\"",
        "system / WeakMapTable",
        "17 / part of key (User @3) -> value (",
    ] {
        assert!(whole.contains(name), "{name} is gone from {whole}");
    }
    assert_eq!((report.replaced_keys.email, report.replaced_keys.weak_map), (1, 1));
    assert_eq!((report.kept_names.constructors, report.kept_names.functions, report.kept_names.variables), (1, 1, 1));
    // Everything but texts is as it was.
    let (before, after) = (read(json.as_bytes(), 99).unwrap(), read(whole.as_bytes(), 99).unwrap());
    for node in before.nodes() {
        assert_eq!(
            (before.id(node), before.kind(node), before.self_size(node)),
            (after.id(node), after.kind(node), after.self_size(node))
        );
        let (old, new) = (lossy(before.text(before.name(node))), lossy(after.text(after.name(node))));
        assert_eq!(old.encode_utf16().count(), new.encode_utf16().count(), "{old} became {new}");
    }
    let text = |at: usize| {
        let node = after.nodes().nth(at).unwrap();
        lossy(after.text(after.name(node))).into_owned()
    };
    assert_eq!(text(2), text(3), "equal stay equal");
    assert!(text(2).starts_with('~') && text(4).len() == 1);
    assert_eq!(text(5), "role", "a content that is also a name says nothing new");
    // Another file, another salt.
    assert_ne!(redact(&json, 99, plain(2)).unwrap().0, whole);
}

#[test]
fn long_strings_are_not_held_and_stay_comparable() {
    let mut snapshot = Snapshot::new();
    for tail in ["a", "a", "b"] {
        snapshot.node("string", &format!("{}é{tail}", "0123456789".repeat(50_000)), 500_000);
    }
    let json = snapshot.json();
    let (whole, report) = redact(&json, 10_000, plain(1)).unwrap();
    assert_eq!(whole, redact(&json, usize::MAX, plain(1)).unwrap().0);
    assert!(!whole.contains("0123456789"));
    let graph = read(whole.as_bytes(), 1000).unwrap();
    let texts: Vec<_> = graph.nodes().skip(1).map(|node| graph.text(graph.name(node)).to_vec()).collect();
    assert!(texts.iter().all(|text| text.len() == 500_002));
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
    // The table's first entry is V8's own.
    assert_eq!(report.replaced_contents, 2);
}

#[test]
fn the_keys_of_dictionaries_are_data() {
    let mut snapshot = Snapshot::new();
    let cities = snapshot.node("object", "Object", 8);
    snapshot.edge(0, "element", "1", cities);
    let value = snapshot.node("object", "City", 8);
    for number in 0..300 {
        let key: String = format!("{number:03}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
        snapshot.edge(cities, "property", &format!("Key{key}"), value);
    }
    snapshot.edge(value, "property", "Keyaaa", cities);
    let (whole, report) = redact(&snapshot.json(), 1000, plain(1)).unwrap();
    assert!(whole.contains("Keyaaa") && !whole.contains("Keyaab") && !whole.contains("Keybjj"));
    assert_eq!(report.replaced_keys.dictionary, 299);
}

#[test]
fn large_objects_side_by_side_are_told_apart() {
    let mut snapshot = Snapshot::new();
    let kinds = ["Table", "Record", "List", "Small"].map(|name| snapshot.node("object", name, 8));
    let [table, record, list, small] = kinds;
    let letters =
        |number: usize| format!("{number:03}").bytes().map(|digit| char::from(digit + 49)).collect::<String>();
    for kind in kinds {
        snapshot.edge(0, "element", "1", kind);
    }
    for number in 0..257 {
        snapshot.edge(table, "property", &format!("Key{}", letters(number)), small);
        snapshot.edge(list, "element", &number.to_string(), small);
    }
    // As many edges, but one property fewer.
    snapshot.edge(record, "hidden", "1", small);
    for number in 0..256 {
        snapshot.edge(record, "property", &format!("Field{}", letters(number)), small);
    }
    snapshot.edge(list, "property", "Rest", small);
    snapshot.edge(small, "property", "Last", table);
    for piece in [1, 100, usize::MAX] {
        let (whole, report) = redact(&snapshot.json(), piece, plain(1)).unwrap();
        assert_eq!((report.replaced_keys.dictionary, report.kept_names.properties), (257, 258));
        assert!(
            !whole.contains("\"Key")
                && whole.contains("Fieldaaa")
                && whole.contains("\"Rest\"")
                && whole.contains("\"Last\"")
        );
    }
}

#[test]
fn patterns_keep_and_add() {
    let json = sample().json();
    let (whole, report) = redact(&json, 64, patterns(&["^hunter", "role"], &["^pass", "role"])).unwrap();
    assert!(whole.contains("hunter2") && !whole.contains("password") && !whole.contains("role"));
    assert_eq!((report.kept_by_pattern, report.replaced_keys.extra), (1, 2));
    let error = RedactOptions::new(&["(".into()], &[], [0; 32]).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_OPTION");
    assert!(error.to_string().contains("redact.keep"), "{error}");
}

#[test]
fn what_is_no_snapshot_is_not_copied() {
    let json = sample().json();
    assert!(redact("{\"a\":\"secret\"}", 5, plain(1)).is_err());
    assert!(redact(&json[..json.len() - 2], 5, plain(1)).is_err());
    // A name far beyond the table costs nothing but the error.
    let lying = json.replace("\n,3,2,3,", "\n,3,4000000000,3,");
    assert_ne!(lying, json);
    assert!(redact(&lying, 5, plain(1)).unwrap_err().to_string().contains("string 4000000000 is used"));
}

#[test]
fn members_that_nobody_reads_are_copied_if_they_are_numbers() {
    let json = sample().json();
    let with = |member: &str| json.replacen("\"strings\":", &format!("{member},\n\"strings\":"), 1);
    for member in ["\"samples\":[1,2,\n3]", "\"trace_tree\":[1,0,0,0,[2,1,5,80,[]]]", "\"new_section\":[]"] {
        for piece in [1, 7, usize::MAX] {
            assert!(redact(&with(member), piece, plain(1)).unwrap().0.contains(member), "{member}");
        }
    }
    for member in [
        "\"samples\":[\"secret\"]",
        "\"samples\":[1,2,secret]",
        "\"trace_tree\":{\"a\":1}",
        "\"trace_tree\":[1,0,0,0,[{\"a\":\"secret\"}]]",
        "\"title\":\"secret\"",
        "\"my secret\":1",
    ] {
        for strict in [false, true] {
            let error = redact(&with(member), 5, plain(1).strict(strict)).unwrap_err().to_string();
            assert!(error.contains("be copied"), "{member}: {error}");
        }
    }
}

#[test]
fn a_header_is_copied_if_it_has_numbers_and_words() {
    let json = sample().json();
    let with = |member: &str| json.replacen("\"snapshot\":{", &format!("\"snapshot\":{{{member},"), 1);
    assert_ne!(json, with("\"uid\":1"));
    assert!(redact(&with("\"uid\":1"), 7, plain(1)).is_ok());
    for member in ["\"title\":\"secret\"", "\"title\":\"secret\",\"title\":1", "\"s3cret\":1", "\"a\":[\"s3cret\"]"] {
        let error = redact(&with(member), 7, plain(1).strict(true)).unwrap_err().to_string();
        assert!(error.contains("its header has more than numbers and lists of words, and cannot be copied"), "{error}");
    }
}

#[test]
fn numbers_that_say_nothing_of_strings_are_copied_as_they_are() {
    let mut snapshot = Snapshot::new();
    // More than is looked at together.
    for number in 0..100 {
        let node = snapshot.node("object", "User", 8);
        snapshot.edge(0, "element", &number.to_string(), node);
    }
    let json = snapshot.json();
    let lost = json.replace("\n,1,50,357\n", "\n,1,50,358\n");
    assert_ne!(lost, json);
    for piece in [1, 100, usize::MAX] {
        assert!(redact(&lost, piece, plain(1)).unwrap().0.contains("\n,1,50,358\n"));
        // Which string an edge leads to says whether a source has it.
        let error = redact(&lost, piece, plain(1).strict(true)).unwrap_err().to_string();
        assert!(error.contains("edge 50 leads to place 358 of `nodes`, where no node begins"), "{error}");
        for odd in ["\n,1,50,secret\n", "\n,1,50,\"secret\"\n", "\n,1,50,-357\n"] {
            assert!(redact(&json.replace("\n,1,50,357\n", odd), piece, plain(1)).is_err());
        }
    }
}

/// One object with a property of each name.
fn properties(names: &[&str]) -> Snapshot {
    let mut snapshot = Snapshot::new();
    let user = snapshot.node("object", "User", 8);
    snapshot.edge(0, "element", "1", user);
    for name in names {
        snapshot.edge(user, "property", name, user);
    }
    snapshot
}

#[test]
fn names_of_properties_are_identifiers() {
    let kept = [
        "user",
        "_id",
        "$el",
        "größe",
        "#hidden",
        "get size",
        "set size",
        "<symbol kUser>",
        "<symbol Symbol.iterator>",
    ];
    let gone = [
        "ada lovelace",
        "content-type",
        "/home/ada/shop",
        "https://shop.example/?q=1",
        "<symbol ada@home>",
        "<symbol acme-corp>",
        "get ada lovelace",
        "AKIAIOSFODNN7EXAMPLE",
        "2001:db8::8a2e:370:7334",
        "+1 555-0100",
    ];
    let names: Vec<&str> = kept.iter().chain(&gone).copied().collect();
    let (whole, report) = redact(&properties(&names).json(), 100, plain(1)).unwrap();
    for name in kept {
        assert!(whole.contains(&format!("\"{name}\"")), "{name} is gone");
    }
    for name in gone {
        assert!(!whole.contains(name), "{name} is left");
    }
    let gone = &report.replaced_keys;
    assert_eq!((gone.no_identifier, gone.located, gone.token, gone.address, gone.digits), (5, 2, 1, 1, 1));
}

#[test]
fn of_scripts_the_file_stays_and_of_entries_the_class() {
    let mut snapshot = properties(&[]);
    let code = snapshot.node("code", "/home/ada/shop/lib/cart.js", 8);
    snapshot.node("code", "/srv/shop/node_modules/express/index.js", 8);
    snapshot.node("code", "file:///srv/shop/a.mjs?token=hunter2", 8);
    snapshot.node("code", "node:internal/url", 8);
    snapshot.node("code", "(code for ada@example.com)", 8);
    snapshot.node("object", "Ada Lovelace", 8);
    snapshot.node("object", "Map Iterator", 8);
    let entry = |key: &str| format!("17 / part of key ({key} @33) -> value (hunter2 @35) pair in WeakMap (table @31)");
    snapshot.edge(1, "internal", &entry("Session"), code);
    snapshot.edge(1, "internal", &entry("bob@example.com"), code);
    let (whole, _) = redact(&snapshot.json(), 100, plain(1)).unwrap();
    for left in [
        "/cart.js",
        "/node_modules/express/index.js",
        "/a.mjs",
        "node:internal/url",
        "(code for ",
        "Map Iterator",
        "key (Session @33)",
    ] {
        assert!(whole.contains(left), "{left} is gone from {whole}");
    }
    for gone in ["ada", "srv", "hunter2", "Ada Lovelace", "bob@"] {
        assert!(!whole.contains(gone), "{gone} is left in {whole}");
    }
}

#[test]
fn digits_stay_as_indices_but_not_as_contents() {
    let mut snapshot = properties(&[]);
    let list = snapshot.node("array", "", 8);
    for index in ["1234567", "4711"] {
        snapshot.edge(list, "internal", index, 1);
    }
    snapshot.node("string", "4711", 8);
    let (whole, _) = redact(&snapshot.json(), 100, plain(1)).unwrap();
    assert!(whole.contains("\"1234567\"") && !whole.contains("4711"), "{whole}");
}

/// What a program's source has, and what it has made at run time.
fn with_source() -> Snapshot {
    let mut snapshot = Snapshot::new();
    let user = snapshot.node("object", "Customer", 8);
    snapshot.edge(0, "element", "1", user);
    let pool = snapshot.node("code", "(constant pool)", 8);
    let feedback = snapshot.node("code", "system / FeedbackVector", 8);
    for name in ["password", "kSecret", "Customer"] {
        let string = snapshot.node("string", name, 24);
        snapshot.edge(pool, "internal", "1", string);
        if name != "Customer" {
            let label = if name == "kSecret" { "<symbol kSecret>" } else { name };
            snapshot.edge(user, "property", label, string);
        }
    }
    for name in ["alice", "bob"] {
        let string = snapshot.node("string", name, 24);
        snapshot.edge(feedback, "hidden", "1", string);
        snapshot.edge(user, "property", name, string);
        snapshot.edge(user, "property", &format!("<symbol {name}>"), string);
    }
    let save = snapshot.node("closure", "save", 64);
    snapshot.edge(user, "property", "save", save);
    snapshot.edge(save, "context", "captured", user);
    snapshot.node("object", "MadeAtRunTime", 8);
    snapshot.node("code", "carol", 8);
    snapshot.node("code", "/srv/dave.js", 8);
    snapshot.node("native", "Node / IsolateData", 8);
    snapshot
}

#[test]
fn strict_keeps_what_a_source_has() {
    let json = with_source().json();
    let strict = || plain(1).strict(true);
    let (whole, report) = redact(&json, usize::MAX, strict()).unwrap();
    for piece in [1, 7, 100] {
        assert_eq!(redact(&json, piece, strict()).unwrap(), (whole.clone(), report.clone()), "{piece}");
    }
    for name in
        ["password", "<symbol kSecret>", "Customer", "save", "captured", "(constant pool)", "Node / IsolateData"]
    {
        assert!(whole.contains(name), "{name} is gone from {whole}");
    }
    for name in ["alice", "bob", "MadeAtRunTime", "carol", "dave"] {
        assert!(!whole.contains(name), "{name} is left in {whole}");
    }
    assert!(report.strict && report.replaced_keys.not_in_source == 7, "{report:?}");
    let (usual, _) = redact(&json, 100, plain(1)).unwrap();
    assert!(usual.contains("alice") && usual.contains("MadeAtRunTime") && usual.contains("dave.js"));
    // Everything but texts is as it was.
    let (before, after) = (read(json.as_bytes(), 99).unwrap(), read(whole.as_bytes(), 99).unwrap());
    assert_eq!(before.edge_count(), after.edge_count());
    for node in before.nodes() {
        assert_eq!((before.id(node), before.kind(node)), (after.id(node), after.kind(node)));
    }
}

#[test]
fn strict_holds_no_more_than_the_beginning_of_the_table() {
    let mut snapshot = Snapshot::new();
    let user = snapshot.node("object", "User", 8);
    let alice = snapshot.node("string", "alice", 24);
    snapshot.edge(user, "property", "alice", alice);
    for letter in ["x", "y"] {
        snapshot.node("string", &letter.repeat(60_000), 24);
    }
    let pool = snapshot.node("code", "(constant pool)", 8);
    snapshot.edge(pool, "internal", "1", alice);
    let (whole, _) = redact(&snapshot.json(), 1000, plain(1).strict(true)).unwrap();
    assert!(!whole.contains("alice"), "who comes too late loses names, not secrets");
    assert!(read(whole.as_bytes(), 99).is_ok());
}

#[test]
fn what_stays_is_listed_and_nothing_written() {
    let json = with_source().json();
    let (out, report) = redact(&json, 100, plain(1).list_left(3)).unwrap();
    assert_eq!(out, "");
    let left = report.left.unwrap();
    let texts: Vec<&str> = left.iter().map(|name| name.text.as_str()).collect();
    assert_eq!(texts, ["<symbol bob>", "<symbol alice>", "alice"]);
    assert!(left.iter().all(|name| !name.in_source));
    assert_eq!(left[2].uses, ["property", "content"]);
    let (_, strict) = redact(&json, 100, plain(1).strict(true).list_left(1000)).unwrap();
    assert!(strict.left.unwrap().iter().all(|name| name.in_source));
}
