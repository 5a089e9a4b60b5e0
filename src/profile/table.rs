//! Who has how much: flat (its own) and cumulative (with what it calls), by function, file, package or thread.

use regex_lite::Regex;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::Check;
use super::handles::{Function, Labels};
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
    /// A thread, where the samples name it.
    Thread,
}

/// What is asked of a profile.
#[derive(Debug)]
pub struct TableOptions {
    /// What a row is.
    pub by: By,
    /// The place of the type whose values are added up.
    pub value: usize,
    /// Only samples with a frame whose function, or file, has this, or of such a thread.
    pub focus: Option<Regex>,
    /// Without the samples that have such a frame, or are of such a thread.
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
    /// The function, file, package or thread.
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
    let of = |pattern| Matches::of(profile, pattern);
    let (focus, ignore) = (options.focus.as_ref().map(of), options.ignore.as_ref().map(of));
    let wanted = |labels, functions: &[Function]| {
        let any = |those: &Matches| those.has(profile, labels, functions);
        focus.as_ref().is_none_or(any) && !ignore.as_ref().is_some_and(any)
    };
    let values = (options.value, objects);
    let (Added { total, shown, rows }, names) = if options.by == By::Thread {
        let (threads, names) = threads(profile);
        let row = |labels: Labels, _: &[Function]| threads.get(&labels).copied().into_iter().collect();
        (added(profile, &row, names.len(), values, &wanted, check)?, names)
    } else {
        let (keys, names) = keys(profile.all_functions().iter().map(|function| (profile, *function)), options.by);
        (added(profile, &by_keys(&keys), names.len(), values, &wanted, check)?, names)
    };
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

/// Adds up the samples that are `wanted`: which of so many `rows` one is in say its labels and its functions, innermost first; the last row is for samples in none.
/// `values` are the place of what is added up, and perhaps of how many objects that is.
pub(super) fn added(
    profile: &Profile,
    rows_of: &dyn Fn(Labels, &[Function]) -> Vec<usize>,
    rows: usize,
    values: (usize, Option<usize>),
    wanted: &dyn Fn(Labels, &[Function]) -> bool,
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
        if !wanted(sample.labels, &functions) {
            continue;
        }
        shown = shown.saturating_add(value);
        let mut is_own = true;
        let mut rows = rows_of(sample.labels, &functions);
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

/// Rows by what is at `keys[n]` for the function with the number n.
pub(super) fn by_keys(keys: &[usize]) -> impl Fn(Labels, &[Function]) -> Vec<usize> {
    |_, functions| functions.iter().filter_map(|function| keys.get(function.index()).copied()).collect()
}

/// The row of each set of labels that names a thread, and what the rows are called; the last is for samples of none.
fn threads(profile: &Profile) -> (FxHashMap<Labels, usize>, Vec<Named>) {
    let mut names = Vec::new();
    let mut places = FxHashMap::default();
    let mut rows = FxHashMap::default();
    for sample in profile.samples().iter() {
        let Some(thread) = profile.threads(sample.labels).next() else { continue };
        let row = *places.entry(thread).or_insert_with(|| {
            names.push((profile.text(thread).to_owned(), None));
            names.len() - 1
        });
        rows.insert(sample.labels, row);
    }
    names.push((String::from("(no thread)"), None));
    (rows, names)
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
            // What a function is does not say whose it was.
            By::Thread => (NOWHERE.to_owned(), None),
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

/// What has a pattern.
struct Matches<'a> {
    pattern: &'a Regex,
    /// For each function, whether its name or its file has it.
    functions: Vec<bool>,
}

impl<'a> Matches<'a> {
    fn of(profile: &Profile, pattern: &'a Regex) -> Self {
        let functions = profile
            .all_functions()
            .iter()
            .map(|function| pattern.is_match(profile.name(function)) || pattern.is_match(profile.text(function.file)));
        Self { pattern, functions: functions.collect() }
    }

    /// Whether a sample has one of them, or its thread.
    fn has(&self, profile: &Profile, labels: Labels, functions: &[Function]) -> bool {
        functions.iter().any(|function| self.functions.get(function.index()) == Some(&true))
            || profile.threads(labels).any(|thread| self.pattern.is_match(profile.text(thread)))
    }
}
