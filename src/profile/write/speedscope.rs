//! speedscope's own format: a profile of samples, in their order, for each type of value.

use serde::Serialize;

use super::Maker;
use crate::error::{Error, Result};
use crate::profile::model::Profile;

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'a str,
    active_profile_index: usize,
    shared: Shared<'a>,
    profiles: Vec<Samples<'a>>,
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    line: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's way")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples<'a> {
    r#type: &'static str,
    name: &'a str,
    unit: &'static str,
    start_value: i64,
    end_value: i64,
    samples: Vec<Vec<u32>>,
    weights: Vec<i64>,
}

pub(super) fn write(profile: &Profile, maker: Maker<'_>) -> Result<Vec<u8>> {
    let frames = profile.all_frames().iter().map(|frame| {
        let function = profile.function(frame.function);
        Frame { name: profile.name(&function), file: profile.text(function.file), line: function.line }
    });
    let file = File {
        schema: SCHEMA,
        exporter: maker.0,
        active_profile_index: profile.default_type_index(),
        shared: Shared { frames: frames.collect() },
        profiles: (0..profile.types().len()).map(|value| samples(profile, value)).collect(),
    };
    serde_json::to_vec(&file).map_err(|error| Error::internal(format!("a profile could not be written: {error}")))
}

fn samples(profile: &Profile, value: usize) -> Samples<'_> {
    let mut result = Samples {
        r#type: "sampled",
        name: "",
        unit: "none",
        start_value: 0,
        end_value: 0,
        samples: Vec::new(),
        weights: Vec::new(),
    };
    if let Some(one) = profile.types().get(value) {
        result.name = &one.name;
        result.unit = match one.unit.as_str() {
            "nanoseconds" => "nanoseconds",
            "microseconds" => "microseconds",
            "bytes" => "bytes",
            _ => "none",
        };
    }
    for sample in profile.samples().iter() {
        // It draws no widths below nothing.
        let Some(weight) = sample.values.get(value).copied().filter(|weight| *weight > 0) else { continue };
        let mut stack: Vec<u32> = profile.frames(sample.stack).map(|frame| frame.0).collect();
        stack.reverse();
        result.samples.push(stack);
        result.weights.push(weight);
        result.end_value = result.end_value.saturating_add(weight);
    }
    result
}
