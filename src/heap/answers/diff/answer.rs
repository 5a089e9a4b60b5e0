//! What a comparison answers.

use serde::Serialize;

use super::classes::ClassGrowth;
use super::identity::Ids;
use super::lines::PathGrowth;
use super::sums::DiffSnapshot;

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
    /// Growth by where things are held, most first.
    pub paths: Vec<PathGrowth>,
    /// How many positions grew; `paths` has the first of them.
    pub path_count: usize,
    /// Classes, those first whose retained or own size grew most.
    pub constructors: Vec<ClassGrowth>,
    /// How many classes changed; `constructors` has the first of them.
    pub constructor_count: usize,
}
