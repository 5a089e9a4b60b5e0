//! For people: a paragraph a stack, the greatest first, the innermost frame first.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::bounded::{Bounded, too_large};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::handles::Stack;
use crate::profile::model::{NOWHERE, Profile};

pub(super) fn write(profile: &Profile, check: Check<'_>) -> Result<Vec<u8>> {
    let mut out = Bounded::default();
    head(profile, &mut out).map_err(|_| too_large())?;
    let merged = profile.samples().merged();
    let first = profile.default_type_index();
    let mut samples: Vec<_> = merged.iter().collect();
    samples.sort_by_key(|sample| Reverse(sample.values.get(first).copied()));
    for sample in samples {
        check()?;
        stack(profile, sample.stack, sample.values, &mut out).map_err(|_| too_large())?;
    }
    Ok(out.0)
}

fn head(profile: &Profile, out: &mut Bounded) -> io::Result<()> {
    for (one, total) in profile.types().iter().zip(profile.totals()) {
        writeln!(out, "{}: {total} {}", one.name, one.unit)?;
    }
    if let Some((kind, period)) = &profile.period {
        writeln!(out, "period: {period} {} ({})", kind.unit, kind.name)?;
    }
    profile.comments.iter().try_for_each(|comment| writeln!(out, "comment: {comment}"))
}

fn stack(profile: &Profile, stack: Option<Stack>, values: &[i64], out: &mut Bounded) -> io::Result<()> {
    let values: Vec<String> = values.iter().map(i64::to_string).collect();
    writeln!(out, "\n{}", values.join(" "))?;
    if stack.is_none() {
        writeln!(out, "#\t{NOWHERE}")?;
    }
    for frame in profile.frames(stack) {
        let row = profile.frame(frame);
        let function = profile.function(row.function);
        match profile.text(function.file) {
            "" => writeln!(out, "#\t{}", profile.name(&function))?,
            file => writeln!(out, "#\t{}\t{file}:{}", profile.name(&function), row.line)?,
        }
    }
    Ok(())
}
