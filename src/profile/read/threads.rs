//! Profiles of several threads in one text, as lib/captures/threads.js hands it over: each is V8's own, as V8 gave it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::profile::{Profile, of_threads};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    threads: Vec<Thread<'a>>,
    #[serde(default)]
    missing: Vec<Missing>,
}

#[derive(Deserialize)]
struct Thread<'a> {
    name: String,
    #[serde(borrow)]
    profile: Option<&'a RawValue>,
    #[serde(borrow)]
    answer: Option<Answer<'a>>,
}

/// V8's answer to the command that ends a profile.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Outcome<'a>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow)]
    profile: &'a RawValue,
}

#[derive(Deserialize)]
struct Missing {
    name: String,
    reason: String,
}

/// Reads them with `of_one`.
pub(super) fn read(text: &[u8], of_one: fn(&[u8]) -> Result<Profile>) -> Result<Profile> {
    let File { threads, missing } = serde_json::from_slice(text)
        .map_err(|error| Error::invalid_profile(format!("is no profile of several threads: {error}"), None))?;
    let mut all = Vec::with_capacity(threads.len());
    for Thread { name, profile, answer } in threads {
        let profile = profile.or_else(|| answer.map(|answer| answer.result.profile));
        let Some(profile) = profile else {
            return Err(Error::invalid_profile(format!("has no profile of the thread {name}"), None));
        };
        all.push((name, of_one(profile.get().as_bytes())?));
    }
    let mut profile = of_threads(&all)?;
    let missing = missing.into_iter().map(|Missing { name, reason }| format!("without the thread {name}: {reason}"));
    profile.comments.extend(missing);
    Ok(profile)
}
