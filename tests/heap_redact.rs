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
