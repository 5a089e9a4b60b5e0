//! speedscope's own format: a profile of samples, in their order, for each type of value.

use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};

use super::Maker;
use super::bounded::{Bounded, too_large};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::handles::Stack;
use crate::profile::model::{Profile, ValueType};

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'a str,
    /// What its window is called.
    name: &'a str,
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
    samples: Stacks<'a>,
    weights: Weights<'a>,
}

/// A profile's samples of one type. It draws no widths below nothing.
#[derive(Clone, Copy)]
struct Wide<'a> {
    profile: &'a Profile,
    value: usize,
    check: Check<'a>,
}

impl<'a> Wide<'a> {
    fn samples(self) -> impl Iterator<Item = (Option<Stack>, i64)> + 'a {
        let all = self.profile.samples().iter();
        all.filter_map(move |sample| {
            let weight = sample.values.get(self.value).copied().filter(|weight| *weight > 0)?;
            Some((sample.stack, weight))
        })
    }
}

struct Stacks<'a>(Wide<'a>);

impl Serialize for Stacks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_seq(None)?;
        let mut frames = Vec::new();
        for (stack, _) in self.0.samples() {
            (self.0.check)().map_err(S::Error::custom)?;
            frames.clear();
            frames.extend(self.0.profile.frames(stack).map(|frame| frame.0));
            frames.reverse();
            all.serialize_element(&frames)?;
        }
        all.end()
    }
}

struct Weights<'a>(Wide<'a>);

impl Serialize for Weights<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.samples().map(|(_, weight)| weight))
    }
}

pub(super) fn write(profile: &Profile, maker: Maker<'_>, check: Check<'_>) -> Result<Vec<u8>> {
    let frames = profile.all_frames().iter().map(|frame| {
        let function = profile.function(frame.function);
        Frame { name: profile.name(&function), file: profile.text(function.file), line: function.line }
    });
    let profiles = profile.types().iter().zip(0..).map(|(one, value)| samples(one, Wide { profile, value, check }));
    let file = File {
        schema: SCHEMA,
        exporter: maker.0,
        name: profile.types().get(profile.default_type_index()).map_or("", |one| &one.name),
        active_profile_index: profile.default_type_index(),
        shared: Shared { frames: frames.collect() },
        profiles: profiles.collect(),
    };
    let mut out = Bounded::default();
    let written = serde_json::to_writer(&mut out, &file);
    // If it was given up, that is why it failed.
    check()?;
    written.map(|()| out.0).map_err(|_| too_large())
}

fn samples<'a>(one: &'a ValueType, wide: Wide<'a>) -> Samples<'a> {
    let unit = match one.unit.as_str() {
        "nanoseconds" => "nanoseconds",
        "microseconds" => "microseconds",
        "bytes" => "bytes",
        _ => "none",
    };
    let end_value = wide.samples().map(|(_, weight)| weight).sum();
    Samples {
        r#type: "sampled",
        name: &one.name,
        unit,
        start_value: 0,
        end_value,
        samples: Stacks(wide),
        weights: Weights(wide),
    }
}
