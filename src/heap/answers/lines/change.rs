//! What became of a number from snapshot to snapshot.

#![allow(clippy::cast_possible_wrap, reason = "counts and sizes are far below 2^63")]

/// The last less the first.
pub(crate) fn delta(values: &[u64]) -> i64 {
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => *last as i64 - *first as i64,
        _ => 0,
    }
}

/// Whether each is more than the one before.
pub(crate) fn rose(values: &[u64]) -> bool {
    values.windows(2).all(|pair| matches!(pair, [before, after] if before < after))
}
