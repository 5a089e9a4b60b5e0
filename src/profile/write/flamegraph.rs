//! The page of a flame graph: what is given comes before and after, between them are the stacks as a tree in columns, as JSON in which no tag can
//! begin. lib/flame/page/data.js reads it.

use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::bounded::{Bounded, too_large};
use super::columns::Column;
use super::tree::{About, Callee, Tree};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::diff::in_base;
use crate::profile::model::{Profile, ValueType};
use crate::profile::origin::Origin;
use crate::profile::strings::Strings;

/// What the page is besides its data.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What comes before the data.
    pub head: &'a str,
    /// What comes after it.
    pub tail: &'a str,
}

/// What the page calls them, in its styles, too.
const ORIGINS: [(Option<Origin>, &str); 6] = [
    (Some(Origin::Own), "own"),
    (Some(Origin::Dependency), "dependency"),
    (Some(Origin::Node), "node"),
    (Some(Origin::Engine), "engine"),
    (Some(Origin::Idle), "idle"),
    (None, "smaller"),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    types: Vec<Type<'a>>,
    /// The place of the type that is shown at first.
    shown: usize,
    profile: Described<'a>,
    /// The earlier one.
    base: Option<Described<'a>>,
    strings: Vec<&'a str>,
    /// Whose functions are.
    origins: [&'static str; ORIGINS.len()],
    functions: Functions,
    tree: Columns,
    /// How many nodes were taken together, because there are so many.
    smaller: usize,
}

#[derive(Serialize)]
struct Type<'a> {
    name: &'a str,
    unit: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    samples: usize,
    time_nanos: i64,
    duration_nanos: i64,
    comments: &'a [String],
}

/// A column each; texts are places among the strings.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Functions {
    name: Vec<u32>,
    file: Vec<u32>,
    line: Vec<u32>,
    in_file: Vec<u32>,
    package: Vec<u32>,
    /// Places among [`ORIGINS`].
    origin: Vec<usize>,
}

/// Each node after its caller: from the node before it, how many levels up its caller is; what it is called by; what is its own, of each type.
#[derive(Serialize)]
struct Columns {
    up: String,
    function: String,
    own: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    base: Vec<String>,
}

/// The page. `value` is the place of the type that is shown at first; with an earlier profile as `base` its colours say what grew since then.
///
/// # Errors
/// `HEAPKIT_ERR_INVALID_OPTION` if `base` has no such values, `HEAPKIT_ERR_MEMORY` for more than 256 MiB, and what `check` fails with.
pub fn flamegraph(
    profile: &Profile,
    base: Option<&Profile>,
    value: usize,
    page: Page<'_>,
    check: Check<'_>,
) -> Result<Vec<u8>> {
    let kinds: Vec<(&ValueType, (usize, usize))> = match base {
        None => profile.types().iter().zip(0..).map(|(kind, our)| (kind, (our, our))).collect(),
        Some(base) => {
            // The one that is shown must be there, the others may be.
            profile.types().get(value).map(|kind| in_base(kind, value, base)).transpose()?;
            let both = profile.types().iter().zip(0..);
            both.filter_map(|(kind, our)| Some((kind, (our, in_base(kind, our, base).ok()?)))).collect()
        }
    };
    let places: Vec<_> = kinds.iter().map(|(_, places)| *places).collect();
    let tree = Tree::new(profile, base, &places, check)?;
    let mut strings = Strings::default();
    let (functions, columns) = columns(&tree, places.len(), &mut strings, check)?;
    let data = Data {
        types: kinds.iter().map(|(kind, _)| Type { name: &kind.name, unit: &kind.unit }).collect(),
        shown: places.iter().position(|(our, _)| *our == value).unwrap_or(0),
        profile: described(profile),
        base: base.map(described),
        strings: strings.all().collect(),
        origins: ORIGINS.map(|(_, name)| name),
        functions,
        tree: columns,
        smaller: tree.smaller,
    };
    let mut out = Bounded::default();
    let written = out
        .write_all(page.head.as_bytes())
        .and_then(|()| Ok(serde_json::to_writer(Embedded(&mut out), &data)?))
        .and_then(|()| out.write_all(page.tail.as_bytes()));
    written.map(|()| out.0).map_err(|_| too_large())
}

fn described(profile: &Profile) -> Described<'_> {
    Described {
        samples: profile.sample_count(),
        time_nanos: profile.time_nanos,
        duration_nanos: profile.duration_nanos,
        comments: &profile.comments,
    }
}

fn columns(tree: &Tree<'_>, types: usize, strings: &mut Strings, check: Check<'_>) -> Result<(Functions, Columns)> {
    let mut functions = Functions::default();
    let mut places: FxHashMap<Callee, u32> = FxHashMap::default();
    let (mut up, mut function) = (Column::default(), Column::default());
    let mut own: Vec<Column> = Vec::new();
    own.resize_with(tree.width, Column::default);
    let mut last = 0;
    tree.each(&mut |depth, callee, values| {
        check()?;
        up.push(u64::from(last + 1 - depth));
        last = depth;
        let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
        let place = *places.entry(callee).or_insert_with(|| {
            functions.push(&tree.about(callee), strings);
            next
        });
        function.push(place.into());
        own.iter_mut().zip(values).for_each(|(column, value)| column.push_signed(*value));
        Ok(())
    })?;
    let mut own: Vec<String> = own.iter().map(Column::base64).collect();
    let base = own.split_off(types.min(own.len()));
    Ok((functions, Columns { up: up.base64(), function: function.base64(), own, base }))
}

impl Functions {
    fn push(&mut self, about: &About<'_>, strings: &mut Strings) {
        self.name.push(strings.place(about.name));
        self.file.push(strings.place(about.file));
        self.line.push(about.line);
        self.in_file.push(strings.place(about.in_file));
        self.package.push(strings.place(about.package));
        let place = ORIGINS.iter().position(|(origin, _)| *origin == about.origin);
        self.origin.push(place.unwrap_or_default());
    }
}

/// JSON within a page: `<` is in its texts alone, and may not be there, because a tag could begin with it.
struct Embedded<W: Write>(W);

impl<W: Write> Write for Embedded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (part, at) in bytes.split(|byte| *byte == b'<').zip(0..) {
            if at > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
