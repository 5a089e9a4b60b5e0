//! Who holds what.

mod groups;
mod positions;

pub(crate) use groups::{Groups, TOP_GROUP, at};
pub(crate) use positions::{Holders, Texts};
