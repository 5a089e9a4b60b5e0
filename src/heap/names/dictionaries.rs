//! When an object is a dictionary: the names of its properties are keys then, which are data.
//!
//! Each room has a bound of its own, because a wrong guess costs each something else.

/// Keys of a plain object with more properties are one place: a wrong guess folds fields that one would like to see.
pub(crate) const FOLDED_ABOVE: usize = 64;
/// Keys of an object with more properties are replaced in a redacted copy: a wrong guess takes names that say much.
pub(crate) const REPLACED_ABOVE: usize = 256;
