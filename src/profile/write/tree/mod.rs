//! The stacks of a profile, and perhaps of an earlier one, as one tree of functions: a node for each way of calls, with what is its own.

mod callee;
mod smallest;

use rustc_hash::FxHashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::profile::Check;
use crate::profile::handles::{Stack, Text};
use crate::profile::model::{NOWHERE, Profile};
use crate::profile::origin::Origin;
use crate::profile::pair::Pair;

use callee::function;
pub(super) use callee::{About, Callee};

/// Of memory, while the tree grows: each thread has stacks of its own, so that there can be very many more nodes than stacks.
const MOST_BYTES: usize = 512 << 20;
/// What a node takes in all columns and tables, and for each of its numbers.
const NODE_BYTES: usize = 100;
const NUMBER_BYTES: usize = 24;

const ROOT: u32 = 0;

#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    callee: Callee,
}

/// Is told how deep a node is, from 1, what it is called by, and what is its own.
pub(super) type Seen<'s> = &'s mut dyn FnMut(u32, Callee, &[i64]) -> Result<()>;

/// A tree. A node's caller is older than the node.
pub(super) struct Tree<'a> {
    pub(super) pair: Pair<'a>,
    profile: &'a Profile,
    base: Option<&'a Profile>,
    /// How many numbers a node has.
    pub(super) width: usize,
    nodes: Vec<Node>,
    own: Vec<i64>,
    places: FxHashMap<(u32, Callee), u32>,
    /// How many nodes were taken together.
    pub(super) smaller: usize,
}

impl<'a> Tree<'a> {
    /// `types` are the places of the values: in the profile, and in the earlier one.
    pub(super) fn new(
        profile: &'a Profile,
        base: Option<&'a Profile>,
        types: &[(usize, usize)],
        check: Check<'_>,
    ) -> Result<Self> {
        let mut tree = Self::whole(profile, base, types, MOST_BYTES, check)?;
        tree.without_the_smallest(smallest::MOST_NODES, check)?;
        Ok(tree)
    }

    fn whole(
        profile: &'a Profile,
        base: Option<&'a Profile>,
        types: &[(usize, usize)],
        most_bytes: usize,
        check: Check<'_>,
    ) -> Result<Self> {
        let width = types.len() * if base.is_some() { 2 } else { 1 };
        let root = Node { parent: ROOT, callee: Callee::Nowhere };
        let mut tree = Self {
            pair: Pair::new(profile, base),
            profile,
            base,
            width,
            nodes: vec![root],
            own: vec![0; width],
            places: FxHashMap::default(),
            smaller: 0,
        };
        let ours: Vec<usize> = types.iter().map(|(our, _)| *our).collect();
        tree.add(profile, false, &ours, most_bytes, check)?;
        if let Some(base) = base {
            let theirs: Vec<usize> = types.iter().map(|(_, their)| *their).collect();
            tree.add(base, true, &theirs, most_bytes, check)?;
        }
        Ok(tree)
    }

    fn add(
        &mut self,
        profile: &Profile,
        is_base: bool,
        values: &[usize],
        most_bytes: usize,
        check: Check<'_>,
    ) -> Result<()> {
        let threads = self.threads();
        let most = most_bytes / (NODE_BYTES + NUMBER_BYTES * self.width);
        let mut known: FxHashMap<(Option<Text>, Stack), u32> = FxHashMap::default();
        let first = if is_base { values.len() } else { 0 };
        for sample in profile.samples().merged().iter() {
            check()?;
            if self.nodes.len() > most {
                return Err(too_large(most));
            }
            let thread = profile.threads(sample.labels).next();
            let root = thread.map_or(ROOT, |text| {
                let known = threads.get(profile.text(text)).copied();
                self.child(ROOT, known.unwrap_or(Callee::Thread(is_base, text)))
            });
            let node = match sample.stack {
                None => self.child(root, Callee::Nowhere),
                Some(stack) => self.node(profile, is_base, (thread, root), stack, &mut known),
            };
            for (value, at) in values.iter().zip(first..) {
                let number = sample.values.get(*value).copied().unwrap_or(0);
                if let Some(own) = self.own.get_mut(node as usize * self.width + at) {
                    *own = own.saturating_add(number);
                }
            }
        }
        Ok(())
    }

