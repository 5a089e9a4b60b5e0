//! The functions of a profile and of an earlier one, each once: what was asked of both can then be compared.
//!
//! A function is the same where its name, its file and its place are; and, as a file changes, where it is the only one of its name on its
//! line, or in its file, that has no other in the other profile.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::model::{FunctionRow, Profile};

/// A function, and the profile that knows what its texts are.
pub(super) type Known<'a> = (&'a Profile, FunctionRow);

/// All functions of two profiles.
pub(super) struct Pair<'a> {
    /// Those of the later one in its own order, then those that only the earlier one has.
    pub(super) functions: Vec<Known<'a>>,
    /// Of each function of the earlier one its place among them.
    pub(super) base: Vec<usize>,
}

type Whole<'a> = (&'a str, &'a str, u32, u32);

impl<'a> Pair<'a> {
    /// Of one profile alone these are its functions.
    pub(super) fn new(profile: &'a Profile, base: Option<&'a Profile>) -> Self {
        let mut functions: Vec<Known<'a>> = profile.all_functions().iter().map(|row| (profile, *row)).collect();
        let theirs: Vec<Known<'a>> =
            base.iter().flat_map(|base| base.all_functions().iter().map(|row| (*base, *row))).collect();
        let mut found: Vec<Option<usize>> = vec![None; theirs.len()];
        let mut taken = vec![false; functions.len()];
        same(&functions, &theirs, &mut taken, &mut found, |(profile, row)| whole(profile, row));
        same(&functions, &theirs, &mut taken, &mut found, |(profile, row)| {
            let (name, file, line, _) = whole(profile, row);
            (name, file, line)
        });
        same(&functions, &theirs, &mut taken, &mut found, |(profile, row)| {
            let (name, file, _, _) = whole(profile, row);
            (name, file)
        });
        let places = theirs.into_iter().zip(found).map(|(one, found)| {
            found.unwrap_or_else(|| {
                functions.push(one);
                functions.len() - 1
            })
        });
        let base = places.collect();
        Self { functions, base }
    }
}

fn whole<'a>(profile: &'a Profile, row: &FunctionRow) -> Whole<'a> {
    (profile.text(row.name), profile.text(row.file), row.line, row.column)
}

/// Finds for each of `theirs` that has none yet the one of `ours` with the same key, if it is alone with it on both sides.
fn same<'a, K: Eq + Hash>(
    ours: &[Known<'a>],
    theirs: &[Known<'a>],
    taken: &mut [bool],
    found: &mut [Option<usize>],
    key: impl Fn(&Known<'a>) -> K,
) {
    let mut places: FxHashMap<K, (Option<usize>, Option<usize>)> = FxHashMap::default();
    for (place, one) in ours.iter().enumerate().filter(|(place, _)| taken.get(*place) == Some(&false)) {
        places.entry(key(one)).and_modify(|(only, _)| *only = None).or_insert((Some(place), None));
    }
    let mut several = FxHashMap::default();
    for (place, one) in theirs.iter().enumerate().filter(|(place, _)| found.get(*place) == Some(&None)) {
        *several.entry(key(one)).or_insert(0_usize) += 1;
        if let Some((_, last)) = places.get_mut(&key(one)) {
            *last = Some(place);
        }
    }
    for (key, (our, their)) in places {
        let (Some(our), Some(their)) = (our, their) else { continue };
        if several.get(&key) != Some(&1) {
            continue;
        }
        if let (Some(taken), Some(found)) = (taken.get_mut(our), found.get_mut(their)) {
            *taken = true;
            *found = Some(our);
        }
    }
}
