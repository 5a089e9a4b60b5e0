//! pprof's `profile.proto`.

use std::borrow::Cow;

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::profile::handles::{Frame, Function};
use crate::profile::model::{Builder, Label, LabelValue, Profile, ValueType};
use crate::profile::pprof::{self, Proto, SAMPLE};

const LOCATION: u32 = 4;
/// Functions that were inlined at one place are not more.
const LINES: usize = 256;
/// Frames of all stacks together, for each byte of the file: an inlined one takes no byte in the stacks that it is in.
const FRAMES_A_BYTE: usize = 32;

/// What the tables of a file may take in memory: two bytes of it can be fifty there.
const TABLES: usize = 1 << 30;
/// Bytes of one sample.
const SAMPLE_BYTES: usize = 4 << 20;

pub(super) fn read(text: &[u8]) -> Result<Profile> {
    let mut tables = 0_usize;
    each_field(text, |tag, field| {
        let bytes = match tag {
            SAMPLE if field.len() > SAMPLE_BYTES => {
                let reason = format!("has a sample of {} bytes: more than {SAMPLE_BYTES}", field.len());
                return Err(Error::invalid_profile(reason, None));
            }
            SAMPLE => 0,
            // Its lines are messages of their own.
            LOCATION => size_of::<pprof::Location>() + field.len() / 2 * size_of::<pprof::Line>(),
            _ => field.len() + size_of::<pprof::Function>(),
        };
        // What grows is twice as large meanwhile.
        tables = tables.saturating_add(2 * bytes);
        Ok(())
    })?;
    if tables > TABLES {
        let reason = format!("has tables that would take {} MiB in memory: more than {}", tables >> 20, TABLES >> 20);
        return Err(Error::invalid_profile(reason, None));
    }
    let proto = Proto::decode(text).map_err(|error| broken(&error))?;
    if proto.sample_type.is_empty() || proto.string_table.first().is_none_or(|first| !first.is_empty()) {
        let reason = "is neither JSON nor a pprof profile: it has no sample types, or no table of strings";
        return Err(Error::invalid_profile(reason, None));
    }
    File { proto: &proto, text }.profile()
}

/// Each field of the outermost message that has a length: its number and its bytes.
fn each_field<'a>(mut text: &'a [u8], mut take: impl FnMut(u32, &'a [u8]) -> Result<()>) -> Result<()> {
    while !text.is_empty() {
        let (tag, wire) = decode_key(&mut text).map_err(|error| broken(&error))?;
        if wire != WireType::LengthDelimited {
            skip_field(wire, tag, &mut text, DecodeContext::default()).map_err(|error| broken(&error))?;
            continue;
        }
        let length = decode_varint(&mut text).map_err(|error| broken(&error))?;
        let parts = usize::try_from(length).ok().and_then(|length| text.split_at_checked(length));
        let (field, rest) = parts
            .ok_or_else(|| Error::invalid_profile("is neither JSON nor a whole pprof profile: it breaks off", None))?;
        take(tag, field)?;
        text = rest;
    }
    Ok(())
}

fn broken(error: &DecodeError) -> Error {
    Error::invalid_profile(format!("is neither JSON nor a whole pprof profile: {error}"), None)
}

struct File<'a> {
    proto: &'a Proto,
    text: &'a [u8],
}

