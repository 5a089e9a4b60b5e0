//! A column of sizes.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the column was made with")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use rustc_hash::FxHashMap;

use super::handles::Node;

/// Marks a size that is in the side table.
const LARGE_SIZE: u32 = u32::MAX;

/// A size in bytes for each node: its own, or what it retains.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sizes {
    small: Vec<u32>,
    large: FxHashMap<u32, u64>,
}

impl Sizes {
    pub(super) fn push(&mut self, size: u64) {
        let node = Node(self.small.len() as u32);
        self.small.push(0);
        self.set(node, size);
    }

    #[inline]
    pub(crate) fn get(&self, node: Node) -> u64 {
        match self.small[node.0 as usize] {
            LARGE_SIZE => self.large.get(&node.0).copied().unwrap_or_default(),
            size => u64::from(size),
        }
    }

    #[inline]
    pub(crate) fn add(&mut self, node: Node, size: u64) {
        self.set(node, self.get(node).saturating_add(size));
    }

    #[inline]
    pub(crate) fn set(&mut self, node: Node, size: u64) {
        self.small[node.0 as usize] = match u32::try_from(size) {
            Ok(small) if small != LARGE_SIZE => small,
            _ => {
                self.large.insert(node.0, size);
                LARGE_SIZE
            }
        };
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.small.capacity() * size_of::<u32>() + self.large.capacity() * size_of::<(u32, u64)>()
    }

    pub(super) fn shrink(&mut self) {
        self.small.shrink_to_fit();
    }
}
