//! Sources in the place of scripts, where source maps tell: files, lines and names of functions, and the lines of frames.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Check;
use super::handles::{Frame, Function, Labels, Stack, Text};
use super::model::{Builder, FunctionRow, Label, LabelValue, Profile};
use crate::error::Result;
use crate::source_maps::{MapsFrom, MapsUsed, SourceMaps};

/// The same profile as it would be of the sources. Functions that nobody knows the column of stay as they are: in a bundle it says which they are.
///
/// # Errors
/// What `check` fails with.
pub fn originals(
    profile: &Profile,
    from: &MapsFrom,
    has_room: &dyn Fn(u64) -> bool,
    check: Check<'_>,
) -> Result<(Profile, MapsUsed)> {
    let mut scripts: Vec<&str> = profile.all_functions().iter().map(|row| profile.text(row.file)).collect();
    scripts.sort_unstable();
    scripts.dedup();
    let names: Vec<String> = scripts.into_iter().map(ToOwned::to_owned).collect();
    let mut maps = SourceMaps::new(from, &names, has_room);
    let mut copy = Copy { profile, builder: Builder::new(profile.types().to_vec()) };
    let functions = copy.functions(&mut maps, check)?;
    let frames = copy.frames(&functions, &mut maps, check)?;
    let mut stacks: Vec<Stack> = Vec::new();
    for row in profile.all_stacks() {
        // A caller is older than whom it calls.
        let caller = row.caller.and_then(|caller| stacks.get(caller.index()).copied());
        let Some(frame) = frames.get(row.frame.index()) else { continue };
        stacks.push(copy.builder.stack(caller, *frame));
    }
    let mut labels = FxHashMap::default();
    for sample in profile.samples().iter() {
        check()?;
        let own = *labels.entry(sample.labels).or_insert_with(|| copy.labels(sample.labels));
        let stack = sample.stack.and_then(|stack| stacks.get(stack.index()).copied());
        copy.builder.sample(stack, own, sample.values.iter().copied());
    }
    let about = copy.builder.about();
    about.time_nanos = profile.time_nanos;
    about.duration_nanos = profile.duration_nanos;
    about.period.clone_from(&profile.period);
    about.default_type.clone_from(&profile.default_type);
    about.comments.clone_from(&profile.comments);
    Ok((copy.builder.finish(), maps.used()))
}

struct Copy<'p> {
    profile: &'p Profile,
    builder: Builder,
}

/// A function of the copy, and the source that it is from, if there is one.
type Placed = (Function, Option<Arc<str>>);

impl Copy<'_> {
    fn functions(&mut self, maps: &mut SourceMaps<'_>, check: Check<'_>) -> Result<Vec<Placed>> {
        let profile = self.profile;
        let mut rows: Vec<(usize, &FunctionRow)> = profile.all_functions().iter().enumerate().collect();
        let mut placed = vec![None; rows.len()];
        // Script by script: not all maps may be in memory at once.
        rows.sort_by_key(|(_, row)| profile.text(row.file));
        for (index, row) in rows {
            check()?;
            let (name, file) = (profile.text(row.name), profile.text(row.file));
            let original = match (row.line.checked_sub(1), row.column.checked_sub(1)) {
                // What has no name at the beginning of a script is the script itself.
                (Some(0), Some(0)) if name.is_empty() => None,
                (Some(line), Some(column)) => maps.original(file, line, column, name),
                _ => None,
            };
            if let Some(slot) = placed.get_mut(index) {
                *slot = original;
            }
        }
        // In the order of the profile, so that the copy has that, too.
        let rows = profile.all_functions().iter().zip(placed);
        Ok(rows
            .map(|(row, original)| {
                let name = profile.text(row.name);
                match original {
                    None => (self.builder.function(name, profile.text(row.file), row.line, row.column), None),
                    Some(original) => {
                        let name = original.name.as_deref().unwrap_or(name);
                        let (line, column) = (original.line.saturating_add(1), original.column.saturating_add(1));
                        let function = self.builder.function(name, &original.source, line, column);
                        (function, Some(original.source))
                    }
                }
            })
            .collect())
    }

    fn frames(&mut self, functions: &[Placed], maps: &mut SourceMaps<'_>, check: Check<'_>) -> Result<Vec<Frame>> {
        let profile = self.profile;
        let mut frames = Vec::new();
        for row in profile.all_frames() {
            check()?;
            let own = profile.function(row.function);
            let (function, source) = match functions.get(row.function.index()) {
                Some((function, source)) => (*function, source.as_ref()),
                None => (self.builder.function("", "", 0, 0), None),
            };
            let line = match source {
                None => row.line,
                // The line where a function begins is known best by its column.
                Some(_) if row.line == own.line => 0,
                Some(source) => {
                    let line = row.line.checked_sub(1).and_then(|line| maps.line(profile.text(own.file), line));
                    line.filter(|(other, _)| other == source).map_or(0, |(_, line)| line.saturating_add(1))
                }
            };
            frames.push(self.builder.frame(function, line));
        }
        Ok(frames)
    }

    fn labels(&mut self, labels: Labels) -> Labels {
        let profile = self.profile;
        let mut text = |text: Text| self.builder.text(profile.text(text));
        let copied = profile.labels(labels).iter().map(|label| Label {
            key: text(label.key),
            value: match label.value {
                LabelValue::Text(value) => LabelValue::Text(text(value)),
                LabelValue::Number(number, unit) => LabelValue::Number(number, text(unit)),
            },
        });
        let copied = copied.collect();
        self.builder.labels(copied)
    }
}
