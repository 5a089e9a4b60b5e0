//! What a profile has more than an earlier one of the same process.

use super::handles::{Frame, Function, Stack, Text};
use super::model::{Builder, FrameRow, FunctionRow, Label, LabelValue, Profile, StackRow};
use crate::error::{Error, Result};

/// `later` without what `earlier` has: a stack that has less by now is below nothing.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_PROFILE` for values that are not the same.
pub fn less(later: Profile, earlier: &Profile) -> Result<Profile> {
    if later.types() != earlier.types() {
        return Err(Error::invalid_profile("has other types of values than the one that it is compared with", None));
    }
    let mut builder = Builder::of(later);
    let same = |builder: &mut Builder, text: Text| builder.text(earlier.text(text));
    let mut functions: Vec<Function> = Vec::with_capacity(earlier.all_functions().len());
    for FunctionRow { name, file, line, column } in earlier.all_functions() {
        functions.push(builder.function(earlier.text(*name), earlier.text(*file), *line, *column));
    }
    let mut frames: Vec<Frame> = Vec::with_capacity(earlier.all_frames().len());
    for FrameRow { function, line } in earlier.all_frames() {
        frames.push(builder.frame(*placed(&functions, function.index())?, *line));
    }
    // A caller is older than whom it calls.
    let mut stacks: Vec<Stack> = Vec::with_capacity(earlier.all_stacks().len());
    for StackRow { caller, frame } in earlier.all_stacks() {
        let caller = caller.map(|caller| placed(&stacks, caller.index()).copied()).transpose()?;
        let stack = builder.stack(caller, *placed(&frames, frame.index())?);
        stacks.push(stack);
    }
    for sample in earlier.samples().iter() {
        let stack = sample.stack.map(|stack| placed(&stacks, stack.index()).copied()).transpose()?;
        let labels = earlier.labels(sample.labels).iter().map(|Label { key, value }| Label {
            key: same(&mut builder, *key),
            value: match value {
                LabelValue::Text(text) => LabelValue::Text(same(&mut builder, *text)),
                LabelValue::Number(number, unit) => LabelValue::Number(*number, same(&mut builder, *unit)),
            },
        });
        let labels = labels.collect();
        let labels = builder.labels(labels);
        builder.sample(stack, labels, sample.values.iter().map(|value| value.saturating_neg()));
    }
    Ok(builder.finish())
}

fn placed<T>(list: &[T], place: usize) -> Result<&T> {
    list.get(place).ok_or_else(|| Error::internal("a profile speaks of what it does not have"))
}
