//! Sources in the place of scripts, where source maps tell: the places of a graph, and the names of functions and classes.
//!
//! This is done before anything follows from the graph, so that all answers say the same.

mod added;
mod rewrite;

pub(crate) use rewrite::rewrite;
