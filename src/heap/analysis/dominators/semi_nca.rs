//! Semi-NCA: from what a depth-first search found to immediate dominators.
//!
//! The algorithm is Semi-NCA (Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", 2005; also used
//! by LLVM) with two changes for graphs of this size, where each random look into memory costs more than arithmetic:
//!
//! * An edge from a lower to a higher number of the depth-first search only ever offers its own source as semidominator,
//!   so it is dealt with the moment the search meets it. Only the others (back and across) are needed the other way round;
//!   the search counts them, and a second pass over the edges puts their sources into one column.
//! * What is kept for a path is the least semidominator on it, not the node that has it: Semi-NCA needs no more.

#![allow(clippy::indexing_slicing, reason = "numbers and ordinals are below the count that the columns were made with")]
#![allow(clippy::cast_possible_truncation, reason = "counts are bounded to 32 bits by the reader")]

use crate::heap::reading::checkpoint;

/// By number, the number of the immediate dominator.
pub(super) fn semi_nca(parents: Vec<u32>, mut semis: Vec<u32>, ends: Vec<u32>, sources: Vec<u32>) -> Vec<u32> {
    let mut ancestors = parents.clone();
    // The least semidominator between a node and its ancestor. Where a node's sources end is read before this is written,
    // for it and for the one below it, so they share a column.
    let mut least = ends;
    let mut end = sources.len();
    let mut path = Vec::new();
    for number in (1..parents.len() as u32).rev() {
        checkpoint(number);
        let mut semi = semis[number as usize];
        let start = least[number as usize - 1] as usize;
        for source in &sources[start..end] {
            semi = semi.min(lowest(*source, number, &mut ancestors, &mut least, &mut path));
        }
        end = start;
        semis[number as usize] = semi;
        least[number as usize] = semi;
    }
    drop((ancestors, least, sources));
    let mut idoms = parents;
    for number in 1..idoms.len() {
        let mut idom = idoms[number];
        while idom > semis[number] {
            idom = idoms[idom as usize];
        }
        idoms[number] = idom;
    }
    idoms
}

/// The least semidominator on the path from `number` up to, without, the first that is not above `linked`; shortens the
/// path for those who come after.
#[inline]
fn lowest(number: u32, linked: u32, ancestors: &mut [u32], least: &mut [u32], path: &mut Vec<u32>) -> u32 {
    let mut top = number;
    while ancestors[top as usize] > linked {
        path.push(top);
        top = ancestors[top as usize];
    }
    let end = ancestors[top as usize];
    let mut low = least[top as usize];
    while let Some(below) = path.pop() {
        let own = &mut least[below as usize];
        low = low.min(*own);
        *own = low;
        ancestors[below as usize] = end;
    }
    low
}
