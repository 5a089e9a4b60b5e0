//! What a redaction did, in numbers, so that a person can judge the copy.

use serde::Serialize;

use super::left::LeftName;
use super::rules::Why;
use super::uses;
use crate::heap::names::Look;

/// What was replaced, and what was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedactReport {
    /// Whether only names stayed that a source has.
    pub strict: bool,
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
    /// The most suspicious of those, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Vec<LeftName>>,
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
    /// URLs and absolute paths; of the names of scripts the directories, and the queries.
    pub located: u64,
    /// Names of properties and classes that are no identifiers.
    pub no_identifier: u64,
    /// Names that no source has; with `strict` only.
    pub not_in_source: u64,
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
    /// Of what V8 made of the sources: information about functions, scripts.
    pub code: u64,
    /// V8's and Node's own things.
    pub internals: u64,
}

impl ReplacedKeys {
    pub(super) fn count(&mut self, why: Why) {
        *match why {
            Why::Look(Look::Email) => &mut self.email,
            Why::Look(Look::Uuid) => &mut self.uuid,
            Why::Look(Look::Digits) => &mut self.digits,
            Why::Look(Look::Address) => &mut self.address,
            Why::Look(Look::Token) => &mut self.token,
            Why::Located => &mut self.located,
            Why::NoIdentifier => &mut self.no_identifier,
            Why::NotInSource => &mut self.not_in_source,
            Why::WeakMap => &mut self.weak_map,
        } += 1;
    }
}

impl KeptNames {
    pub(super) fn count(&mut self, uses: u8) {
        for (bit, count) in [
            (uses::CONSTRUCTOR, &mut self.constructors),
            (uses::FUNCTION, &mut self.functions),
            (uses::PROPERTY, &mut self.properties),
            (uses::VARIABLE, &mut self.variables),
            (uses::CODE, &mut self.code),
            (uses::INTERNAL, &mut self.internals),
        ] {
            *count += u64::from(uses & bit != 0);
        }
    }
}
