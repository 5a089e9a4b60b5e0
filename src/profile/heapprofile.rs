//! The words of V8's `.heapprofile` that reader and writer share.

/// What V8 calls the root of all.
pub(super) const ROOT: &str = "(root)";
/// What the bytes are where nothing is said.
pub(super) const ALIVE: &str = "inuse_space";
/// The key of heapkit's own: what the bytes are, in the words of pprof.
pub(super) const VALUE: &str = "valueType";
