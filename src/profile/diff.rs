//! What grew from one profile to a later one: the tables of both, laid on each other.

use serde::Serialize;

use super::Check;
use super::model::{Profile, ValueType};
use super::pair::Pair;
use super::table::{Added, By, Sums, added, by_keys, keys};
use crate::error::{ErrorKind, Result};

/// What is asked of two profiles.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// What a row is.
    pub by: By,
    /// The place of the type, in the later profile, whose values are added up.
    pub value: usize,
    /// Rows at most.
    pub top: usize,
}

/// The answer. Of two numbers the first is the earlier profile's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// What was added up.
    pub name: String,
    /// What it is counted in.
    pub unit: String,
    /// The sums of all samples.
    pub totals: [i64; 2],
    /// What grew most first, by flat values; those that are the same in both are left out.
    pub rows: Vec<DiffRow>,
    /// How many there would be.
    pub row_count: usize,
    /// The greatest growth of flat values in all rows; 0 if nothing grew.
    pub max_flat_delta: i64,
}

/// One row.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffRow {
    /// The function, file or package.
    pub name: String,
    /// Where a function begins, in the later profile if it is there: `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its own.
    pub flat: [i64; 2],
    /// With what it called.
    pub cumulative: [i64; 2],
    /// What its own grew by.
    pub flat_delta: i64,
    /// What it grew by with what it called.
    pub cumulative_delta: i64,
}

/// Compares.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_OPTION` if `base` has no such values, and what `check` fails with.
pub fn diff(profile: &Profile, base: &Profile, options: &DiffOptions, check: Check<'_>) -> Result<Diff> {
    let kind = profile.type_at(options.value);
    let theirs = in_base(&kind, options.value, base)?;
    let pair = Pair::new(profile, Some(base));
    let (ours, names) = keys(pair.functions.iter().copied(), options.by);
    let base_keys: Vec<usize> = pair.base.iter().filter_map(|place| ours.get(*place).copied()).collect();
    let all = |_, _: &[_]| true;
    let Added { total: before, rows: base_rows, .. } =
        added(base, &by_keys(&base_keys), names.len(), (theirs, None), &all, check)?;
    let Added { total, rows, .. } = added(profile, &by_keys(&ours), names.len(), (options.value, None), &all, check)?;
    let mut rows: Vec<DiffRow> =
        names.into_iter().zip(base_rows.iter().zip(&rows)).filter_map(|(named, (a, b))| row(named, a, b)).collect();
    rows.sort_by(|a, b| {
        (b.flat_delta, b.cumulative_delta, &a.name, &a.place).cmp(&(
            a.flat_delta,
            a.cumulative_delta,
            &b.name,
            &b.place,
        ))
    });
    let max_flat_delta = rows.first().map_or(0, |row| row.flat_delta.max(0));
    let row_count = rows.len();
    rows.truncate(options.top);
    Ok(Diff { name: kind.name, unit: kind.unit, totals: [before, total], rows, row_count, max_flat_delta })
}

fn row((name, place): (String, Option<String>), before: &Sums, after: &Sums) -> Option<DiffRow> {
    let flat = [before.flat, after.flat];
    let cumulative = [before.cumulative, after.cumulative];
    let [flat_delta, cumulative_delta] = [flat, cumulative].map(|[before, after]| after.saturating_sub(before));
    (flat_delta != 0 || cumulative_delta != 0).then_some(DiffRow {
        name,
        place,
        flat,
        cumulative,
        flat_delta,
        cumulative_delta,
    })
}

/// The place in an earlier profile of a type that is at `place` in the later one: there, if it is there, too.
pub(super) fn in_base(kind: &ValueType, place: usize, base: &Profile) -> Result<usize> {
    if base.types().get(place) == Some(kind) {
        return Ok(place);
    }
    base.types().iter().position(|one| one == kind).ok_or_else(|| {
        let all: Vec<_> = base.types().iter().map(|one| format!("{}/{}", one.name, one.unit)).collect();
        let reason = format!("has no {}/{} to compare with; it has {}", kind.name, kind.unit, all.join(", "));
        ErrorKind::InvalidOption { option: "base", reason }.into()
    })
}
