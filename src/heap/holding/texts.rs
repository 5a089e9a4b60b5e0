//! Texts that places share, each once.

#![allow(clippy::indexing_slicing, reason = "texts are numbered here")]
#![allow(clippy::cast_possible_truncation, reason = "there are fewer texts than nodes")]

use rustc_hash::FxHashMap;

use crate::heap::words::ANY;

/// The first two of the texts: none, and [`ANY`].
pub(crate) const NO_TEXT: u32 = 0;
pub(super) const ANY_TEXT: u32 = 1;

/// Texts by number.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: Vec<Box<str>>,
    known: FxHashMap<Box<str>, u32>,
}

impl Texts {
    /// With the two that have a number of their own.
    pub(super) fn with_first() -> Self {
        let mut texts = Self::default();
        let (none, any) = (texts.id(""), texts.id(ANY));
        debug_assert_eq!((none, any), (NO_TEXT, ANY_TEXT));
        texts
    }

    pub(crate) fn id(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = self.all.len() as u32;
        self.all.push(text.into());
        self.known.insert(text.into(), id);
        id
    }

    pub(crate) fn get(&self, id: u32) -> &str {
        &self.all[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}
