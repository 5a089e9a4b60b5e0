//! Redaction while a capture is written: the rule as it comes from JavaScript, and `heap` at work in the `sink`.

use napi::Result;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::crossing::{json, to_napi};
use crate::error::Error;
use crate::heap::{RedactOptions, Redactor, Source};
use crate::sink;

/// How contents of strings are replaced; validated by `lib/options.js`.
#[napi(object)]
pub struct RedactRule {
    /// Keep only names that a source has.
    pub strict: bool,
    /// Regular expressions of texts that stay.
    pub keep: Vec<String>,
    /// Regular expressions of names that go.
    pub extra: Vec<String>,
    /// 32 random bytes.
    pub salt: Uint8Array,
    /// The snapshot, where it is a file, for messages.
    pub file: Option<String>,
    /// How many of the names that stay are wanted instead of the copy; 0 for the copy.
    pub left: u32,
}

/// Refuses patterns of a rule that cannot be used.
#[napi(catch_unwind)]
pub fn check_patterns(keep: Vec<String>, extra: Vec<String>) -> Result<()> {
    RedactOptions::new(&keep, &extra, [0; 32]).map(drop).map_err(|error| to_napi(&error))
}

impl RedactRule {
    /// The rule at work.
    pub(super) fn transform(self) -> crate::Result<Box<dyn sink::Transform>> {
        let salt = self.salt.as_ref().try_into().map_err(|_| Error::internal("the salt has not 32 bytes"))?;
        let options = RedactOptions::new(&self.keep, &self.extra, salt)?.strict(self.strict);
        let redactor = Redactor::new(options.list_left(usize::try_from(self.left).unwrap_or(usize::MAX)));
        Ok(Box::new(Redaction { redactor, source: self.file.as_deref().map(Source::of) }))
    }
}

struct Redaction {
    redactor: Redactor,
    source: Option<Source>,
}

impl sink::Transform for Redaction {
    fn push(&mut self, raw: &[u8], out: &mut Vec<u8>) -> crate::Result<()> {
        self.redactor.push(raw, out).map_err(|error| named(error, self.source.as_ref()))
    }

    fn finish(self: Box<Self>, _out: &mut Vec<u8>, _is_wanted: &dyn Fn() -> bool) -> crate::Result<Option<String>> {
        json(&self.redactor.finish().map_err(|error| named(error, self.source.as_ref()))?).map(Some)
    }
}

fn named(error: Error, source: Option<&Source>) -> Error {
    match source {
        Some(source) => error.about(source.name()),
        None => error,
    }
}
