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
    for Thread { name, profile } in threads {
        all.push((name, of_one(profile.get().as_bytes())?));
    }
    let mut profile = of_threads(&all)?;
    let missing = missing.into_iter().map(|Missing { name, reason }| format!("without the thread {name}: {reason}"));
    profile.comments.extend(missing);
    Ok(profile)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::profile::read;

    fn heap(name: &str, bytes: u64) -> String {
        format!(
            r#"{{"head":{{"callFrame":{{"functionName":"(root)","url":""}},"selfSize":0,"children":[{{"callFrame":{{"functionName":"{name}","url":""}},"selfSize":{bytes},"children":[]}}]}}}}"#
        )
    }

    #[test]
    fn each_sample_says_which_thread_it_is_of_and_who_is_missing_is_named() {
        let (main, worker) = (heap("f", 500), heap("f", 300));
        let text = format!(
            r#"{{"threads":[{{"name":"main","profile":{main}}},{{"name":"[worker 1] a","profile":{worker}}}],"missing":[{{"name":"[worker 2]","reason":"it hangs"}}]}}"#
        );
        let profile = read(text.as_bytes()).unwrap();
        assert_eq!(profile.totals(), [800]);
        assert_eq!(profile.samples().iter().count(), 2);
        assert_eq!(profile.comments, ["without the thread [worker 2]: it hangs"]);
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in
            [r#"{"threads":[]}"#, r#"{"threads":[{"name":"main"}]}"#, r#"{"threads":[{"name":"main","profile":{}}]}"#]
        {
            assert_eq!(read(text.as_bytes()).unwrap_err().code(), "HEAPKIT_ERR_INVALID_PROFILE", "{text}");
        }
        // Not of several threads again.
        let inner = format!(r#"{{"threads":[{{"name":"main","profile":{}}}]}}"#, heap("f", 1));
        let text = format!(r#"{{"threads":[{{"name":"main","profile":{inner}}}]}}"#);
        assert_eq!(read(text.as_bytes()).unwrap_err().code(), "HEAPKIT_ERR_INVALID_PROFILE");
    }
}
