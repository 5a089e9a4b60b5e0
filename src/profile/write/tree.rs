//! The stacks of a profile, and perhaps of an earlier one, as one tree of functions: a node for each way of calls, with what is its own.

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::profile::Check;
use crate::profile::handles::{Stack, Text};
use crate::profile::model::{FunctionRow, NOWHERE, Profile};
use crate::profile::origin::{self, Origin};
use crate::profile::pair::{Known, Pair};

/// What a page can hold and a browser draw: of more, what is smallest is taken together.
const MOST_NODES: usize = 400_000;

const ROOT: u32 = 0;

/// What a node is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Callee {
    /// One of the functions of the pair.
    Function(u32),
    /// A thread, whose text is one of that profile.
    Thread(bool, Text),
    /// None: the sample has no stack.
    Nowhere,
    /// Several that are smaller than what is drawn.
    Smaller,
}

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
        tree.add(profile, false, &ours, check)?;
        if let Some(base) = base {
            let theirs: Vec<usize> = types.iter().map(|(_, their)| *their).collect();
            tree.add(base, true, &theirs, check)?;
        }
        tree.without_the_smallest(MOST_NODES, check)?;
        Ok(tree)
    }

    fn add(&mut self, profile: &Profile, is_base: bool, values: &[usize], check: Check<'_>) -> Result<()> {
        let mut known: FxHashMap<(Option<Text>, Stack), u32> = FxHashMap::default();
        let first = if is_base { values.len() } else { 0 };
        for sample in profile.samples().merged().iter() {
            check()?;
            let thread = self.thread(profile, is_base, profile.threads(sample.labels).next());
            let node = match sample.stack {
                None => self.child(thread.1, Callee::Nowhere),
                Some(stack) => self.node(profile, is_base, thread, stack, &mut known),
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

    /// The thread, and the node below which its stacks are. The same thread has the same node in both profiles.
    fn thread(&mut self, profile: &Profile, is_base: bool, thread: Option<Text>) -> (Option<Text>, u32) {
        let Some(text) = thread else { return (None, ROOT) };
        let callee = if is_base {
            let name = profile.text(text);
            let same =
                |callee: &Callee| matches!(callee, Callee::Thread(false, own) if self.profile.text(*own) == name);
            let known = self.nodes.iter().filter(|node| node.parent == ROOT).map(|node| node.callee).find(same);
            known.unwrap_or(Callee::Thread(true, text))
        } else {
            Callee::Thread(false, text)
        };
        (thread, self.child(ROOT, callee))
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

    /// Of each node the largest share that it has, with what it calls, of any of the values.
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    fn shares(&self) -> Vec<f64> {
        let mut reach: Vec<f64> = self.own.iter().map(|own| own.unsigned_abs() as f64).collect();
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            for at in 0..self.width {
                let own = reach.get(index * self.width + at).copied().unwrap_or(0.0);
                if let Some(sum) = reach.get_mut(node.parent as usize * self.width + at) {
                    *sum += own;
                }
            }
        }
        let all: Vec<f64> = reach.iter().take(self.width).copied().collect();
        let share = |of: &[f64]| {
            of.iter().zip(&all).map(|(one, all)| if *all > 0.0 { one / all } else { 0.0 }).fold(0.0, f64::max)
        };
        reach.chunks(self.width.max(1)).map(share).collect()
    }

    /// Takes the smallest nodes together, below the caller that stays; what was in no sample goes.
    fn without_the_smallest(&mut self, most: usize, check: Check<'_>) -> Result<()> {
        let shares = self.shares();
        let mut least = 0.0;
        if shares.iter().filter(|share| **share > 0.0).count() > most {
            let mut sorted = shares.clone();
            let (_, at, _) = sorted.select_nth_unstable_by(most, |a, b| b.total_cmp(a));
            least = *at;
        }
        let all = std::mem::take(&mut self.nodes);
        let own = std::mem::take(&mut self.own);
        self.places.clear();
        self.nodes.push(Node { parent: ROOT, callee: Callee::Nowhere });
        self.own.resize(self.width, 0);
        // Of each node what stands for it: itself, or what it was taken into.
        let mut stands: Vec<u32> = vec![ROOT];
        let mut is_kept = vec![true];
        for ((node, own), share) in all.iter().zip(own.chunks(self.width.max(1))).zip(&shares).skip(1) {
            check()?;
            let parent = stands.get(node.parent as usize).copied().unwrap_or(ROOT);
            let below_kept = is_kept.get(node.parent as usize) == Some(&true);
            let kept = below_kept && *share > least;
            is_kept.push(kept);
            let place = if kept {
                self.child(parent, node.callee)
            } else if *share > 0.0 {
                self.smaller += 1;
                if below_kept { self.child(parent, Callee::Smaller) } else { parent }
            } else {
                parent
            };
            stands.push(place);
            for (at, own) in own.iter().enumerate() {
                if let Some(sum) = self.own.get_mut(place as usize * self.width + at) {
                    *sum = sum.saturating_add(*own);
                }
            }
        }
        Ok(())
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

/// What a function is called, and whose it is.
pub(super) struct About<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    pub(super) line: u32,
    /// What it is counted as by file, and by package.
    pub(super) in_file: &'a str,
    pub(super) package: &'a str,
    /// None of several.
    pub(super) origin: Option<Origin>,
}

fn function<'a>((profile, row): &'a Known<'_>) -> About<'a> {
    let row: &FunctionRow = row;
    About {
        name: profile.name(row),
        file: profile.text(row.file),
        line: row.line,
        in_file: origin::file(profile, row),
        package: origin::package(profile, row),
        origin: Some(origin::origin(profile, row)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::profile::model::{Builder, NO_LABELS, ValueType};

    #[test]
    fn of_very_many_nodes_the_smallest_are_taken_together_below_their_caller() {
        let mut builder = Builder::new(vec![ValueType::new("samples", "count")]);
        let stack = |names: &[&str], value: i64, builder: &mut Builder| {
            let mut stack = None;
            for name in names {
                let function = builder.function(name, "app.js", 1, 0);
                let frame = builder.frame(function, 1);
                stack = Some(builder.stack(stack, frame));
            }
            builder.sample(stack, NO_LABELS, [value]);
        };
        stack(&["main", "large"], 100, &mut builder);
        stack(&["main", "small", "below"], 1, &mut builder);
        stack(&["main", "small"], 2, &mut builder);
        stack(&["main", "tiny"], 1, &mut builder);
        stack(&["never"], 0, &mut builder);
        let profile = builder.finish();
        let of = |most| {
            let mut tree = Tree::new(&profile, None, &[(0, 0)], &|| Ok(())).unwrap();
            tree.without_the_smallest(most, &|| Ok(())).unwrap();
            let mut seen = Vec::new();
            tree.each(&mut |depth, callee, own| {
                seen.push(format!("{depth} {} {}", tree.about(callee).name, own[0]));
                Ok(())
            })
            .unwrap();
            (seen, tree.smaller)
        };
        let all = ["1 main 0", "2 large 100", "2 small 2", "3 below 1", "2 tiny 1"];
        assert_eq!(of(9), (all.map(String::from).into(), 0));
        assert_eq!(of(3), (["1 main 0", "2 large 100", "2 (smaller) 4"].map(String::from).into(), 3));
    }
}
