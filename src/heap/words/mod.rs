//! Words shown to people: what to call a node, a reference, a path, a holder; numbers and places.
//!
//! The answers say everything with these, so that one thing has one name everywhere.

mod figures;
mod holders;
mod nodes;
mod references;
mod steps;

pub(crate) use figures::{location_text, percent, shortened, thousands};
pub(crate) use holders::{Holder, held_by, held_by_last};
pub(crate) use nodes::shown_name;
pub(crate) use references::{ANY, label_text};
pub(crate) use steps::pattern;
pub use steps::{Step, path_to};
