//! The names that stay, the most suspicious first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

use super::uses;
use crate::heap::v8::lossy;

/// The longest text that is shown whole.
const SHOWN_CHARACTERS: usize = 200;

/// A name that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftName {
    /// The name, or its beginning.
    pub text: String,
    /// What it names, and of what else it is the content.
    pub uses: Vec<&'static str>,
    /// Whether a source has it, or V8 itself: `strict` keeps it.
    pub in_source: bool,
}

/// The most suspicious names so far.
#[derive(Debug, Default)]
pub(super) struct Left {
    limit: usize,
    /// The least suspicious on top; of equals the later one.
    names: BinaryHeap<Reverse<Entry>>,
}

/// The suspicion, the place in the table, the text and its uses.
type Entry = (u32, Reverse<usize>, Box<[u8]>, u8);

/// What is added to the suspicion of a name that no source has.
pub(super) const IN_NO_SOURCE: u32 = 10_000;

impl Left {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn add(&mut self, suspicion: u32, string: usize, text: &[u8], uses: u8) {
        if self.names.len() == self.limit {
            if self.names.peek().is_some_and(|Reverse((least, ..))| *least >= suspicion) {
                return;
            }
            self.names.pop();
        }
        self.names.push(Reverse((suspicion, Reverse(string), text.into(), uses)));
    }

    pub(super) fn names(self) -> Vec<LeftName> {
        let sorted = self.names.into_sorted_vec().into_iter();
        sorted
            .map(|Reverse((suspicion, _, text, uses))| LeftName {
                text: lossy(&text).chars().take(SHOWN_CHARACTERS).collect(),
                uses: words(uses),
                in_source: suspicion < IN_NO_SOURCE,
            })
            .collect()
    }
}

fn words(uses: u8) -> Vec<&'static str> {
    [
        (uses::PROPERTY, "property"),
        (uses::CONSTRUCTOR, "constructor"),
        (uses::FUNCTION, "function"),
        (uses::VARIABLE, "variable"),
        (uses::CODE, "code"),
        (uses::INTERNAL, "internal"),
        (uses::CONTENT, "content"),
    ]
    .into_iter()
    .filter_map(|(bit, word)| (uses & bit != 0).then_some(word))
    .collect()
}
