//! Handles of nodes, edges and strings: ordinals, which are places in the file and not V8's object ids. Whoever is outside
//! of the crate gets them from a graph and cannot make any; one of another graph means nothing there.

/// A node's place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub(crate) u32);

/// An edge's place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge(pub(crate) u32);

/// A string's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(crate) u32);

/// What an edge is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// A property, a variable, a field of V8's.
    Named(Name),
    /// A place in an array.
    Index(u32),
}
