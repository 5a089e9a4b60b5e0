//! The profiles of several threads as one.

use super::copy;
use super::model::{Builder, Label, LabelValue, Profile, THREAD};
use crate::error::{Error, Result};

/// One profile of all of them: each sample has the label `thread`, which says what the thread is called. What is said of the whole is that of the first.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_PROFILE` for none, and for values that are not the same.
pub fn of_threads(threads: &[(String, Profile)]) -> Result<Profile> {
    let Some((_, first)) = threads.first() else {
        return Err(Error::invalid_profile("is of no thread", None));
    };
    let mut builder = Builder::new(first.types().to_vec());
    for (name, profile) in threads {
        if profile.types() != first.types() {
            let reason = format!("has other types of values in the thread {name} than in the first");
            return Err(Error::invalid_profile(reason, None));
        }
        let thread = Label { key: builder.text(THREAD), value: LabelValue::Text(builder.text(name)) };
        let functions = copy::functions(&mut builder, profile);
        let frames = copy::frames(&mut builder, profile, &functions)?;
        copy::samples(&mut builder, profile, &frames, |builder, stack, mut labels, values| {
            labels.push(thread);
            let labels = builder.labels(labels);
            builder.sample(stack, labels, values.iter().copied());
            Ok(())
        })?;
    }
    builder.about().described_as(first);
    Ok(builder.finish())
}
