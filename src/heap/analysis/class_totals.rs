//! Classes added up, and which nodes of a class (or of any other group) are at the top of it.

#![allow(clippy::indexing_slicing, reason = "classes and groups are below the counts that are given for them")]

use super::classes::ClassId;
use super::heap::Heap;
use crate::heap::graph::Node;
use crate::heap::reading::checkpoint;

/// One class, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassTotals {
    /// Its nodes that have a size.
    pub count: u64,
    /// Bytes of the nodes themselves.
    pub shallow: u64,
    /// Bytes that they and what they dominate take; nodes dominated by another of the class are counted once.
    pub retained: u64,
    /// The least distance from a root.
    pub distance: i32,
}

impl Heap {
    /// Every class, added up, by [`ClassId`].
    pub fn class_totals(&self) -> Vec<ClassTotals> {
        let empty = ClassTotals { count: 0, shallow: 0, retained: 0, distance: i32::MAX };
        let mut totals = vec![empty; self.classes().len()];
        for node in self.graph().nodes() {
            let size = self.graph().self_size(node);
            if size > 0 {
                let class = &mut totals[self.classes().of(node).0 as usize];
                class.count += 1;
                class.shallow += size;
                class.distance = class.distance.min(self.distance(node));
            }
        }
        self.each_top_of_class(|node, class| totals[class.0 as usize].retained += self.retained_size(node));
        totals
    }

    /// Calls `found` with every node that has a size and that no other such node of its class dominates. Their retained sizes may
    /// be added up.
    pub fn each_top_of_class(&self, mut found: impl FnMut(Node, ClassId)) {
        self.each_top_of(
            self.classes().len(),
            |node| self.classes().of(node).0,
            |node, class| found(node, ClassId(class)),
        );
    }

    /// The same for any numbering of the nodes, below `count`.
    pub fn each_top_of(&self, count: usize, group_of: impl Fn(Node) -> u32, mut found: impl FnMut(Node, u32)) {
        let mut open = vec![false; count];
        let mut list = vec![self.graph().root()];
        // Groups that are open until the list is that short again.
        let mut marks: Vec<(usize, u32)> = Vec::new();
        while let Some(node) = list.pop() {
            checkpoint(node.0);
            let group = group_of(node);
            let children = self.tree.children(node);
            if !open[group as usize] && self.graph().self_size(node) > 0 {
                found(node, group);
                if !children.is_empty() {
                    open[group as usize] = true;
                    marks.push((list.len(), group));
                }
            }
            list.extend(children.iter().copied().map(Node));
            while let Some((_, group)) = marks.pop_if(|(length, _)| *length == list.len()) {
                open[group as usize] = false;
            }
        }
    }
}
