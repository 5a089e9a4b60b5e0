//! What the targets share: how an input is understood ([`input`]), and snapshots built from bytes ([`shape`]).

pub mod input;
pub mod shape;
