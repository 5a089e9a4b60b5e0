//! Who holds what.

mod groups;
mod labels;
mod positions;
mod texts;

pub(crate) use groups::{Groups, TOP_GROUP, at};
pub(crate) use positions::Positions;
pub(crate) use texts::Texts;