impl File<'_> {
    fn profile(&self) -> Result<Profile> {
        let proto = self.proto;
        let types = proto.sample_type.iter().map(|one| self.value_type(one)).collect::<Result<Vec<_>>>()?;
        let width = types.len();
        let mut builder = Builder::new(types);
        let functions = self.functions(&mut builder)?;
        let locations = self.locations(&functions, &mut builder)?;
        let most_frames = self.text.len().saturating_mul(FRAMES_A_BYTE);
        let mut all_frames = 0_usize;
        each_field(self.text, |tag, field| {
            if tag != SAMPLE {
                return Ok(());
            }
            let sample = pprof::Sample::decode(field).map_err(|error| broken(&error))?;
            if sample.value.len() != width {
                let reason = format!("has a sample of {} values, and {width} types", sample.value.len());
                return Err(Error::invalid_profile(reason, None));
            }
            let mut stack = None;
            for id in sample.location_id.iter().rev() {
                let frames = locations.get(id).ok_or_else(|| unknown("location", *id))?;
                all_frames += frames.len();
                if all_frames > most_frames {
                    return Err(Error::invalid_profile(
                        format!("has stacks of more than {most_frames} frames in all"),
                        None,
                    ));
                }
                for frame in frames.iter().rev() {
                    stack = Some(builder.stack(stack, *frame));
                }
            }
            let labels =
                sample.label.iter().map(|label| self.label(label, &mut builder)).collect::<Result<Vec<_>>>()?;
            let labels = builder.labels(labels);
            builder.sample(stack, labels, sample.value.iter().copied());
            Ok(())
        })?;
        let comments =
            proto.comment.iter().map(|comment| Ok(self.text(*comment)?.into_owned())).collect::<Result<Vec<_>>>()?;
        let period =
            proto.period_type.as_ref().map(|one| self.value_type(one)).transpose()?.map(|kind| (kind, proto.period));
        let default_type = self.text(proto.default_sample_type)?.into_owned();
        let about = builder.about();
        (about.time_nanos, about.duration_nanos) = (proto.time_nanos, proto.duration_nanos);
        (about.comments, about.period, about.default_type) = (comments, period, default_type);
        Ok(builder.finish())
    }

    fn text(&self, place: i64) -> Result<Cow<'_, str>> {
        let text = usize::try_from(place).ok().and_then(|place| self.proto.string_table.get(place));
        text.map(|text| String::from_utf8_lossy(text)).ok_or_else(|| {
            Error::invalid_profile(format!("speaks of string {place} of {}", self.proto.string_table.len()), None)
        })
    }

    fn value_type(&self, one: &pprof::ValueType) -> Result<ValueType> {
        Ok(ValueType::new(&self.text(one.name)?, &self.text(one.unit)?))
    }

    fn functions(&self, builder: &mut Builder) -> Result<FxHashMap<u64, Function>> {
        let functions = self.proto.function.iter().map(|function| {
            let name = match function.name {
                0 => self.text(function.system_name)?,
                name => self.text(name)?,
            };
            Ok((function.id, builder.function(&name, &self.text(function.file)?, line(function.start_line), 0)))
        });
        functions.collect()
    }

    /// The frames of each location, the innermost first.
    fn locations(
        &self,
        functions: &FxHashMap<u64, Function>,
        builder: &mut Builder,
    ) -> Result<FxHashMap<u64, Vec<Frame>>> {
        let mappings: FxHashMap<u64, i64> =
            self.proto.mapping.iter().map(|mapping| (mapping.id, mapping.file)).collect();
        let mut locations = FxHashMap::default();
        for location in &self.proto.location {
            if location.line.len() > LINES {
                return Err(Error::invalid_profile(
                    format!("has {} functions inlined at one place: more than {LINES}", location.line.len()),
                    None,
                ));
            }
            let mut frames = Vec::with_capacity(location.line.len());
            for one in &location.line {
                let function = functions.get(&one.function_id).ok_or_else(|| unknown("function", one.function_id))?;
                frames.push(builder.frame(*function, line(one.line)));
            }
            if frames.is_empty() {
                // Machine code that nobody gave a name.
                let file = mappings.get(&location.mapping_id).map_or(Ok(Cow::Borrowed("")), |file| self.text(*file))?;
                let function = builder.function(&format!("{:#x}", location.address), &file, 0, 0);
                frames.push(builder.frame(function, 0));
            }
            locations.insert(location.id, frames);
        }
        Ok(locations)
    }

    fn label(&self, label: &pprof::Label, builder: &mut Builder) -> Result<Label> {
        let key = builder.text(&self.text(label.key)?);
        let value = match label.text {
            0 => LabelValue::Number(label.number, builder.text(&self.text(label.unit)?)),
            text => LabelValue::Text(builder.text(&self.text(text)?)),
        };
        Ok(Label { key, value })
    }
}

fn line(line: i64) -> u32 {
    u32::try_from(line).unwrap_or(0)
}

fn unknown(what: &str, id: u64) -> Error {
    Error::invalid_profile(format!("speaks of {what} {id}, which it does not have"), None)
}
