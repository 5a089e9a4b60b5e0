//! Places in source code.

/// Where in the sources an object's constructor (or a function) is defined. V8 counts lines and columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as V8 calls them")]
pub struct Location {
    pub script: u32,
    pub line: u32,
    pub column: u32,
}
