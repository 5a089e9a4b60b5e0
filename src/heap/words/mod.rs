//! Words shown to people: what to call a node, a reference, a path, a holder; numbers and places.
//!
//! The answers say everything with these, so that one thing has one name everywhere.

mod aliases;
mod code;
mod figures;
mod folding;
mod holders;
mod nodes;
mod references;
mod scripts;
mod shapes;
mod steps;
mod trails;

pub(crate) use aliases::{Aliases, is_short};
pub(crate) use code::Code;
pub(crate) use figures::{location_text, percent, shortened, thousands};
pub(crate) use holders::{Link, holder_text, way_text};
pub(crate) use nodes::{Nodes, shown_name};
pub(crate) use references::{ANY, key_text, label_text};
pub(crate) use scripts::{Origin, ScriptPlace, class_text, function_text};
pub(crate) use shapes::shape_text;
pub use steps::Step;
pub(crate) use trails::Trails;
