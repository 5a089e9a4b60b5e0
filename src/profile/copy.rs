//! What one profile has, put into the builder of another.

use super::handles::{Frame, Function, Labels, Stack, Text};
use super::model::{Builder, FrameRow, FunctionRow, Label, LabelValue, Profile, StackRow};
use crate::error::{Error, Result};

/// The functions of `from`, by their numbers there.
pub(super) fn functions(builder: &mut Builder, from: &Profile) -> Vec<Function> {
    let rows = from.all_functions().iter();
    rows.map(|FunctionRow { name, file, line, column }| {
        builder.function(from.text(*name), from.text(*file), *line, *column)
    })
    .collect()
}

/// Its frames, where its functions are these.
pub(super) fn frames(builder: &mut Builder, from: &Profile, functions: &[Function]) -> Result<Vec<Frame>> {
    let rows = from.all_frames().iter();
    rows.map(|FrameRow { function, line }| Ok(builder.frame(*placed(functions, function.index())?, *line))).collect()
}

/// Gives `take` every sample, where its frames are these: its stack, its labels, its values.
pub(super) fn samples(
    builder: &mut Builder,
    from: &Profile,
    frames: &[Frame],
    mut take: impl FnMut(&mut Builder, Option<Stack>, Vec<Label>, &[i64]) -> Result<()>,
) -> Result<()> {
    let mut stacks: Vec<Stack> = Vec::with_capacity(from.all_stacks().len());
    for StackRow { caller, frame } in from.all_stacks() {
        // A caller is older than whom it calls.
        let caller = caller.map(|caller| placed(&stacks, caller.index()).copied()).transpose()?;
        stacks.push(builder.stack(caller, *placed(frames, frame.index())?));
    }
    for sample in from.samples().iter() {
        let stack = sample.stack.map(|stack| placed(&stacks, stack.index()).copied()).transpose()?;
        let labels = labels(builder, from, sample.labels);
        take(builder, stack, labels, sample.values)?;
    }
    Ok(())
}

fn labels(builder: &mut Builder, from: &Profile, labels: Labels) -> Vec<Label> {
    let mut text = |text: Text| builder.text(from.text(text));
    let copied = from.labels(labels).iter().map(|label| Label {
        key: text(label.key),
        value: match label.value {
            LabelValue::Text(value) => LabelValue::Text(text(value)),
            LabelValue::Number(number, unit) => LabelValue::Number(number, text(unit)),
        },
    });
    copied.collect()
}

fn placed<T>(list: &[T], place: usize) -> Result<&T> {
    list.get(place).ok_or_else(|| Error::internal("a profile speaks of what it does not have"))
}
