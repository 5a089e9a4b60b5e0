//! Whose a function is: the application's own, a package's, Node's or V8's. Whoever tells them apart asks here.

use super::model::{FunctionRow, Profile};

/// Nothing was running.
pub(super) const IDLE: &str = "(idle)";

const MODULES: &str = "node_modules/";

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The application's.
    Own,
    /// A package's from `node_modules`.
    Dependency,
    /// Node's own modules.
    Node,
    /// V8, its compilers and collector, and native code.
    Engine,
    /// Nobody's.
    Idle,
}

pub(super) fn origin(profile: &Profile, function: &FunctionRow) -> Origin {
    match profile.text(function.file) {
        "" if profile.name(function) == IDLE => Origin::Idle,
        "" => Origin::Engine,
        file if file.starts_with("node:") => Origin::Node,
        file if file.contains(MODULES) => Origin::Dependency,
        _ => Origin::Own,
    }
}

/// What is in no file is V8's own, or Node's: `(garbage collector)`, `writeBuffer`.
pub(super) fn file<'a>(profile: &'a Profile, function: &FunctionRow) -> &'a str {
    match profile.text(function.file) {
        "" if profile.text(function.name).starts_with('(') => profile.name(function),
        "" => "(native)",
        file => file,
    }
}

pub(super) fn package<'a>(profile: &'a Profile, function: &FunctionRow) -> &'a str {
    match origin(profile, function) {
        Origin::Own => "(own code)",
        Origin::Node => "(Node.js)",
        Origin::Engine => "(V8 and native code)",
        Origin::Idle => IDLE,
        Origin::Dependency => {
            let file = profile.text(function.file);
            let rest = file.rsplit_once(MODULES).map_or(file, |(_, rest)| rest);
            let parts = if rest.starts_with('@') { 2 } else { 1 };
            let end = rest.match_indices('/').nth(parts - 1).map_or(rest.len(), |(at, _)| at);
            rest.get(..end).unwrap_or(rest)
        }
    }
}
