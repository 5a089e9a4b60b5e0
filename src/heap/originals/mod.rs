//! Sources in the place of scripts, where source maps tell: the places of a graph, and the names of functions, classes
//! and variables.
//!
//! This is done before anything follows from the graph, so that all answers say the same.

mod added;
mod rewrite;
mod variables;

pub(crate) use rewrite::rewrite;
