//! What an operator wants kept and replaced besides the rules.

use regex_lite::Regex;

use crate::error::{Error, ErrorKind, Result};

/// What is to be kept and replaced besides the rules.
#[derive(Debug, Default)]
pub struct RedactOptions {
    pub(super) keep: Vec<Regex>,
    pub(super) extra: Vec<Regex>,
    pub(super) salt: [u8; 32],
}

impl RedactOptions {
    /// `keep` and `extra` are regular expressions (of the crate regex-lite: no look-around, no back-references) for texts
    /// that stay whatever they are, and for names that go. `extra` wins. `salt` is random and used for one file only.
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
        Ok(Self { keep: compiled("redact.keep", keep)?, extra: compiled("redact.extra", extra)?, salt })
    }
}
