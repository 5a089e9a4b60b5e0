//! V8's `.heapprofile`, for DevTools and for adding up: the tree of stacks, with the bytes of each. It has no samples of its own, because V8's are single allocations.

use std::io::{self, Write};

use super::bounded::{Bounded, too_large};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::handles::Stack;
use crate::profile::heapprofile::{ALIVE, ROOT, VALUE};
use crate::profile::model::{FunctionRow, Profile};

/// The tree as V8 has it: a stack is a node, and the root is none.
struct Tree<'a> {
    profile: &'a Profile,
    /// Of each stack and, in the first place, of the root.
    sizes: Vec<i64>,
    /// Whom each calls first, and who is called next by the same: places in the same order, 0 for none.
    first: Vec<usize>,
    next: Vec<usize>,
}

pub(super) fn write(profile: &Profile, value: usize, check: Check<'_>) -> Result<Vec<u8>> {
    let mut out = Bounded::default();
    let tree = Tree::new(profile, value);
    head(profile, value, &mut out).map_err(|_| too_large())?;
    let mut open = vec![0];
    tree.node(0, &mut out).map_err(|_| too_large())?;
    while let Some(&place) = open.last() {
        check()?;
        let child = tree.first(place);
        // Down, else to the next of the same caller, else up until there is one.
        if child != 0 {
            open.push(child);
            tree.node(child, &mut out).map_err(|_| too_large())?;
            continue;
        }
        while let Some(done) = open.pop() {
            out.write_all(b"]}").map_err(|_| too_large())?;
            let next = tree.next(done);
            if next != 0 {
                out.write_all(b",").map_err(|_| too_large())?;
                open.push(next);
                tree.node(next, &mut out).map_err(|_| too_large())?;
                break;
            }
        }
    }
    out.write_all(b",\"samples\":[]}").map_err(|_| too_large())?;
    Ok(out.0)
}

fn head(profile: &Profile, value: usize, out: &mut Bounded) -> io::Result<()> {
    let name = profile.type_at(value).name;
    out.write_all(b"{")?;
    if name != ALIVE {
        write!(out, "\"{VALUE}\":")?;
        serde_json::to_writer(&mut *out, &name)?;
        out.write_all(b",")?;
    }
    out.write_all(b"\"head\":")
}

impl<'a> Tree<'a> {
    fn new(profile: &'a Profile, value: usize) -> Self {
        let nodes = profile.all_stacks().len() + 1;
        let mut tree = Self { profile, sizes: vec![0; nodes], first: vec![0; nodes], next: vec![0; nodes] };
        let place = |stack: Option<Stack>| stack.map_or(0, |stack| stack.index() + 1);
        for sample in profile.samples().iter() {
            let own = sample.values.get(value).copied().unwrap_or(0);
            if let Some(size) = tree.sizes.get_mut(place(sample.stack)) {
                *size = size.saturating_add(own);
            }
        }
        for (stack, at) in profile.all_stacks().iter().zip(1..) {
            if let (Some(first), Some(next)) = (tree.first.get_mut(place(stack.caller)), tree.next.get_mut(at)) {
                *next = std::mem::replace(first, at);
            }
        }
        tree
    }

    fn first(&self, place: usize) -> usize {
        self.first.get(place).copied().unwrap_or(0)
    }

    fn next(&self, place: usize) -> usize {
        self.next.get(place).copied().unwrap_or(0)
    }

    /// All of a node but whom it calls.
    fn node(&self, place: usize, out: &mut Bounded) -> io::Result<()> {
        let stack = place.checked_sub(1).and_then(|index| self.profile.all_stacks().get(index));
        let function = stack.map(|stack| self.profile.function(self.profile.frame(stack.frame).function));
        let size = self.sizes.get(place).copied().unwrap_or(0);
        out.write_all(b"{\"callFrame\":{\"functionName\":")?;
        self.frame(function.as_ref(), out)?;
        write!(out, "}},\"selfSize\":{size},\"id\":{},\"children\":[", place + 1)
    }

    /// V8 counts lines and columns from 0, and -1 is nowhere.
    fn frame(&self, function: Option<&FunctionRow>, out: &mut Bounded) -> io::Result<()> {
        let (name, url, line, column) = function.map_or((ROOT, "", 0, 0), |row| {
            (self.profile.text(row.name), self.profile.text(row.file), row.line, row.column)
        });
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b",\"scriptId\":\"0\",\"url\":")?;
        serde_json::to_writer(&mut *out, url)?;
        write!(out, ",\"lineNumber\":{},\"columnNumber\":{}", i64::from(line) - 1, i64::from(column) - 1)
    }
}
