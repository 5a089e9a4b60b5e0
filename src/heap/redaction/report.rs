//! What a redaction did, in numbers, so that a person can judge the copy.

use serde::Serialize;

use crate::heap::names::Look;

/// What was replaced, and what was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedactReport {
    /// Entries of the table of strings.
    pub strings: u64,
    /// Of those, replaced because they are content (or nothing is known to use them).
    pub replaced_contents: u64,
    /// Of those, replaced although they are names.
    pub replaced_keys: ReplacedKeys,
    /// Bytes of text that were replaced.
    pub replaced_bytes: u64,
    /// Of those, kept because a pattern of `keep` says so.
    pub kept_by_pattern: u64,
    /// The names that were left. A name of several kinds counts for each.
    pub kept_names: KeptNames,
}

/// Names that were replaced, by the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "see `Look`")]
pub struct ReplacedKeys {
    pub email: u64,
    pub uuid: u64,
    pub digits: u64,
    pub address: u64,
    pub token: u64,
    /// Keys of objects with very many.
    pub dictionary: u64,
    /// The names of values in WeakMaps' entries.
    pub weak_map: u64,
    /// Names too long to be names.
    pub long: u64,
    /// A pattern of `extra` says so.
    pub extra: u64,
}

/// Names that were left, by what they name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct KeptNames {
    pub constructors: u64,
    pub functions: u64,
    pub properties: u64,
    pub variables: u64,
    /// V8's and Node's own things.
    pub internals: u64,
}

impl ReplacedKeys {
    pub(crate) fn count(&mut self, look: Look) {
        *match look {
            Look::Email => &mut self.email,
            Look::Uuid => &mut self.uuid,
            Look::Digits => &mut self.digits,
            Look::Address => &mut self.address,
            Look::Token => &mut self.token,
        } += 1;
    }
}
