//! What a node of a tree of calls is called, and whose it is.

use crate::profile::handles::Text;
use crate::profile::model::FunctionRow;
use crate::profile::origin::{self, Origin};
use crate::profile::pair::Known;

/// What a node is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::profile::write) enum Callee {
    /// One of the functions of the pair.
    Function(u32),
    /// A thread, whose text is one of that profile.
    Thread(bool, Text),
    /// None: the sample has no stack.
    Nowhere,
    /// Several that are smaller than what is drawn.
    Smaller,
}

/// What a function is called, and whose it is.
pub(in crate::profile::write) struct About<'a> {
    pub(in crate::profile::write) name: &'a str,
    pub(in crate::profile::write) file: &'a str,
    pub(in crate::profile::write) line: u32,
    /// What it is counted as by file, and by package.
    pub(in crate::profile::write) in_file: &'a str,
    pub(in crate::profile::write) package: &'a str,
    /// None of several.
    pub(in crate::profile::write) origin: Option<Origin>,
}

pub(super) fn function<'a>((profile, row): &'a Known<'_>) -> About<'a> {
    let row: &FunctionRow = row;
    About {
        name: profile.name(row),
        file: profile.text(row.file),
        line: row.line,
        in_file: origin::file(profile, row),
        package: origin::package(profile, row),
        origin: Some(origin::origin(profile, row)),
    }
}
