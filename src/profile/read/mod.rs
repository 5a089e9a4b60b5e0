//! From the text of a file to a profile. Whatever is wrong with it is an error that says what and where; nothing in a file makes a
//! reader take more memory than some times the file's own size, or more stack than it has.

mod cpuprofile;
mod heapprofile;
mod json;
mod place;
mod pprof;
mod threads;

use serde::de::IgnoredAny;

use super::model::Profile;
use crate::error::{Error, Result};

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// Reads the text of a file, which is not compressed any more: V8's `.cpuprofile` and `.heapprofile`, and pprof.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_PROFILE`, with what is wrong and, where that can be said, the byte.
pub fn read(text: &[u8]) -> Result<Profile> {
    let profile = of_format(text.strip_prefix(&BOM).unwrap_or(text))?;
    profile.check_stacks()?;
    // From here on sums are exact.
    match profile.magnitude() {
        Some(_) => Ok(profile),
        None => Err(Error::invalid_profile("has values that add up to more than 2^63", None)),
    }
}

fn of_format(text: &[u8]) -> Result<Profile> {
    let begins = text.iter().position(|byte| !byte.is_ascii_whitespace());
    match begins.and_then(|at| text.get(at)) {
        None => Err(Error::invalid_profile("is empty", None)),
        Some(b'{') => json(text),
        Some(_) if text.starts_with(&GZIP) => Err(Error::invalid_profile("is compressed twice", None)),
        Some(_) if serde_json::from_slice::<IgnoredAny>(text).is_ok() => {
            Err(Error::invalid_profile("is JSON, but no object", None))
        }
        Some(_) => pprof::read(text),
    }
}

fn json(text: &[u8]) -> Result<Profile> {
    const TELLING: [&str; 4] = ["nodes", "head", "threads", "snapshot"];
    let keys = json::keys_up_to(text, &TELLING)?;
    match keys.last().map(String::as_str) {
        Some("nodes") => cpuprofile::read(text),
        Some("head") => heapprofile::read(text),
        Some("threads") => threads::read(text, json_of_one),
        Some("snapshot") => {
            let reason = "is a heap snapshot, which `heapkit summary` and openSnapshot() read";
            Err(Error::invalid_profile(reason, None))
        }
        last => {
            let all: Vec<_> = keys.iter().take(5).map(String::as_str).collect();
            let what = if last.is_none() { "nothing".into() } else { all.join(", ") };
            let known = "neither V8's .cpuprofile (nodes, startTime) nor its .heapprofile (head)";
            Err(Error::invalid_profile(format!("is JSON, but {known}: it has {what}"), None))
        }
    }
}

/// Not of several threads again.
fn json_of_one(text: &[u8]) -> Result<Profile> {
    match json::keys_up_to(text, &["nodes", "head", "threads"])?.last().map(String::as_str) {
        Some("nodes") => cpuprofile::read(text),
        Some("head") => heapprofile::read(text),
        _ => Err(Error::invalid_profile("has a thread whose profile is none of V8's", None)),
    }
}
