//! The dominator tree, from the top down.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use crate::heap::graph::Node;
use crate::heap::reading::checkpoint;

/// Each node's children: what it immediately dominates.
#[derive(Debug)]
pub(super) struct Tree {
    /// By ordinal, where its children begin; one more than nodes.
    first: Vec<u32>,
    children: Vec<u32>,
}

impl Tree {
    pub(crate) fn new(parents: &[u32], root: Node) -> Self {
        let mut first = vec![0; parents.len() + 1];
        let others = || (0..parents.len() as u32).inspect(|node| checkpoint(*node)).filter(|node| *node != root.0);
        for node in others() {
            first[parents[node as usize] as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        // Filled from each list's end, so that afterwards `first` is right again, one place early.
        let mut children = vec![0; parents.len().saturating_sub(1)];
        for node in others() {
            let place = &mut first[parents[node as usize] as usize];
            children[*place as usize] = node;
            *place += 1;
        }
        first.rotate_right(1);
        first[0] = 0;
        Self { first, children }
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        (self.first.capacity() + self.children.capacity()) * size_of::<u32>()
    }

    pub(super) fn children(&self, node: Node) -> &[u32] {
        let at = node.0 as usize;
        &self.children[self.first[at] as usize..self.first[at + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_child_once() {
        //      2 root; 0 and 3 below it, 1 and 4 below 0.
        let tree = Tree::new(&[2, 0, 2, 2, 0], Node(2));
        assert_eq!(tree.children(Node(2)), [0, 3]);
        assert_eq!(tree.children(Node(0)), [1, 4]);
        assert!(tree.children(Node(1)).is_empty() && tree.children(Node(4)).is_empty());
    }
}
