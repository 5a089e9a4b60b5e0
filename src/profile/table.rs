//! Who has how much: flat (its own) and cumulative (with what it calls), by function, by file or by package.

use regex_lite::Regex;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::Check;
use super::handles::Function;
use super::model::{NOWHERE, Profile};
use super::origin::{file, package};
use super::pair::Known;
use crate::error::Result;

/// What a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A function.
    Function,
    /// A file.
    File,
    /// A package from `node_modules`, all of Node, all of V8, or all of the application's own code.
    Package,
}

/// What is asked of a profile.
#[derive(Debug)]
pub struct TableOptions {
    /// What a row is.
    pub by: By,
    /// The place of the type whose values are added up.
    pub value: usize,
    /// Only samples with a frame whose function, or file, has this.
    pub focus: Option<Regex>,
    /// Without the samples that have such a frame.
    pub ignore: Option<Regex>,
    /// Rows at most.
    pub top: usize,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// What was added up.
    pub name: String,
    /// What it is counted in.
    pub unit: String,
    /// The sum of all samples.
    pub total: i64,
    /// The sum of those that were looked at.
    pub shown: i64,
    /// The greatest first, by flat values.
    pub rows: Vec<Row>,
    /// How many there would be.
    pub row_count: usize,
}

/// One row.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The function, file or package.
    pub name: String,
    /// Where a function begins: `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its own.
    pub flat: i64,
    /// With what it called.
    pub cumulative: i64,
    /// How many things its own bytes are, where the profile counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<i64>,
}

/// What a row came to.
#[derive(Default, Clone)]
pub(super) struct Sums {
    pub(super) flat: i64,
    pub(super) cumulative: i64,
    objects: i64,
    /// The last sample that was added, from 1: what calls itself is counted once.
    seen: usize,
}

/// Adds up.
///
/// # Errors
/// What `check` fails with.
pub fn table(profile: &Profile, options: &TableOptions, check: Check<'_>) -> Result<Table> {
    let kind = profile.type_at(options.value);
    let objects = kind.name.strip_suffix("_space").and_then(|what| profile.type_index(&format!("{what}_objects")));
    let (keys, names) = keys(profile.all_functions().iter().map(|function| (profile, *function)), options.by);
    let has = |pattern: Option<&Regex>| pattern.map(|pattern| matches(profile, pattern));
    let (focus, ignore) = (has(options.focus.as_ref()), has(options.ignore.as_ref()));
    let wanted = |functions: &[Function]| {
        let any = |list: &Vec<bool>| functions.iter().any(|function| list.get(function.index()) == Some(&true));
        focus.as_ref().is_none_or(any) && !ignore.as_ref().is_some_and(any)
    };
    let Added { total, shown, rows } = added(profile, &keys, names.len(), (options.value, objects), &wanted, check)?;
    let mut rows: Vec<Row> = names
        .into_iter()
        .zip(rows)
        .filter(|(_, sums)| sums.flat != 0 || sums.cumulative != 0)
        .map(|((name, place), sums)| Row {
            name,
            place,
            flat: sums.flat,
            cumulative: sums.cumulative,
            objects: objects.map(|_| sums.objects),
        })
        .collect();
    rows.sort_by(|a, b| (b.flat, b.cumulative, &a.name, &a.place).cmp(&(a.flat, a.cumulative, &b.name, &b.place)));
    let row_count = rows.len();
    rows.truncate(options.top);
    Ok(Table { name: kind.name, unit: kind.unit, total, shown, rows, row_count })
}

/// What rows came to.
pub(super) struct Added {
    pub(super) total: i64,
    pub(super) shown: i64,
    pub(super) rows: Vec<Sums>,
}

/// Adds up the samples that are `wanted`: of the function at `keys[n]`, which of so many `rows` it is in; the last row is for samples in no function.
/// `values` are the place of what is added up, and perhaps of how many objects that is.
pub(super) fn added(
    profile: &Profile,
    keys: &[usize],
    rows: usize,
    values: (usize, Option<usize>),
    wanted: &dyn Fn(&[Function]) -> bool,
    check: Check<'_>,
) -> Result<Added> {
    let (value, objects) = values;
    let nowhere = rows.saturating_sub(1);
    let mut sums = vec![Sums::default(); rows];
    let (mut total, mut shown) = (0_i64, 0_i64);
    for (sample, number) in profile.samples().merged().iter().zip(1..) {
        check()?;
        let value = sample.values.get(value).copied().unwrap_or(0);
        total = total.saturating_add(value);
        let functions: Vec<Function> =
            profile.frames(sample.stack).map(|frame| profile.frame(frame).function).collect();
        if !wanted(&functions) {
            continue;
        }
        shown = shown.saturating_add(value);
        let mut is_own = true;
        let mut rows: Vec<usize> =
            functions.iter().filter_map(|function| keys.get(function.index()).copied()).collect();
        if rows.is_empty() {
            rows.push(nowhere);
        }
        for row in rows {
            let Some(sums) = sums.get_mut(row) else { continue };
            if std::mem::take(&mut is_own) {
                sums.flat = sums.flat.saturating_add(value);
                let count = objects.and_then(|objects| sample.values.get(objects)).copied().unwrap_or(0);
                sums.objects = sums.objects.saturating_add(count);
            }
            if sums.seen != number {
                sums.seen = number;
                sums.cumulative = sums.cumulative.saturating_add(value);
            }
        }
    }
    Ok(Added { total, shown, rows: sums })
}

type Named = (String, Option<String>);

/// The row of each function, and what the rows are called; the last is for samples that are in no function.
pub(super) fn keys<'a>(functions: impl Iterator<Item = Known<'a>>, by: By) -> (Vec<usize>, Vec<Named>) {
    let mut names = Vec::new();
    let mut places: FxHashMap<Named, usize> = FxHashMap::default();
    let keys = functions.map(|(profile, function)| {
        let function = &function;
        let named = match by {
            By::Function => (profile.name(function).to_owned(), profile.place(function)),
            By::File => (file(profile, function).to_owned(), None),
            By::Package => (package(profile, function).to_owned(), None),
        };
        *places.entry(named).or_insert_with_key(|named| {
            names.push(named.clone());
            names.len() - 1
        })
    });
    let keys = keys.collect();
    names.push((NOWHERE.to_owned(), None));
    (keys, names)
}

/// For each function, whether its name or its file has the pattern.
fn matches(profile: &Profile, pattern: &Regex) -> Vec<bool> {
    let functions = profile.all_functions().iter();
    functions
        .map(|function| pattern.is_match(profile.name(function)) || pattern.is_match(profile.text(function.file)))
        .collect()
}
