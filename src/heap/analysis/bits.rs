//! A set of small numbers, one bit each.

#![allow(clippy::indexing_slicing, reason = "members are below the size that the set was made with")]

#[derive(Debug)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set of numbers below `size`.
    pub(crate) fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    #[inline]
    pub(crate) fn has(&self, member: u32) -> bool {
        self.0[(member / 64) as usize] >> (member % 64) & 1 != 0
    }

    /// Adds it; whether it was new.
    #[inline]
    pub(crate) fn insert(&mut self, member: u32) -> bool {
        let word = &mut self.0[(member / 64) as usize];
        let before = *word;
        *word |= 1 << (member % 64);
        *word != before
    }
}
