//! From a profile to the bytes of a file, a format each.

mod bounded;
mod columns;
mod flamegraph;
mod folded;
mod heapprofile;
mod pprof;
mod speedscope;
mod text;
mod tree;

use super::Check;
use super::model::Profile;
use crate::error::Result;

pub use flamegraph::{Page, flamegraph};

/// What a profile can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// V8's sampling heap profile.
    HeapProfile,
    /// pprof, compressed with gzip as its tools expect it.
    Pprof,
    /// The same without gzip, for whoever compresses it.
    Proto,
    /// A line a stack, for flame graph scripts.
    Folded,
    /// For speedscope.app.
    Speedscope,
    /// For people who look into it: a paragraph a stack.
    Text,
}

/// Who made the file, as it says of itself: `heapkit 1.2.3`.
#[derive(Debug, Clone, Copy)]
pub struct Maker<'a>(pub &'a str);

/// The file. `value` is the place of a type, where a format has room for one only.
///
/// # Errors
/// `HEAPKIT_ERR_MEMORY` for more than 256 MiB, and what `check` fails with.
pub fn write(profile: &Profile, format: Format, value: usize, maker: Maker<'_>, check: Check<'_>) -> Result<Vec<u8>> {
    match format {
        Format::HeapProfile => heapprofile::write(profile, value, check),
        Format::Pprof => pprof::write(profile, maker, check),
        Format::Proto => pprof::write_plain(profile, maker, check),
        Format::Folded => folded::write(profile, value, check),
        Format::Speedscope => speedscope::write(profile, maker, check),
        Format::Text => text::write(profile, check),
    }
}
