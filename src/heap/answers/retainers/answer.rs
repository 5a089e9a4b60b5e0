//! What is asked about retainers, and what is answered.

use serde::Serialize;

use crate::heap::words::Step;

/// Whose retainers are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The object with this id of V8's.
    Id(u32),
    /// All objects of the classes with this name.
    Class(String),
}

impl Target {
    /// `@123` is an id, everything else a class.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('@').and_then(|id| id.parse().ok()) {
            Some(id) => Self::Id(id),
            None => Self::Class(text.to_owned()),
        }
    }
}

/// Who holds a target.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retainers {
    /// What was asked for, by its name.
    pub name: String,
    /// V8's id; `null` for a class.
    pub id: Option<u32>,
    /// How many objects: 1, or those of the class.
    pub count: u64,
    /// Bytes of the objects themselves.
    pub shallow: u64,
    /// Bytes that they retain.
    pub retained: u64,
    /// References from a root to the nearest.
    pub distance: Option<i32>,
    /// How many different paths there are; `paths` has the first of them.
    pub path_count: usize,
    /// The paths.
    pub paths: Vec<RetainingPath>,
}

/// A path, or several that are alike.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetainingPath {
    /// How many objects hold the target like this (or, of a class, are held like this).
    pub count: u64,
    /// Of a class, the bytes that those objects retain; of an object, what the whole object retains.
    pub retained: u64,
    /// One of them, from a root to the target.
    pub steps: Vec<Step>,
}
