//! A profile, whatever format it came in: texts, functions, frames, stacks and samples, each once, and what the values of samples are.

use rustc_hash::FxHashSet;

use super::handles::{Frame, Function, Labels, Stack, Text};
use super::samples::{Sample, Samples};
use super::strings::{Distinct, Strings};
use crate::error::{Error, Result};

/// Deeper stacks than any program has.
const MOST_FRAMES: u32 = 1 << 16;
/// Frames of all different stacks that samples have, each with all its callers: what is walked through for an answer.
const MOST_STEPS: u64 = 1 << 28;

/// What stands for a function without a name.
const ANONYMOUS: &str = "(anonymous)";
/// The label that says in which thread a sample was taken.
pub(super) const THREAD: &str = "thread";
/// What stands for the function of a sample that is in none.
pub(super) const NOWHERE: &str = "(no function)";

/// What a value of each sample is: `cpu` in `nanoseconds`, `inuse_space` in `bytes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueType {
    /// What it is.
    pub name: String,
    /// What it is counted in.
    pub unit: String,
}

impl ValueType {
    /// So much of `unit`.
    pub fn new(name: &str, unit: &str) -> Self {
        Self { name: name.into(), unit: unit.into() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FunctionRow {
    pub(super) name: Text,
    pub(super) file: Text,
    /// Where it begins, from 1; 0 if that is not known.
    pub(super) line: u32,
    /// Tells functions on one line apart, of which minified scripts have many.
    pub(super) column: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FrameRow {
    pub(super) function: Function,
    /// From 1; where it is not known, that of the function.
    pub(super) line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StackRow {
    pub(super) caller: Option<Stack>,
    pub(super) frame: Frame,
}

/// A label of a sample: `thread` is `worker 2`, `bytes` is 512.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Label {
    pub(super) key: Text,
    pub(super) value: LabelValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum LabelValue {
    Text(Text),
    Number(i64, Text),
}

/// A sampled profile.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    strings: Strings,
    functions: Distinct<FunctionRow>,
    frames: Distinct<FrameRow>,
    stacks: Distinct<StackRow>,
    labels: Distinct<Vec<Label>>,
    types: Vec<ValueType>,
    samples: Samples,
    /// When it began, in nanoseconds since 1970; 0 if that is not known.
    pub time_nanos: i64,
    /// How long it took, in nanoseconds; 0 if that is not known.
    pub duration_nanos: i64,
    /// What lies between two samples, and how much of it.
    pub period: Option<(ValueType, i64)>,
    /// Which type people want to see first; empty for the last.
    pub default_type: String,
    /// What else there is to be said about it.
    pub comments: Vec<String>,
}

impl Profile {
    /// What the values of each sample are.
    pub fn types(&self) -> &[ValueType] {
        &self.types
    }

    /// Calls its only type of values something else: V8's own format does not say what was counted.
    pub fn call(&mut self, name: &str) {
        if let [only] = self.types.as_mut_slice() {
            name.clone_into(&mut only.name);
        }
    }

    /// What the values at a place are.
    pub(super) fn type_at(&self, place: usize) -> ValueType {
        self.types.get(place).cloned().unwrap_or_else(|| ValueType::new("", ""))
    }

    /// How many samples there are.
    pub fn sample_count(&self) -> usize {
        self.samples.len()
    }

    /// Bytes of memory that it takes, but for a few.
    pub fn bytes(&self) -> usize {
        let distinct = self.functions.bytes() + self.frames.bytes() + self.stacks.bytes() + self.labels.bytes();
        self.strings.bytes() + distinct + self.samples.bytes()
    }

    /// The sum of each type over all samples.
    pub fn totals(&self) -> Vec<i64> {
        let mut totals = vec![0_i64; self.types.len()];
        for Sample { values, .. } in self.samples.iter() {
            totals.iter_mut().zip(values).for_each(|(total, value)| *total = total.saturating_add(*value));
        }
        totals
    }

    /// Takes over what is said of another: when it was, how long it took, its period, its comments.
    pub(super) fn described_as(&mut self, other: &Self) {
        self.time_nanos = other.time_nanos;
        self.duration_nanos = other.duration_nanos;
        self.period.clone_from(&other.period);
        self.default_type.clone_from(&other.default_type);
        self.comments.clone_from(&other.comments);
    }

    /// # Errors
    /// `HEAPKIT_ERR_INVALID_PROFILE` for stacks that are too deep, or too many so deep ones.
    pub(super) fn check_stacks(&self) -> Result<()> {
        let mut depths: Vec<u32> = Vec::with_capacity(self.stacks.all().len());
        for stack in self.stacks.all() {
            // A caller is older than whom it calls.
            let above = stack.caller.and_then(|caller| depths.get(caller.index())).copied().unwrap_or(0);
            depths.push(above.saturating_add(1));
        }
        if let Some(deepest) = depths.iter().max().filter(|deepest| **deepest > MOST_FRAMES) {
            let reason = format!("has a stack of {deepest} frames: more than {MOST_FRAMES}");
            return Err(Error::invalid_profile(reason, None));
        }
        let different: FxHashSet<_> = self.samples.iter().map(|sample| (sample.stack, sample.labels)).collect();
        let depth = |stack: Option<Stack>| {
            stack.and_then(|stack| depths.get(stack.index())).map_or(0, |depth| u64::from(*depth))
        };
        let steps: u64 = different.iter().map(|(stack, _)| depth(*stack)).sum();
        if steps > MOST_STEPS {
            let reason = format!("has stacks of {steps} frames in all: more than {MOST_STEPS}");
            return Err(Error::invalid_profile(reason, None));
        }
        Ok(())
    }

    /// The sum of all values, whatever they are and without their signs; none if no number has room for it.
    pub(super) fn magnitude(&self) -> Option<i64> {
        let mut values = self.samples.iter().flat_map(|sample| sample.values);
        values.try_fold(0_i64, |sum, value| sum.checked_add(value.checked_abs()?))
    }

    /// The place of the type that is shown where nobody asks for another.
    pub fn default_type_index(&self) -> usize {
        self.type_index(&self.default_type).unwrap_or(self.types.len().saturating_sub(1))
    }

    /// The place of a type.
    pub fn type_index(&self, name: &str) -> Option<usize> {
        self.types.iter().position(|one| one.name == name)
    }

    pub(super) fn text(&self, text: Text) -> &str {
        self.strings.get(text.index())
    }

    pub(super) fn function(&self, function: Function) -> FunctionRow {
        let unknown = FunctionRow { name: Text(0), file: Text(0), line: 0, column: 0 };
        self.functions.get(function.index()).copied().unwrap_or(unknown)
    }

    /// What a function is called; never empty.
    pub(super) fn name(&self, function: &FunctionRow) -> &str {
        match self.text(function.name) {
            "" => ANONYMOUS,
            name => name,
        }
    }

    /// Where a function begins: `file:line`, or the file alone, or nothing.
    pub(super) fn place(&self, function: &FunctionRow) -> Option<String> {
        match (self.text(function.file), function.line) {
            ("", _) => None,
            (file, 0) => Some(file.to_owned()),
            (file, line) => Some(format!("{file}:{line}")),
        }
    }

    pub(super) fn frame(&self, frame: Frame) -> FrameRow {
        self.frames.get(frame.index()).copied().unwrap_or(FrameRow { function: Function(u32::MAX), line: 0 })
    }

    /// The frames of a stack, the innermost first.
    pub(super) fn frames(&self, stack: Option<Stack>) -> impl Iterator<Item = Frame> {
        // A caller is older than whom it calls, so this ends.
        let row = |stack: Stack| self.stacks.get(stack.index()).copied();
        std::iter::successors(stack.and_then(row), move |one| one.caller.and_then(row)).map(|one| one.frame)
    }

    pub(super) fn labels(&self, labels: Labels) -> &[Label] {
        self.labels.get(labels.index()).map_or(&[], |labels| labels)
    }

    /// The threads that a sample's labels name: one, or none.
    pub(super) fn threads(&self, labels: Labels) -> impl Iterator<Item = Text> {
        self.labels(labels).iter().filter_map(|label| match label.value {
            LabelValue::Text(text) if self.text(label.key) == THREAD => Some(text),
            _ => None,
        })
    }

    pub(super) fn stack(&self, stack: Stack) -> Option<StackRow> {
        self.stacks.get(stack.index()).copied()
    }

    pub(super) fn samples(&self) -> &Samples {
        &self.samples
    }

    pub(super) fn all_functions(&self) -> &[FunctionRow] {
        self.functions.all()
    }

    pub(super) fn all_frames(&self) -> &[FrameRow] {
        self.frames.all()
    }

    pub(super) fn all_stacks(&self) -> &[StackRow] {
        self.stacks.all()
    }
}

/// Makes a profile, from the outside in.
#[derive(Debug)]
pub struct Builder {
    profile: Profile,
}

impl Builder {
    /// A profile without samples.
    pub fn new(types: Vec<ValueType>) -> Self {
        let mut labels = Distinct::default();
        labels.place(Vec::new());
        let samples = Samples::new(types.len());
        Self { profile: Profile { types, samples, labels, ..Profile::default() } }
    }

    /// More of one that was made.
    pub(super) fn of(profile: Profile) -> Self {
        Self { profile }
    }

    pub(super) fn text(&mut self, text: &str) -> Text {
        Text(self.profile.strings.place(text))
    }

    pub(super) fn function(&mut self, name: &str, file: &str, line: u32, column: u32) -> Function {
        let (name, file) = (self.text(name), self.text(file));
        Function(self.profile.functions.place(FunctionRow { name, file, line, column }))
    }

    pub(super) fn frame(&mut self, function: Function, line: u32) -> Frame {
        let line = if line == 0 { self.profile.function(function).line } else { line };
        Frame(self.profile.frames.place(FrameRow { function, line }))
    }

    pub(super) fn stack(&mut self, caller: Option<Stack>, frame: Frame) -> Stack {
        Stack(self.profile.stacks.place(StackRow { caller, frame }))
    }

    pub(super) fn labels(&mut self, labels: Vec<Label>) -> Labels {
        Labels(self.profile.labels.place(labels))
    }

    pub(super) fn sample(&mut self, stack: Option<Stack>, labels: Labels, values: impl IntoIterator<Item = i64>) {
        self.profile.samples.push(stack, labels, values);
    }

    pub(super) fn about(&mut self) -> &mut Profile {
        &mut self.profile
    }

    pub(super) fn finish(self) -> Profile {
        self.profile
    }
}

/// Of samples that have no labels.
pub(super) const NO_LABELS: Labels = Labels(0);
