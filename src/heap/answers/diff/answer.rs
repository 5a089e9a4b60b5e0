//! What a comparison answers.

use serde::Serialize;

use super::classes::ClassGrowth;
use super::identity::Ids;
use super::shown::Rest;
use super::sums::DiffSnapshot;
use crate::heap::answers::lines::{GrowthBranch, PathGrowth};

/// What grew.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The snapshots, in the order given.
    pub snapshots: Vec<DiffSnapshot>,
    /// Bytes of the last, less those of the first.
    pub size_delta: i64,
    /// Whether ids correspond, and so `added` and `removed` are known.
    pub ids: Ids,
    /// Growth by who holds things, most first; of more than two snapshots, what grew every time comes first.
    pub paths: Vec<PathGrowth>,
    /// How many lines grew; `paths` has the first of them.
    pub path_count: usize,
    /// The most by which a line grew, whether `paths` has it or not.
    pub max_size_delta: i64,
    /// The lines that `paths` does not have: with these, all lines add up to `size_delta`.
    pub rest: Rest,
    /// Classes, those first whose retained or own size grew most.
    pub constructors: Vec<ClassGrowth>,
    /// How many classes changed; `constructors` has the first of them.
    pub constructor_count: usize,
    /// What grew as a tree, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<GrowthBranch>,
}