    /// The threads that are there, by name: the same thread has the same node in both profiles.
    fn threads(&self) -> FxHashMap<&'a str, Callee> {
        let profile = self.profile;
        let named = self.nodes.iter().filter_map(|node| match node.callee {
            Callee::Thread(false, text) => Some((profile.text(text), node.callee)),
            _ => None,
        });
        named.collect()
    }

    /// The node of a stack: what is new of it is made, from the outside in.
    fn node(
        &mut self,
        profile: &Profile,
        is_base: bool,
        (thread, root): (Option<Text>, u32),
        stack: Stack,
        known: &mut FxHashMap<(Option<Text>, Stack), u32>,
    ) -> u32 {
        let mut new = Vec::new();
        let mut node = root;
        let mut next = Some(stack);
        while let Some(stack) = next {
            if let Some(found) = known.get(&(thread, stack)) {
                node = *found;
                break;
            }
            let Some(row) = profile.stack(stack) else { break };
            new.push((stack, profile.frame(row.frame).function.index()));
            next = row.caller;
        }
        for (stack, function) in new.into_iter().rev() {
            let place = if is_base { self.pair.base.get(function).copied().unwrap_or(function) } else { function };
            node = self.child(node, Callee::Function(u32::try_from(place).unwrap_or(u32::MAX)));
            known.insert((thread, stack), node);
        }
        node
    }

    fn child(&mut self, parent: u32, callee: Callee) -> u32 {
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        *self.places.entry((parent, callee)).or_insert_with(|| {
            self.nodes.push(Node { parent, callee });
            self.own.resize(self.nodes.len() * self.width, 0);
            next
        })
    }

    /// All nodes but the root, each after its caller and before its caller's next.
    pub(super) fn each(&self, seen: Seen<'_>) -> Result<()> {
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); self.nodes.len()];
        for (node, index) in self.nodes.iter().zip(0_u32..).skip(1) {
            if let Some(list) = children.get_mut(node.parent as usize) {
                list.push(index);
            }
        }
        let mut waiting: Vec<(u32, u32)> = vec![(ROOT, 0)];
        while let Some((index, depth)) = waiting.pop() {
            if index != ROOT
                && let Some(node) = self.nodes.get(index as usize)
            {
                let from = index as usize * self.width;
                seen(depth, node.callee, self.own.get(from..from + self.width).unwrap_or_default())?;
            }
            let below = children.get(index as usize).into_iter().flatten().rev();
            waiting.extend(below.map(|child| (*child, depth + 1)));
        }
        Ok(())
    }

    /// What a node is called, and what is known of it.
    pub(super) fn about(&self, callee: Callee) -> About<'_> {
        let named =
            |name| About { name, file: "", line: 0, in_file: name, package: name, origin: Some(Origin::Engine) };
        match callee {
            Callee::Function(place) => match self.pair.functions.get(place as usize) {
                Some(known) => function(known),
                None => named(NOWHERE),
            },
            Callee::Thread(is_base, text) => {
                let profile = if is_base { self.base.unwrap_or(self.profile) } else { self.profile };
                named(profile.text(text))
            }
            Callee::Nowhere => named(NOWHERE),
            Callee::Smaller => About { origin: None, ..named("(smaller)") },
        }
    }
}

fn too_large(most: usize) -> Error {
    let reason = format!(
        "its stacks would be a tree of more than {most} calls. pprof has each stack once, and `focus` and `ignore` of top() look at a part"
    );
    ErrorKind::Memory { purpose: "for a flame graph", reason }.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::profile::model::{Builder, Label, LabelValue, NO_LABELS, ValueType};

    /// A profile of stacks, each with its thread, if it has one, and how often it was seen.
    pub(super) fn profile(stacks: &[(&[&str], &str, i64)]) -> Profile {
        let mut builder = Builder::new(vec![ValueType::new("samples", "count")]);
        for (names, thread, value) in stacks {
            let mut stack = None;
            for name in *names {
                let function = builder.function(name, "app.js", 1, 0);
                let frame = builder.frame(function, 1);
                stack = Some(builder.stack(stack, frame));
            }
            let (key, value_of_label) = (builder.text("thread"), builder.text(thread));
            let label = Label { key, value: LabelValue::Text(value_of_label) };
            let labels = if thread.is_empty() { NO_LABELS } else { builder.labels(vec![label]) };
            builder.sample(stack, labels, [*value]);
        }
        builder.finish()
    }

    pub(super) fn seen(tree: &Tree<'_>) -> Vec<String> {
        let mut seen = Vec::new();
        tree.each(&mut |depth, callee, own| {
            seen.push(format!("{depth} {} {own:?}", tree.about(callee).name));
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn each_thread_has_stacks_of_its_own_and_is_the_same_in_both_profiles() {
        let before = profile(&[(&["main"], "worker 9", 5), (&["main"], "worker 1", 7)]);
        let now = profile(&[(&["main"], "worker 1", 2), (&["main"], "main", 3), (&[], "main", 1)]);
        let tree = Tree::new(&now, Some(&before), &[(0, 0)], &|| Ok(())).unwrap();
        let expected = [
            "1 worker 1 [0, 0]",
            "2 main [2, 7]",
            "1 main [0, 0]",
            "2 main [3, 0]",
            "2 (no function) [1, 0]",
            "1 worker 9 [0, 0]",
            "2 main [0, 5]",
        ];
        assert_eq!(seen(&tree), expected);
    }

    #[test]
    fn a_tree_that_would_not_stop_growing_is_refused() {
        let names: Vec<String> = (0..100).map(|at| format!("f{at}")).collect();
        let stack: Vec<&str> = names.iter().map(String::as_str).collect();
        let threads: Vec<String> = (0..100).map(|at| format!("worker {at}")).collect();
        let stacks: Vec<(&[&str], &str, i64)> = threads.iter().map(|thread| (&stack[..], thread.as_str(), 1)).collect();
        let profile = profile(&stacks);
        let of = |most| Tree::whole(&profile, None, &[(0, 0)], most, &|| Ok(())).map(|tree| tree.nodes.len());
        assert_eq!(of(usize::MAX).unwrap(), 1 + 100 + 100 * 100);
        let refused = of(124 * 5000).unwrap_err();
        assert!(refused.to_string().contains("a tree of more than 5000 calls"), "{refused}");
    }
}
