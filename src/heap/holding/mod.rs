//! Who holds what.
//!
//! `positions` folds the shortest paths of all objects into one tree, `labels` says what a position is told apart by, and
//! `groups` finds the positions that are the same in every snapshot. How a holder is named for people is
//! [`words`](super::words).

mod groups;
mod labels;
mod positions;
mod texts;

pub(crate) use groups::{Groups, TOP_GROUP, at};
pub(crate) use positions::Positions;
pub(crate) use texts::Texts;
