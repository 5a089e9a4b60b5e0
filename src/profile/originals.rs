//! Sources in the place of scripts, where source maps tell: files, lines and names of functions, and the lines of frames.

use std::sync::Arc;

use super::handles::{Frame, Function};
use super::model::{Builder, FunctionRow, Profile};
use super::{Check, copy};
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
    copy::samples(&mut copy.builder, profile, &frames, |builder, stack, labels, values| {
        check()?;
        let labels = builder.labels(labels);
        builder.sample(stack, labels, values.iter().copied());
        Ok(())
    })?;
    copy.builder.about().described_as(profile);
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
}
