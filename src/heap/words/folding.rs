//! Which steps of a path are shown: those that repeat the ones before them are one step with a count, and of a path that is long
//! all the same the middle is left out.

#![allow(clippy::indexing_slicing, reason = "steps are numbered here")]

use std::ops::Range;

/// Steps that repeat after more than this are not seen to.
const LONGEST_CYCLE: usize = 12;
/// Fewer steps than these are shown, though they repeat.
const FEWEST_FOLDED: usize = 3;
/// So many of a long path's first steps are shown, and so many of its last.
const FIRST: usize = 20;
const LAST: usize = 40;

/// A part of a path, by the numbers of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// It is shown.
    Step(usize),
    /// They repeat the so many steps before them.
    Repeated { steps: Range<usize>, cycle: usize },
    /// They are left out.
    Left(Range<usize>),
}

impl Part {
    fn range(&self) -> Range<usize> {
        match self {
            Self::Step(at) => *at..at + 1,
            Self::Repeated { steps, .. } | Self::Left(steps) => steps.clone(),
        }
    }
}

/// The parts of a path by what its steps have in common. Of steps that repeat, the first and the last are shown.
pub(super) fn fold<K: PartialEq>(keys: &[K]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < keys.len() {
        match repeated(keys, at) {
            Some((length, cycle)) => {
                parts.push(Part::Repeated { steps: at..at + length, cycle });
                at += length;
            }
            None => {
                parts.push(Part::Step(at));
                at += 1;
            }
        }
    }
    if let Some(middle) = parts.len().checked_sub(LAST).filter(|end| *end > FIRST + 1).map(|end| FIRST..end) {
        let left = parts[middle.start].range().start..parts[middle.end - 1].range().end;
        parts.splice(middle, [Part::Left(left)]);
    }
    parts
}

/// How many steps from `at` on repeat those before them, in whole cycles and without the last one, and how long the cycle is.
fn repeated<K: PartialEq>(keys: &[K], at: usize) -> Option<(usize, usize)> {
    (1..=LONGEST_CYCLE.min(at)).find_map(|cycle| {
        let alike = (at..keys.len()).take_while(|step| keys[*step] == keys[step - cycle]).count();
        let folded = (alike - alike % cycle).saturating_sub(cycle);
        (folded >= FEWEST_FOLDED).then_some((folded, cycle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` is shown, `3*2` are three cycles of two steps, `-9` are nine steps left out.
    fn folded(keys: &str) -> String {
        let keys = keys.as_bytes();
        let text = |part: &Part| match part {
            Part::Step(at) => char::from(keys[*at]).to_string(),
            Part::Repeated { steps, cycle } => format!("{}*{cycle}", steps.len() / cycle),
            Part::Left(steps) => format!("-{}", steps.len()),
        };
        fold(keys).iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn folds_steps_that_repeat() {
        assert_eq!(folded("hnnnnnnn"), "h n 5*1 n");
        assert_eq!(folded("abababababx"), "a b 3*2 a b x");
        assert_eq!(folded("ababababab"), "a b 3*2 a b");
        assert_eq!(folded("abcd"), "a b c d");
        assert_eq!(folded("hnnn"), "h n n n");
        assert_eq!(folded(""), "");
        assert_eq!(folded("xnnnnnnynnnnnnz"), "x n 4*1 n y n 4*1 n z");
    }

    #[test]
    fn leaves_the_middle_of_a_long_path_out() {
        let path: String = (0..90_u8).map(|step| char::from(33 + step)).collect();
        let parts = fold(path.as_bytes());
        assert_eq!(parts.len(), FIRST + 1 + LAST);
        assert_eq!((&parts[FIRST], &parts[FIRST + 1]), (&Part::Left(20..50), &Part::Step(50)));
        assert_eq!(parts.last(), Some(&Part::Step(89)));
    }
}
