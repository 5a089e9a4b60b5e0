//! What is kept of a snapshot when its heap is gone: sums.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::identity::Object;
use crate::source_maps::MapsUsed;

/// One snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub struct DiffSnapshot {
    pub path: String,
    pub nodes: usize,
    pub total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_maps: Option<MapsUsed>,
}

/// Objects, added up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amount {
    pub(super) count: u64,
    /// Bytes of the objects themselves.
    pub(super) shallow: u64,
    /// Bytes that they retain.
    pub(super) retained: u64,
}

/// What is kept of a snapshot.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) about: DiffSnapshot,
    /// By class name.
    pub(super) classes: FxHashMap<u32, Amount>,
    /// Sorted by id.
    pub(super) objects: Vec<Object>,
}
