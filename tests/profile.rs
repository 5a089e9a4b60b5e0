//! Profiles, from each format that is read to each that is written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Read;

use flate2::read::GzDecoder;
use heapkit::Result;
use heapkit::profile::{
    By, DiffOptions, Format, Maker, Page, Profile, Row, TableOptions, ValueType, diff, flamegraph, less, more, read,
    table, write,
};

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
fn two_of_one_session_add_up_and_v8s_own_format_has_them() {
    let later = HEAP.replace(r#""selfSize":512"#, r#""selfSize":600"#).replace(r#""load;all""#, r#""main""#);
    let both = more(of(HEAP), &of(&later)).unwrap();
    assert_eq!(both.totals(), [100 + 512 + 100 + 600]);
    let text = write(&both, Format::HeapProfile, 0, Maker("heapkit"), &|| Ok(())).unwrap();
    let again = read(&text).unwrap();
    for by in [By::Function, By::File] {
        assert_eq!(rows(&again, by, 0), rows(&both, by, 0));
    }
    // As V8 has it: what is the same is one node, places count from 0, and nothing is written beside the tree.
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["head"]["callFrame"]["functionName"], "(root)");
    assert_eq!((&json["samples"], json.as_object().unwrap().len()), (&serde_json::json!([]), 2));
    let children = json["head"]["children"].as_array().unwrap();
    let names: Vec<_> = children.iter().map(|node| node["callFrame"]["functionName"].as_str().unwrap()).collect();
    assert_eq!(names, ["main", "load;all"]);
    let parse = &children[0]["children"][0];
    assert_eq!(
        (&parse["selfSize"], &parse["callFrame"]["columnNumber"]),
        (&serde_json::json!(600), &serde_json::json!(2))
    );
    let error = more(of(HEAP), &of(CPU)).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_PROFILE");
}

