//! Which lines an answer has, and what the others come to.

use serde::Serialize;

use crate::heap::answers::lines::PathGrowth;

/// Lines that are not in the answer, by whether they grew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rest {
    /// Lines that grew.
    pub grown: Together,
    /// Lines that became smaller.
    pub shrunk: Together,
}

/// Lines together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Together {
    /// How many lines.
    pub count: usize,
    /// Their sizes, the last less the first.
    pub size_delta: i64,
}

impl Together {
    fn of<'a>(lines: impl Iterator<Item = &'a PathGrowth>) -> Self {
        lines.fold(Self::default(), |sum, line| Self {
            count: sum.count + 1,
            size_delta: sum.size_delta + line.size_delta,
        })
    }
}

/// What is in the answer of all lines.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) paths: Vec<PathGrowth>,
    pub(super) path_count: usize,
    pub(super) max_size_delta: i64,
    pub(super) rest: Rest,
}

impl Shown {
    /// The first `top` lines that grew, of that many heaps.
    pub(super) fn of(lines: Vec<PathGrowth>, heaps: usize, top: usize) -> Self {
        let (mut paths, shrunk): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.size_delta > 0);
        // With three or more, what grows every time is the leak, and what grew once is a cache.
        if heaps > 2 {
            paths.sort_by_key(|line| !line.grew_every_time);
        }
        let rest = Rest { grown: Together::of(paths.iter().skip(top)), shrunk: Together::of(shrunk.iter()) };
        let max_size_delta = paths.iter().map(|line| line.size_delta).max().unwrap_or_default();
        let path_count = paths.len();
        paths.truncate(top);
        Self { paths, path_count, max_size_delta, rest }
    }
}
