//! Sources in the place of scripts, where source maps tell: files, lines and names of functions, and the lines of frames.

use std::sync::Arc;

use super::handles::{Frame, Function};
use super::model::{Builder, FrameRow, FunctionRow, Profile};
use super::{Check, copy};
use crate::error::Result;
use crate::source_maps::{Disk, MapsFrom, MapsUsed, SourceMaps};

/// The same profile as it would be of the sources. Functions that nobody knows the column of stay as they are: in a bundle it says which they are.
///
/// # Errors
/// What `check` fails with.
pub fn originals(
    profile: &Profile,
    from: &MapsFrom,
    disk: &dyn Disk,
    has_room: &dyn Fn(u64) -> bool,
    check: Check<'_>,
) -> Result<(Profile, MapsUsed)> {
    let mut scripts: Vec<&str> = profile.all_functions().iter().map(|row| profile.text(row.file)).collect();
    scripts.sort_unstable();
    scripts.dedup();
    let names: Vec<String> = scripts.into_iter().map(ToOwned::to_owned).collect();
    let mut maps = SourceMaps::new(from, disk, &names, has_room);
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
        self.script_by_script(&mut rows, |row| **row);
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
        let mut rows: Vec<(usize, &FrameRow)> = profile.all_frames().iter().enumerate().collect();
        let mut lines = vec![0; rows.len()];
        self.script_by_script(&mut rows, |row| profile.function(row.function));
        for (index, row) in rows {
            check()?;
            let own = profile.function(row.function);
            let source = functions.get(row.function.index()).and_then(|(_, source)| source.as_ref());
            let line = match source {
                None => row.line,
                // The line where a function begins is known best by its column.
                Some(_) if row.line == own.line => 0,
                Some(source) => {
                    let line = row.line.checked_sub(1).and_then(|line| maps.line(profile.text(own.file), line));
                    line.filter(|(other, _)| other == source).map_or(0, |(_, line)| line.saturating_add(1))
                }
            };
            if let Some(slot) = lines.get_mut(index) {
                *slot = line;
            }
        }
        let placed = profile.all_frames().iter().zip(lines).map(|(row, line)| {
            let function = match functions.get(row.function.index()) {
                Some((function, _)) => *function,
                None => self.builder.function("", "", 0, 0),
            };
            self.builder.frame(function, line)
        });
        Ok(placed.collect())
    }

    /// Not all maps may be in memory at once, and each is to be read once.
    fn script_by_script<R>(&self, rows: &mut [(usize, R)], function: impl Fn(&R) -> FunctionRow) {
        rows.sort_by_key(|(_, row)| self.profile.text(function(row).file));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::path::Path;

    use super::*;
    use crate::profile::ValueType;
    use crate::source_maps::Found;

    /// Has maps alone, and counts how often each is read.
    #[derive(Default)]
    struct Maps(RefCell<HashMap<String, usize>>);

    fn map(path: &Path) -> Option<String> {
        let script = path.to_str()?.strip_prefix("/maps/")?.strip_suffix(".map")?;
        // Lines 1 to 5 of the script are lines 11 to 15 of its source.
        (script.len() == 5).then(|| {
            format!(r#"{{"version":3,"sources":["{script}.ts"],"names":[],"mappings":"AAUA;AACA;AACA;AACA;AACA"}}"#)
        })
    }

    impl Disk for Maps {
        fn look(&self, path: &Path) -> Option<Found> {
            if path == Path::new("/maps") {
                return Some(Found::Folder);
            }
            map(path).map(|json| Found::Bytes(json.len() as u64))
        }

        fn read(&self, path: &Path) -> std::result::Result<Option<Vec<u8>>, String> {
            let json = map(path);
            if json.is_some() {
                *self.0.borrow_mut().entry(path.to_string_lossy().into_owned()).or_default() += 1;
            }
            Ok(json.map(String::into_bytes))
        }
    }

    #[test]
    fn each_map_is_read_once_for_functions_and_once_for_lines_however_scripts_alternate() {
        let mut builder = Builder::new(vec![ValueType::new("cpu", "nanoseconds")]);
        for line in 1..5 {
            for script in 0..8 {
                let function = builder.function("f", &format!("/srv/s{script}.js"), line, 1);
                let frame = builder.frame(function, line + 1);
                let (stack, labels) = (builder.stack(None, frame), builder.labels(Vec::new()));
                builder.sample(Some(stack), labels, [1]);
            }
        }
        let (profile, disk) = (builder.finish(), Maps::default());
        let from = MapsFrom::Dirs(vec!["/maps".into()]);
        let (mapped, used) = originals(&profile, &from, &disk, &|_| true, &|| Ok(())).unwrap();
        assert_eq!(used, MapsUsed { scripts: 8, passed_over: Vec::new() });
        let reads = disk.0.into_inner();
        assert!(reads.len() == 8 && reads.values().all(|times| *times <= 2), "{reads:?}");
        let place = |frame: usize| {
            let row = mapped.all_frames().get(frame).unwrap();
            (mapped.place(&mapped.function(row.function)).unwrap(), row.line)
        };
        assert_eq!((place(0), place(31)), (("s0.js.ts:11".into(), 12), ("s7.js.ts:14".into(), 15)));
    }
}
