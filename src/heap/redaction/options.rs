//! What an operator wants kept and replaced besides the rules.

use regex_lite::Regex;

use super::replacement::Keyed;
use crate::error::{Error, ErrorKind, Result};
use crate::heap::v8::lossy;

/// What is to be kept and replaced besides the rules.
#[derive(Debug, Default)]
pub struct RedactOptions {
    pub(super) strict: bool,
    pub(super) keep: Vec<Regex>,
    pub(super) extra: Vec<Regex>,
    pub(super) keyed: Keyed,
    pub(super) left: usize,
}

impl RedactOptions {
    /// `keep` and `extra` are regular expressions (of the crate regex-lite: no look-around, no back-references) for texts
    /// that stay whatever they are, and for names that go. `extra` wins. `salt` is random: copies with the same one have the same
    /// replacements.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_OPTION` for a pattern that is none.
    pub fn new(keep: &[String], extra: &[String], salt: [u8; 32]) -> Result<Self> {
        let compiled = |option: &'static str, patterns: &[String]| -> Result<Vec<Regex>> {
            patterns
                .iter()
                .map(|pattern| {
                    Regex::new(pattern).map_err(|error| {
                        Error::from(ErrorKind::InvalidOption {
                            option,
                            reason: format!("has a pattern that cannot be used, {pattern:?}: {error}"),
                        })
                    })
                })
                .collect()
        };
        Ok(Self {
            keep: compiled("redact.keep", keep)?,
            extra: compiled("redact.extra", extra)?,
            keyed: Keyed::new(salt),
            ..Self::default()
        })
    }

    /// Keeps only names that a source has, or V8 itself.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Puts nothing out, and reports this many of the names that stay, the most suspicious first.
    #[must_use]
    pub fn list_left(self, left: usize) -> Self {
        Self { left, ..self }
    }

    /// Whether a pattern of `extra` matches the text, and whether it stays because one of `keep` does.
    pub(super) fn matches(&self, text: &[u8]) -> (bool, bool) {
        if self.keep.is_empty() && self.extra.is_empty() {
            return (false, false);
        }
        let shown = lossy(text);
        let any = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(&shown));
        let is_extra = any(&self.extra);
        (is_extra, !is_extra && any(&self.keep))
    }
}