#[test]
fn v8s_own_format_says_what_its_bytes_are() {
    for (text, expected) in [
        (HEAP.replace(r#"{"samples""#, r#"{"valueType":"alloc_space","samples""#), "alloc_space"),
        (HEAP.replace(r#"{"samples""#, r#"{"valueType":[1,{"a":2}],"samples""#), "inuse_space"),
    ] {
        assert_eq!(of(&text).types(), [ValueType::new(expected, "bytes")]);
    }
    let text = HEAP.replace(r#"{"samples""#, r#"{"valueType":"alloc_space","samples""#);
    let again = write(&of(&text), Format::HeapProfile, 0, Maker("heapkit"), &|| Ok(())).unwrap();
    assert_eq!(read(&again).unwrap().types(), of(&text).types());
}

#[test]
fn a_tree_of_v8s_own_format_may_be_as_deep_as_a_stack_and_as_wide() {
    let node = |name: usize| {
        format!(
            r#"{{"callFrame":{{"functionName":"f{name}","url":"/a.js","lineNumber":{name},"columnNumber":0}},"selfSize":1,"children":["#
        )
    };
    let deep: String = (0..3000).map(node).collect::<String>() + &"]}".repeat(3000);
    let wide: Vec<String> = (0..3000).map(|name| node(name) + "]}").collect();
    for tree in [deep, wide.join(",")] {
        let text = format!(
            r#"{{"head":{{"callFrame":{{"functionName":"(root)","url":""}},"selfSize":7,"children":[{tree}]}}}}"#
        );
        let profile = of(&text);
        assert_eq!(profile.totals(), [3007]);
        let again = read(&write(&profile, Format::HeapProfile, 0, Maker("heapkit"), &|| Ok(())).unwrap()).unwrap();
        let folded = |profile: &Profile| write(profile, Format::Folded, 0, Maker("heapkit"), &|| Ok(())).unwrap();
        assert!(folded(&again) == folded(&profile));
    }
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

/// The data of a flame graph's page: JSON without any `<`.
fn graph(profile: &Profile, base: Option<&Profile>, value: usize) -> serde_json::Value {
    let page = flamegraph(profile, base, value, Page { head: "<p>", tail: "</p>" }, &|| Ok(())).unwrap();
    let text = String::from_utf8(page).unwrap();
    let data = text.strip_prefix("<p>").and_then(|text| text.strip_suffix("</p>")).unwrap();
    assert!(!data.contains('<'));
    serde_json::from_str(data).unwrap()
}

/// The numbers of a column.
fn numbers(column: &serde_json::Value) -> Vec<u64> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = column.as_str().unwrap().trim_end_matches('=');
    let bits: String = letters.chars().map(|letter| format!("{:06b}", ALPHABET.find(letter).unwrap())).collect();
    let bytes = bits.as_bytes().chunks_exact(8).map(|bits| std::str::from_utf8(bits).unwrap());
    let mut all = Vec::new();
    let (mut number, mut shift) = (0_u64, 0);
    for byte in bytes.map(|bits| u64::from_str_radix(bits, 2).unwrap()) {
        number |= (byte & 0x7F) << shift;
        shift += 7;
        if byte < 0x80 {
            all.push(std::mem::take(&mut number));
            shift = 0;
        }
    }
    all
}

/// Each way of calls with what is its own, and what was: `main (anonymous) 100 0`.
fn ways(data: &serde_json::Value, value: usize) -> Vec<String> {
    let name = |function: u64| {
        let place = usize::try_from(function).unwrap();
        let text = usize::try_from(data["functions"]["name"][place].as_u64().unwrap()).unwrap();
        data["strings"][text].as_str().unwrap()
    };
    // The lowest bit is the sign.
    let halves = |column: &serde_json::Value| numbers(column).iter().map(|number| number / 2).collect::<Vec<_>>();
    let tree = &data["tree"];
    let own = halves(&tree["own"][value]);
    let base = tree.get("base").map(|base| halves(&base[value]));
    let mut way = Vec::new();
    let nodes = numbers(&tree["up"]).into_iter().zip(numbers(&tree["function"])).enumerate();
    nodes
        .map(|(index, (up, function))| {
            way.truncate(way.len() - usize::try_from(up).unwrap());
            way.push(name(function));
            let base = base.as_ref().map_or(String::new(), |base| format!(" {}", base[index]));
            format!("{} {}{base}", way.join(" "), own[index])
        })
        .collect()
}

#[test]
fn a_flame_graph_has_each_way_of_calls_once() {
    let data = graph(&of(CPU), None, 1);
    let cpu = [
        "main 0",
        "main (anonymous) 300000",
        "main (anonymous) (anonymous) 100000",
        "(idle) 0",
        "(garbage collector) 100000",
    ];
    let mut found = ways(&data, 1);
    found.sort();
    let mut expected: Vec<_> = cpu.map(String::from).into();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(
        (&data["shown"], &data["types"][1]["unit"], &data["base"]),
        (&1.into(), &"nanoseconds".into(), &serde_json::Value::Null)
    );
    let places = data["functions"]["origin"].as_array().unwrap().iter().map(|place| place.as_u64().unwrap());
    let mut origins: Vec<_> =
        places.map(|place| data["origins"][usize::try_from(place).unwrap()].as_str().unwrap()).collect();
    origins.sort_unstable();
    assert_eq!(origins, ["dependency", "engine", "idle", "own"]);
}

#[test]
fn a_flame_graph_of_nothing_has_its_columns() {
    let nothing = r#"{"nodes":[{"id":1,"callFrame":{"functionName":"(root)"}}],"startTime":0,"endTime":0,"samples":[],"timeDeltas":[]}"#;
    let data = graph(&of(nothing), Some(&of(CPU)), 1);
    assert_eq!(data["tree"]["own"].as_array().unwrap().len(), 3);
    let data = graph(&of(nothing), None, 1);
    assert_eq!((&data["tree"]["own"], &data["tree"]["up"]), (&serde_json::json!(["", "", ""]), &"".into()));
}

#[test]
fn a_flame_graph_of_two_has_what_was_and_what_is_also_where_a_function_moved() {
    let before = of(&HEAP.replace(r#""lineNumber":4"#, r#""lineNumber":7"#).replace("512", "500"));
    let now = of(&HEAP.replace(r#""functionName":"parse""#, r#""functionName":"</script>""#));
    let data = graph(&now, Some(&before), 0);
    assert_eq!(ways(&data, 0), ["load;all 100 100", "load;all </script> 512 0", "load;all parse 0 500"]);
    let place = |data: &serde_json::Value| data["functions"]["line"][0].clone();
    assert_eq!(place(&data), 5);
    let refused = flamegraph(&now, Some(&of(CPU)), 0, Page { head: "", tail: "" }, &|| Ok(())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Option `base` has no inuse_space/bytes to compare with; it has samples/count, cpu/nanoseconds, wall/nanoseconds"
    );
}

#[test]
fn threads_are_told_apart_where_samples_name_theirs() {
    let (other, heap) = (HEAP.replace("512", "300"), HEAP);
    let text =
        format!(r#"{{"threads":[{{"name":"main","profile":{heap}}},{{"name":"[worker 1] a","profile":{other}}}]}}"#);
    let profile = of(&text);
    assert_eq!(rows(&profile, By::Thread, 0), names(&[("main", 612, 612), ("[worker 1] a", 400, 400)]));
    assert_eq!(rows(&of(HEAP), By::Thread, 0), names(&[("(no thread)", 612, 612)]));
    let only = |focus: Option<&str>, ignore: Option<&str>| {
        let [focus, ignore] = [focus, ignore].map(|text| text.map(|text| regex_lite::Regex::new(text).unwrap()));
        table(&profile, &TableOptions { by: By::Function, value: 0, focus, ignore, top: 1 }, &|| Ok(())).unwrap()
    };
    let of_worker = only(Some(r"^\[worker 1\]"), None);
    assert_eq!((of_worker.total, of_worker.shown, of_worker.rows[0].flat), (1012, 400, 300));
    assert_eq!(only(None, Some("worker")).shown, 612);
}

#[test]
fn what_grew_is_told_by_function_file_and_package() {
    let before = of(&HEAP.replace("512", "300").replace(r#""lineNumber":4"#, r#""lineNumber":2"#));
    let ask = |by| diff(&of(HEAP), &before, &DiffOptions { by, value: 0, top: 10 }, &|| Ok(())).unwrap();
    let answer = ask(By::Function);
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.place.as_deref(), row.flat, row.cumulative_delta))
        .collect();
    assert_eq!(
        rows,
        [("parse", Some("node:fs:2"), [300, 512], 212), ("load;all", Some("/app/load.js:5"), [100, 100], 212)]
    );
    assert_eq!((answer.totals, answer.max_flat_delta, answer.row_count), ([400, 612], 212, 2));
    assert_eq!(ask(By::Package).rows[0].name, "(Node.js)");
    let same = diff(&of(CPU), &of(CPU), &DiffOptions { by: By::File, value: 1, top: 10 }, &|| Ok(())).unwrap();
    assert_eq!((same.rows.len(), same.max_flat_delta), (0, 0));
}
