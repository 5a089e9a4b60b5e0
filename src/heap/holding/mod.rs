//! Who holds what.
//!
//! ```text
//! texts -> labels -> names -> places -> ways -> shortest -> dominance -> fold -> moves, dictionaries, groups, holders
//! ```
//!
//! * [`Places`] is a tree of steps, into which all objects of a heap are folded: 48,000 sessions are one place. Heaps that are compared
//!   are folded into the same tree. `names` says what a step is told apart by.
//! * [`Shortest`] folds the shortest ways from a root: how things are reached. [`Dominance`] folds the dominator tree: what would go
//!   with what. `dictionaries` then finds the keys that no step should be told apart by, and `moves` what is only held in another way;
//!   both `fold` places into others.
//! * [`Groups`] are places that are the same in all heaps, and whether there is more for each holder than before.
//!   Of one heap alone, `imagined` makes an earlier one, in which each holder had one of what it has many of.
//! * [`Alike`] says which of one heap's objects are at one place, where only a few are asked for.
//! * `ways` and `holders` say who holds a place; how that is written for people is [`words`](super::words).

mod alike;
mod dictionaries;
mod dominance;
mod edges;
mod fold;
mod groups;
mod holders;
mod imagined;
mod labels;
mod moves;
mod names;
mod places;
mod shortest;
mod texts;
mod ways;

pub(crate) use alike::Alike;
pub(crate) use dominance::{Dominance, Sum};
pub(crate) use groups::Groups;
pub(crate) use places::{Class, Held, Kind, TOP};
pub(crate) use shortest::Shortest;
pub(crate) use texts::{NO_TEXT, Texts};
