//! pprof's `profile.proto`, compressed with gzip. What its users rely on: the first string is empty, each function and each location has
//! an id of its own that is not 0, every name is there, and samples of one stack are one.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use prost::encoding::message::encode;

use super::Maker;
use super::bounded::{Bounded, too_large};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::model::{self, LabelValue, Profile};
use crate::profile::pprof::{Function, Label, Line, Location, Mapping, Proto, SAMPLE, Sample, ValueType};
use crate::profile::samples;
use crate::profile::strings::Strings;

/// There is one: JavaScript, whose addresses nobody needs.
const MAPPING: u64 = 1;

pub(super) fn write(profile: &Profile, maker: Maker<'_>, check: Check<'_>) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Bounded::default(), Compression::default());
    put(profile, maker, check, &mut gzip)?;
    gzip.finish().map(|Bounded(bytes)| bytes).map_err(|_| too_large())
}

pub(super) fn write_plain(profile: &Profile, maker: Maker<'_>, check: Check<'_>) -> Result<Vec<u8>> {
    let mut out = Bounded::default();
    put(profile, maker, check, &mut out)?;
    Ok(out.0)
}

fn put(profile: &Profile, maker: Maker<'_>, check: Check<'_>, out: &mut impl Write) -> Result<()> {
    let mut writer = Writer::default();
    let mut bytes = Vec::new();
    for sample in profile.samples().merged().iter() {
        check()?;
        bytes.clear();
        encode(SAMPLE, &writer.sample(profile, sample), &mut bytes);
        out.write_all(&bytes).map_err(|_| too_large())?;
    }
    let rest = writer.proto(profile, maker).encode_to_vec();
    out.write_all(&rest).map_err(|_| too_large())
}

#[derive(Default)]
struct Writer {
    strings: Strings,
}

impl Writer {
    fn proto(mut self, profile: &Profile, maker: Maker<'_>) -> Proto {
        let mut proto = Proto {
            sample_type: profile.types().iter().map(|one| self.value_type(one)).collect(),
            mapping: vec![Mapping {
                id: MAPPING,
                file: self.text("node"),
                has_functions: true,
                has_files: true,
                has_lines: true,
            }],
            time_nanos: profile.time_nanos,
            duration_nanos: profile.duration_nanos,
            default_sample_type: self.text(&profile.default_type),
            ..Proto::default()
        };
        if let Some((kind, period)) = &profile.period {
            proto.period_type = Some(self.value_type(kind));
            proto.period = *period;
        }
        proto.comment =
            profile.comments.iter().map(String::as_str).chain([maker.0]).map(|comment| self.text(comment)).collect();
        for (function, id) in profile.all_functions().iter().zip(1..) {
            let name = self.text(profile.name(function));
            let file = self.text(profile.text(function.file));
            proto.function.push(Function { id, name, system_name: name, file, start_line: function.line.into() });
        }
        for (frame, id) in profile.all_frames().iter().zip(1..) {
            let line = Line { function_id: u64::from(frame.function.0) + 1, line: frame.line.into(), column: 0 };
            proto.location.push(Location { id, mapping_id: MAPPING, address: 0, line: vec![line] });
        }
        proto.string_table = self.strings.all().map(Into::into).collect();
        proto
    }

    fn sample(&mut self, profile: &Profile, sample: samples::Sample<'_>) -> Sample {
        Sample {
            location_id: profile.frames(sample.stack).map(|frame| u64::from(frame.0) + 1).collect(),
            value: sample.values.to_vec(),
            label: profile.labels(sample.labels).iter().map(|label| self.label(profile, label)).collect(),
        }
    }

    fn text(&mut self, text: &str) -> i64 {
        self.strings.place(text).into()
    }

    fn value_type(&mut self, one: &model::ValueType) -> ValueType {
        ValueType { name: self.text(&one.name), unit: self.text(&one.unit) }
    }

    fn label(&mut self, profile: &Profile, label: &model::Label) -> Label {
        let key = self.text(profile.text(label.key));
        match label.value {
            LabelValue::Text(text) => Label { key, text: self.text(profile.text(text)), number: 0, unit: 0 },
            LabelValue::Number(number, unit) => Label { key, text: 0, number, unit: self.text(profile.text(unit)) },
        }
    }
}
