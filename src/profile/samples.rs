//! The column of samples: of each its stack, its labels, its values, and when it was taken, in the order in which they came.

use rustc_hash::FxHashMap;

use super::handles::{Labels, Stack};

/// All samples. Each has as many values as the profile has types.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    width: usize,
    stacks: Vec<(Option<Stack>, Labels)>,
    values: Vec<i64>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    /// None for what is in no function.
    pub(super) stack: Option<Stack>,
    pub(super) labels: Labels,
    pub(super) values: &'a [i64],
}

impl Samples {
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(1), ..Self::default() }
    }

    pub(super) fn push(&mut self, stack: Option<Stack>, labels: Labels, values: impl IntoIterator<Item = i64>) {
        self.stacks.push((stack, labels));
        self.values.extend(values.into_iter().take(self.width));
        // Whatever is missing is nothing.
        self.values.resize(self.stacks.len() * self.width, 0);
    }

    pub(super) fn len(&self) -> usize {
        self.stacks.len()
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.stacks.len() * size_of::<(Option<Stack>, Labels)>() + self.values.len() * size_of::<i64>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Sample<'_>> {
        let rows = self.values.chunks(self.width.max(1));
        self.stacks.iter().zip(rows).map(|(&(stack, labels), values)| Sample { stack, labels, values })
    }

    /// Those of the same stack and labels as one, in the order of the first of each; what adds up to nothing is left out.
    pub(super) fn merged(&self) -> Self {
        let mut merged = Self::new(self.width);
        let mut places = FxHashMap::default();
        for Sample { stack, labels, values } in self.iter() {
            let place = *places.entry((stack, labels)).or_insert_with(|| {
                merged.push(stack, labels, []);
                merged.len() - 1
            });
            let sums = merged.values.iter_mut().skip(place * self.width);
            sums.zip(values).for_each(|(sum, value)| *sum = sum.saturating_add(*value));
        }
        let mut kept = Self::new(self.width);
        merged
            .iter()
            .filter(|sample| sample.values.iter().any(|value| *value != 0))
            .for_each(|sample| kept.push(sample.stack, sample.labels, sample.values.iter().copied()));
        kept
    }
}
