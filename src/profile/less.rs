//! What a profile has more than an earlier one of the same process, and what two have together.

use super::copy;
use super::model::{Builder, Profile};
use crate::error::{Error, Result};

/// `later` without what `earlier` has: a stack that has less by now is below nothing.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_PROFILE` for values that are not the same.
pub fn less(later: Profile, earlier: &Profile) -> Result<Profile> {
    with(later, earlier, i64::saturating_neg)
}

/// What both have, described as `later` is.
///
/// # Errors
/// As those of [`less`].
pub fn more(later: Profile, earlier: &Profile) -> Result<Profile> {
    with(later, earlier, |value| value)
}

fn with(later: Profile, earlier: &Profile, of: fn(i64) -> i64) -> Result<Profile> {
    if later.types() != earlier.types() {
        return Err(Error::invalid_profile("has other types of values than the one that it is compared with", None));
    }
    let mut builder = Builder::of(later);
    let functions = copy::functions(&mut builder, earlier);
    let frames = copy::frames(&mut builder, earlier, &functions)?;
    copy::samples(&mut builder, earlier, &frames, |builder, stack, labels, values| {
        let labels = builder.labels(labels);
        builder.sample(stack, labels, values.iter().map(|value| of(*value)));
        Ok(())
    })?;
    Ok(builder.finish())
}
