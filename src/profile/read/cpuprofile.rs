//! V8's `.cpuprofile`: a tree of functions, and which of them was running at each sample.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::place::path;
use crate::error::{Error, Result};
use crate::profile::handles::{Frame, Function, Stack};
use crate::profile::model::{Builder, NO_LABELS, Profile, ValueType};
use crate::profile::origin::IDLE;

const ROOT: &str = "(root)";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    nodes: Vec<Node>,
    start_time: f64,
    #[serde(default)]
    end_time: f64,
    samples: Option<Vec<u64>>,
    time_deltas: Option<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: u64,
    call_frame: CallFrame,
    #[serde(default)]
    hit_count: u32,
    #[serde(default)]
    children: Vec<u64>,
    /// Instead of the caller's `children`, in what Chrome writes of a trace.
    parent: Option<u64>,
    #[serde(default)]
    position_ticks: Vec<PositionTick>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame {
    function_name: String,
    #[serde(default)]
    url: String,
    /// From 0; -1 is nowhere.
    line_number: Option<i64>,
    column_number: Option<i64>,
}

#[derive(Deserialize)]
struct PositionTick {
    line: u32,
    ticks: u32,
}

pub(super) fn read(text: &[u8]) -> Result<Profile> {
    let file: File = serde_json::from_slice(text).map_err(|error| {
        let what = if error.is_data() { "is no .cpuprofile" } else { "is no whole JSON" };
        Error::invalid_profile(format!("{what}: {error}"), None)
    })?;
    let types = vec![
        ValueType::new("samples", "count"),
        ValueType::new("cpu", "nanoseconds"),
        ValueType::new("wall", "nanoseconds"),
    ];
    let mut builder = Builder::new(types);
    let mut tree = Tree::new(&file.nodes, &mut builder)?;
    let durations = durations(&file)?;
    match &file.samples {
        Some(samples) => {
            for (id, nanos) in samples.iter().zip(durations) {
                tree.sample(*id, nanos, &mut builder)?;
            }
        }
        None => {
            let nanos = durations.first().copied().unwrap_or_default();
            for node in &file.nodes {
                for _ in 0..node.hit_count {
                    tree.sample(node.id, nanos, &mut builder)?;
                }
            }
        }
    }
    let about = builder.about();
    about.default_type = "cpu".into();
    about.duration_nanos = nanos(file.end_time - file.start_time).max(0);
    Ok(builder.finish())
}

/// Microseconds, of which V8 has whole ones and its tools fractions, too.
#[allow(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
fn nanos(micros: f64) -> i64 {
    (micros * 1000.0).round() as i64
}

/// Microseconds of three hundred years, which is what nanoseconds have room for.
const LATEST: f64 = 9e15;

fn in_range(time: f64) -> Result<f64> {
    if time.abs() < LATEST {
        Ok(time)
    } else {
        Err(Error::invalid_profile(format!("has a time of {time} microseconds"), None))
    }
}

/// How long each sample lasted: until the next; without samples, one for all of them.
fn durations(file: &File) -> Result<Vec<i64>> {
    let length = in_range(in_range(file.end_time)? - in_range(file.start_time)?)?;
    let Some(samples) = &file.samples else {
        let hits: u64 = file.nodes.iter().map(|node| u64::from(node.hit_count)).sum();
        #[allow(clippy::cast_precision_loss, reason = "a mean")]
        return Ok(vec![if hits == 0 { 0 } else { nanos(length / hits as f64).max(0) }]);
    };
    #[allow(clippy::cast_precision_loss, reason = "a mean")]
    let Some(deltas) = &file.time_deltas else {
        return Ok(vec![nanos(length / samples.len().max(1) as f64).max(0); samples.len()]);
    };
    if deltas.len() != samples.len() {
        return Err(Error::invalid_profile(
            format!("has {} samples and {} timeDeltas: the numbers must be equal", samples.len(), deltas.len()),
            None,
        ));
    }
    // The first is since the beginning. Now and then V8 has a sample a little before the one that it follows.
    let mut at = file.start_time;
    let times = deltas
        .iter()
        .map(|delta| {
            at = in_range(at + delta)?;
            Ok(at)
        })
        .collect::<Result<Vec<f64>>>()?;
    let ends = times.iter().skip(1).copied().chain([file.end_time.max(at)]);
    Ok(times.iter().zip(ends).map(|(time, end)| nanos(end - time).max(0)).collect())
}

