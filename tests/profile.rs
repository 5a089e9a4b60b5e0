//! Profiles, from each format that is read to each that is written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Read;

use flate2::read::GzDecoder;
use heapkit::Result;
use heapkit::profile::{By, Format, Maker, Profile, Row, TableOptions, ValueType, less, read, table, write};

/// `main` calls `slow`, which is seen on two lines and calls itself; then nothing runs, and V8 collects garbage.
const CPU: &str = r#"{"nodes":[
  {"id":1,"callFrame":{"functionName":"(root)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"children":[2,5,6]},
  {"id":2,"callFrame":{"functionName":"main","scriptId":"7","url":"file:///app/main.js","lineNumber":0,"columnNumber":0},"children":[3]},
  {"id":3,"callFrame":{"functionName":"","scriptId":"7","url":"file:///app/node_modules/@scope/slow/index.js","lineNumber":9,"columnNumber":4},
   "hitCount":2,"children":[4],"positionTicks":[{"line":11,"ticks":1},{"line":12,"ticks":1}]},
  {"id":4,"callFrame":{"functionName":"","scriptId":"7","url":"file:///app/node_modules/@scope/slow/index.js","lineNumber":9,"columnNumber":4},
   "hitCount":1,"positionTicks":[{"line":12,"ticks":1}]},
  {"id":5,"callFrame":{"functionName":"(idle)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"hitCount":1},
  {"id":6,"callFrame":{"functionName":"(garbage collector)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"hitCount":1}],
 "startTime":1000,"endTime":2000,"samples":[3,4,3,5,6],"timeDeltas":[100,100,100,200,400]}"#;

const HEAP: &str = r#"{"samples":[{"size":512,"nodeId":3,"ordinal":1}],"head":{
  "callFrame":{"functionName":"(root)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"selfSize":0,"id":1,"children":[
   {"callFrame":{"functionName":"load;all","scriptId":"9","url":"/app/load.js","lineNumber":4,"columnNumber":2},"selfSize":100,"id":2,"children":[
     {"callFrame":{"functionName":"parse","scriptId":"9","url":"node:fs","lineNumber":1,"columnNumber":2},"selfSize":512,"id":3,"children":[]}]}]}}"#;

fn of(text: &str) -> Profile {
    read(text.as_bytes()).unwrap()
}

fn rows(profile: &Profile, by: By, value: usize) -> Vec<(String, i64, i64)> {
    let answer = table(profile, &TableOptions { by, value, focus: None, ignore: None, top: 100 }, &|| Ok(())).unwrap();
    answer.rows.into_iter().map(|Row { name, flat, cumulative, .. }| (name, flat, cumulative)).collect()
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    text
}

fn names(list: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    list.iter().map(|(name, flat, cumulative)| ((*name).into(), *flat, *cumulative)).collect()
}

#[test]
fn a_sample_lasts_until_the_next_and_what_is_idle_takes_no_processor() {
    let profile = of(CPU);
    let types: Vec<_> = profile.types().iter().map(|one| format!("{}/{}", one.name, one.unit)).collect();
    assert_eq!(types, ["samples/count", "cpu/nanoseconds", "wall/nanoseconds"]);
    // 100 + 100 + 200, 100 for the collector; 400 idle; the first 100 are nobody's.
    assert_eq!(profile.totals(), [4, 500_000, 900_000]);
    assert_eq!(profile.duration_nanos, 1_000_000);
    let slow = "(anonymous)";
    assert_eq!(
        rows(&profile, By::Function, 1),
        names(&[(slow, 400_000, 400_000), ("(garbage collector)", 100_000, 100_000), ("main", 0, 400_000)])
    );
    assert_eq!(
        rows(&profile, By::Package, 2),
        names(&[
            ("(idle)", 400_000, 400_000),
            ("@scope/slow", 400_000, 400_000),
            ("(V8 and native code)", 100_000, 100_000),
            ("(own code)", 0, 400_000)
        ])
    );
}

#[test]
fn a_heap_profile_has_the_bytes_that_are_alive() {
    let profile = of(HEAP);
    assert_eq!(profile.totals(), [612]);
    assert_eq!(rows(&profile, By::Function, 0), names(&[("parse", 512, 512), ("load;all", 100, 612)]));
    assert_eq!(rows(&profile, By::Package, 0), names(&[("(Node.js)", 512, 512), ("(own code)", 100, 612)]));
    let folded = write(&profile, Format::Folded, 0, Maker("heapkit"), &|| Ok(())).unwrap();
    let expected = "load:all (/app/load.js:5) 100\nload:all (/app/load.js:5);parse (node:fs:2) 512\n";
    assert_eq!(String::from_utf8(folded).unwrap(), expected);
}

#[test]
fn a_tree_may_be_as_deep_as_a_stack() {
    const DEEP: usize = 20_000;
    let node = |id: usize| {
        format!(r#"{{"callFrame":{{"functionName":"f{}","url":""}},"selfSize":1,"id":{id},"children":["#, id % 3)
    };
    let text = format!(r#"{{"head":{}{}}}"#, (0..DEEP).map(node).collect::<String>(), "]}".repeat(DEEP));
    assert_eq!(of(&text).totals(), [i64::try_from(DEEP).unwrap()]);
}

#[test]
fn pprof_says_the_same_when_it_is_read_again() {
    for text in [CPU, HEAP] {
        let mut profile = of(text);
        profile.comments.push("Node.js v24".into());
        profile.time_nanos = 1_700_000_000_000_000_000;
        let bytes = unzipped(&write(&profile, Format::Pprof, 0, Maker("heapkit 1.2.3"), &|| Ok(())).unwrap());
        let again = read(&bytes).unwrap();
        assert_eq!(again.types(), profile.types());
        assert_eq!(again.totals(), profile.totals());
        assert_eq!((again.time_nanos, again.duration_nanos), (profile.time_nanos, profile.duration_nanos));
        assert_eq!(again.comments, ["Node.js v24", "heapkit 1.2.3"]);
        assert_eq!(again.default_type, profile.default_type);
        for value in 0..profile.types().len() {
            assert_eq!(
                write(&again, Format::Folded, value, Maker(""), &|| Ok(())).unwrap(),
                write(&profile, Format::Folded, value, Maker(""), &|| Ok(())).unwrap()
            );
        }
        for cut in 1..bytes.len() {
            // An error or a shorter profile, and never a panic.
            let _: Result<Profile> = read(&bytes[..cut]);
        }
    }
}

#[test]
fn what_it_has_more_than_an_earlier_one_is_left_stack_by_stack() {
    let later = HEAP.replace("\"selfSize\":512", "\"selfSize\":500").replace("\"selfSize\":100", "\"selfSize\":150");
    let more = less(of(&later), &of(HEAP)).unwrap();
    assert_eq!(more.totals(), [38]);
    assert_eq!(rows(&more, By::Function, 0), names(&[("load;all", 50, 38), ("parse", -12, -12)]));
    let bytes = write(&more, Format::Proto, 0, Maker(""), &|| Ok(())).unwrap();
    assert_eq!(read(&bytes).unwrap().sample_count(), 2);
    let none = less(of(HEAP), &of(HEAP)).unwrap();
    assert_eq!(read(&write(&none, Format::Proto, 0, Maker(""), &|| Ok(())).unwrap()).unwrap().sample_count(), 0);
    assert!(less(of(CPU), &of(HEAP)).unwrap_err().to_string().contains("has other types of values"));
}

#[test]
fn pprof_is_the_same_with_gzip_and_without() {
    let profile = of(CPU);
    let packed = write(&profile, Format::Pprof, 0, Maker("heapkit"), &|| Ok(())).unwrap();
    assert_eq!(unzipped(&packed), write(&profile, Format::Proto, 0, Maker("heapkit"), &|| Ok(())).unwrap());
}

#[test]
fn people_read_a_paragraph_for_each_stack_the_greatest_first() {
    let mut profile = of(HEAP);
    profile.call("alloc_space");
    profile.comments.push("Node.js v24".into());
    profile.period = Some((ValueType::new("space", "bytes"), 1024));
    let text = write(&profile, Format::Text, 0, Maker(""), &|| Ok(())).unwrap();
    let expected = "alloc_space: 612 bytes\nperiod: 1024 bytes (space)\ncomment: Node.js v24\n\n512\n#\tparse\tnode:fs:2\n\
        #\tload;all\t/app/load.js:5\n\n100\n#\tload;all\t/app/load.js:5\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn speedscope_gets_each_sample_in_its_turn() {
    let text = write(&of(CPU), Format::Speedscope, 0, Maker("heapkit 1.2.3"), &|| Ok(())).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let cpu = &file["profiles"][1];
    assert_eq!((&cpu["name"], &cpu["unit"], &cpu["endValue"]), (&"cpu".into(), &"nanoseconds".into(), &500_000.into()));
    assert_eq!(cpu["weights"], serde_json::json!([100_000, 100_000, 200_000, 100_000]));
    let name = |place: &serde_json::Value| {
        file["shared"]["frames"][usize::try_from(place.as_u64().unwrap()).unwrap()]["name"].clone()
    };
    let stacks: Vec<Vec<_>> = cpu["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| stack.as_array().unwrap().iter().map(name).collect())
        .collect();
    assert_eq!(stacks[1], ["main", "(anonymous)", "(anonymous)"]);
    assert_eq!((&file["activeProfileIndex"], &file["name"]), (&1.into(), &"cpu".into()));
}

#[test]
fn a_table_can_be_about_a_part() {
    let ask = |focus: Option<&str>, ignore: Option<&str>| {
        let pattern = |text: Option<&str>| text.map(|text| regex_lite::Regex::new(text).unwrap());
        let options =
            TableOptions { by: By::Function, value: 2, focus: pattern(focus), ignore: pattern(ignore), top: 1 };
        let answer = table(&of(CPU), &options, &|| Ok(())).unwrap();
        (answer.total, answer.shown, answer.row_count, answer.rows.len())
    };
    assert_eq!(ask(None, None), (900_000, 900_000, 4, 1));
    assert_eq!(ask(Some("@scope"), None), (900_000, 400_000, 2, 1));
    assert_eq!(ask(None, Some(r"^\(idle\)$")), (900_000, 500_000, 3, 1));
}

#[test]
fn what_is_no_profile_is_refused_with_what_is_wrong() {
    let cpu = |nodes: &str, more: &str| format!(r#"{{"nodes":[{nodes}],"startTime":0,"endTime":1{more}}}"#);
    let node = |id: u32, more: &str| format!(r#"{{"id":{id},"callFrame":{{"functionName":"f"}}{more}}}"#);
    for (text, message) in [
        (String::new(), "it is empty"),
        (" \n".into(), "it is empty"),
        ("{".into(), "it is no whole JSON"),
        ("{}".into(), "it has nothing"),
        (r#"{"snapshot":{},"nodes":[],"edges":[]}"#.into(), "it is a heap snapshot"),
        (r#"{"a":1,"b":[]}"#.into(), "it has a, b"),
        ("not one".into(), "it is neither JSON nor a whole pprof profile"),
        ("\u{1f}\u{8b}\u{8}".into(), "it is neither JSON"),
        (r#"{"head":{"children":[1]}}"#.into(), "in the place of a node"),
        (r#"{"head":{"selfSize":"many"}}"#.into(), "it has no number for selfSize"),
        (cpu("1", ""), "it is no .cpuprofile"),
        (cpu(&format!("{},{}", node(1, ""), node(1, "")), ""), "it has 2 nodes with 1 ids"),
        (cpu(&node(1, r#","children":[1]"#), ""), "it has node 1 below itself"),
        (cpu(&node(1, r#","children":[2]"#), ""), ""),
        (cpu(&node(1, r#","parent":9"#), ""), "it speaks of node 9"),
        (cpu(&node(1, ""), r#","samples":[2],"timeDeltas":[1]"#), "it speaks of node 2"),
        (cpu(&node(1, ""), r#","samples":[1],"timeDeltas":[]"#), "it has 1 samples and 0 timeDeltas"),
    ] {
        match read(text.as_bytes()) {
            Err(error) => {
                let said = error.to_string();
                assert!(!message.is_empty() && said.contains(message), "{text}: {said}");
                assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_PROFILE");
            }
            Ok(_) => assert_eq!(message, "", "{text}"),
        }
    }
}