/// Where each node of the file is.
struct Tree {
    places: FxHashMap<u64, Place>,
}

struct Place {
    caller: Option<Stack>,
    /// None for the root.
    function: Option<Function>,
    is_idle: bool,
    /// Lines of the function where it was seen, and how often each; a sample takes one.
    lines: Vec<(Frame, u32)>,
}

impl Tree {
    fn new(nodes: &[Node], builder: &mut Builder) -> Result<Self> {
        let ids: FxHashMap<u64, &Node> = nodes.iter().map(|node| (node.id, node)).collect();
        if ids.len() != nodes.len() {
            return Err(Error::invalid_profile(
                format!("has {} nodes with {} ids: they must be different", nodes.len(), ids.len()),
                None,
            ));
        }
        let mut callers: FxHashMap<u64, u64> = nodes.iter().filter_map(|node| Some((node.id, node.parent?))).collect();
        for node in nodes {
            for child in &node.children {
                match callers.entry(*child) {
                    Entry::Occupied(one) if *one.get() != node.id => {
                        return Err(Error::invalid_profile(format!("has node {child} twice in its tree"), None));
                    }
                    Entry::Occupied(_) => {}
                    Entry::Vacant(place) => {
                        place.insert(node.id);
                    }
                }
            }
        }
        let mut tree = Self { places: FxHashMap::default() };
        for node in nodes {
            // The way up to what is there already, and then down again.
            let mut way = Vec::new();
            let mut next = Some(node.id);
            while let Some(id) = next.filter(|id| !tree.places.contains_key(id)) {
                if way.len() > nodes.len() {
                    return Err(Error::invalid_profile(format!("has node {id} below itself in its tree"), None));
                }
                way.push(id);
                next = callers.get(&id).copied();
            }
            for id in way.into_iter().rev() {
                let node = ids.get(&id).ok_or_else(|| unknown(id))?;
                let place = tree.place(node, callers.get(&id), builder);
                tree.places.insert(id, place);
            }
        }
        Ok(tree)
    }

    fn place(&self, node: &Node, caller: Option<&u64>, builder: &mut Builder) -> Place {
        let caller = caller.and_then(|id| self.places.get(id));
        let caller = caller.and_then(|place| {
            let frame = builder.frame(place.function?, 0);
            Some(builder.stack(place.caller, frame))
        });
        let CallFrame { function_name, url, line_number, column_number } = &node.call_frame;
        let from_one =
            |number: &Option<i64>| number.and_then(|number| u32::try_from(number.saturating_add(1)).ok()).unwrap_or(0);
        let is_root = function_name == ROOT && url.is_empty();
        let function = (!is_root)
            .then(|| builder.function(function_name, &path(url), from_one(line_number), from_one(column_number)));
        let lines = function.map_or_else(Vec::new, |function| {
            node.position_ticks.iter().rev().map(|tick| (builder.frame(function, tick.line), tick.ticks)).collect()
        });
        Place { caller, function, is_idle: function_name == IDLE && url.is_empty(), lines }
    }

    fn sample(&mut self, id: u64, nanos: i64, builder: &mut Builder) -> Result<()> {
        let place = self.places.get_mut(&id).ok_or_else(|| unknown(id))?;
        let values = if place.is_idle { [0, 0, nanos] } else { [1, nanos, nanos] };
        let stack = place.function.map(|function| {
            let frame = place.line().unwrap_or_else(|| builder.frame(function, 0));
            builder.stack(place.caller, frame)
        });
        builder.sample(stack, NO_LABELS, values);
        Ok(())
    }
}

impl Place {
    /// V8 tells how often which line was seen, but not by which sample.
    fn line(&mut self) -> Option<Frame> {
        let (frame, ticks) = self.lines.last_mut()?;
        let frame = *frame;
        *ticks = ticks.saturating_sub(1);
        if *ticks == 0 {
            self.lines.pop();
        }
        Some(frame)
    }
}

fn unknown(id: u64) -> Error {
    Error::invalid_profile(format!("speaks of node {id}, which it does not have"), None)
}
