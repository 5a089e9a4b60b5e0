//! Source maps: where a place in a script that was compiled, bundled or minified is from, and what is called there.
//!
//! `finder` says which files may be the map of a script (and `owners` of which script), `files` reads them from a `disk` (of which a service is `patient`), `read` (with `mappings`, `map` and `sources`) makes sense of
//! them, `names` finds in a script's `text` where a function or a class has its name, and `variables` where a scope declares its variables:
//! there maps have the original names. `by_source` finds names where that text is not at hand, and `mapped` is what is asked.
//!
//! A map that is missing, broken, too large or another script's leaves the places of that script as they are, and the reason is kept. Nothing
//! here is read from a network, and nothing but plain files is read at all. It takes time, so it is for threads of heapkit's own.

mod by_source;
mod disk;
mod files;
mod finder;
mod map;
mod mapped;
mod mappings;
mod names;
mod owners;
mod patient;
mod read;
mod sources;
mod text;
mod variables;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

pub use disk::{Disk, Found, Plain};
pub use finder::MapsFrom;
use map::Map;
pub use mapped::{Mapped, Original};
use owners::Owners;
pub use patient::Patient;
pub(crate) use sources::percent_bytes;

/// Maps and scripts together take so much memory at most, as long as one alone does not take more.
const HELD_BYTES: usize = if cfg!(test) { 256 } else { 256 << 20 };
/// What reading a map takes at its peak, for each byte of it.
const BYTES_EACH: u64 = 4;
/// So many bytes of scripts are looked through for variables, which takes some seconds; functions are in functions.
const MOST_SCANNED: usize = 1 << 30;
/// So many that were passed over are told.
const MOST_TOLD: usize = 100;

/// A map, or a script, that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// The file.
    pub path: String,
    /// What is wrong with it: the end of a sentence.
    pub reason: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MapsUsed {
    /// How many scripts a map was found for.
    pub scripts: usize,
    /// What was passed over, at most 100 files.
    pub passed_over: Vec<PassedOver>,
}

/// Finds maps, and remembers them.
pub struct SourceMaps<'a> {
    from: &'a MapsFrom,
    disk: &'a dyn Disk,
    /// Whether there is memory for so many bytes more.
    has_room: &'a dyn Fn(u64) -> bool,
    /// Which of the scripts a file in a named folder is of.
    owners: Owners,
    known: HashMap<String, Option<Mapped>>,
    /// Scripts that have a map, which may be held no longer.
    found: HashSet<String>,
    held: usize,
    /// Bytes of scripts that were looked through for variables.
    scanned: usize,
    used: MapsUsed,
}

/// What is wanted of a map.
#[derive(Clone, Copy)]
struct Wanted<'s> {
    script: &'s str,
    /// It has only its name in common with the script, so it must not say that it is another's.
    by_name: bool,
    /// With the texts of the sources.
    contents: bool,
}

impl<'a> SourceMaps<'a> {
    /// Looks there, for the maps of these scripts, as long as `has_room` says that there is memory for so many bytes.
    pub fn new(from: &'a MapsFrom, disk: &'a dyn Disk, scripts: &[String], has_room: &'a dyn Fn(u64) -> bool) -> Self {
        let (owners, used) = (Owners::new(scripts), MapsUsed::default());
        let (known, found) = Default::default();
        let mut maps = Self { from, disk, has_room, owners, known, found, held: 0, scanned: 0, used };
        if let MapsFrom::Dirs(dirs) = from {
            for dir in dirs {
                let is_folder = disk.look(dir) == Some(Found::Folder) || disk.gave_up().is_some();
                maps.told(dir, if is_folder { Ok(()) } else { Err("is no folder".into()) });
            }
        }
        maps
    }

    /// What was found so far.
    pub fn used(mut self) -> MapsUsed {
        self.used.scripts = self.found.len();
        self.used.passed_over.extend(self.disk.gave_up());
        self.used
    }

    /// Where a place of a script is from, its line and column from 0; and what the function or class that begins there, which is called `name`
    /// in the script, is called in its source.
    pub fn original(&mut self, script: &str, line: u32, column: u32, name: &str) -> Option<Original> {
        self.mapped(script)?.original(line, column, name)
    }

    /// The source and the line of what begins first in a line of a script; both lines from 0.
    pub fn line(&mut self, script: &str, line: u32) -> Option<(Arc<str>, u32)> {
        self.mapped(script)?.line(line)
    }

    /// What variables are called in their source, by what they are called in the script: those of the function that begins at a line and column,
    /// or of the whole script. It takes the script's text.
    pub fn variables(&mut self, script: &str, function: Option<(u32, u32)>) -> HashMap<String, String> {
        if self.scanned > MOST_SCANNED {
            return HashMap::new();
        }
        let (names, length) = self.mapped(script).map(|mapped| mapped.variables(function)).unwrap_or_default();
        self.scanned = self.scanned.saturating_add(length);
        names
    }

    fn mapped(&mut self, script: &str) -> Option<&Mapped> {
        if !self.known.contains_key(script) {
            let found = self.find(script);
            self.keep(script, found);
        }
        self.known.get(script)?.as_ref()
    }

    fn keep(&mut self, script: &str, found: Option<Mapped>) {
        let bytes = found.as_ref().map_or(0, Mapped::bytes);
        if self.held + bytes > HELD_BYTES {
            self.known.clear();
            self.held = 0;
        }
        self.held += bytes;
        if found.is_some() {
            self.found.insert(script.to_owned());
        }
        self.known.insert(script.to_owned(), found);
    }

    fn find(&mut self, script: &str) -> Option<Mapped> {
        let files = finder::files(self.from, script);
        let mut of_file = |file: &PathBuf| if self.is_of(file, script) { self.beside(file, script) } else { None };
        files.iter().find_map(&mut of_file)
    }

    /// Whether a file in a named folder is this script's. Of a script that lies here, it is.
    fn is_of(&mut self, file: &Path, script: &str) -> bool {
        if *self.from == MapsFrom::Scripts {
            return true;
        }
        if self.disk.look(file).is_none() && self.disk.look(&with_map(file)).is_none() {
            return false;
        }
        let is_own = self.owners.is_of(file, script);
        self.told(file, is_own).unwrap_or(false)
    }

    /// The map of the script that is this file, or would be.
    fn beside(&mut self, file: &Path, script: &str) -> Option<Mapped> {
        let text = self.read(file);
        let named = Wanted { script, by_name: false, contents: text.is_none() };
        let comment = text.as_deref().and_then(finder::comment);
        let map = match comment.and_then(finder::inline) {
            Some(json) => self.told(file, json).and_then(|json| self.parse(file, &json, named)),
            None => {
                let linked = comment.and_then(|url| finder::linked(file, url));
                let linked = linked.and_then(|path| self.read_map(&path, named));
                linked.or_else(|| self.read_map(&with_map(file), Wanted { by_name: true, ..named }))
            }
        }?;
        Some(Mapped::new(map, text))
    }

    fn read_map(&mut self, path: &Path, wanted: Wanted<'_>) -> Option<Map> {
        let json = self.read(path)?;
        self.parse(path, &json, wanted)
    }

    fn parse(&mut self, path: &Path, json: &[u8], wanted: Wanted<'_>) -> Option<Map> {
        let Wanted { script, by_name, contents } = wanted;
        let parsed = read::parse(json, script, contents).and_then(|(map, file)| {
            match file.as_deref().filter(|_| by_name).map(finder::base_name) {
                Some(other) if other != finder::base_name(&sources::path_of(script)) => {
                    Err(format!("is the map of {other}"))
                }
                _ => Ok(map),
            }
        });
        self.told(path, parsed)
    }

    fn read(&mut self, path: &Path) -> Option<Vec<u8>> {
        let size = if let Some(Found::Bytes(size)) = self.disk.look(path) { size } else { 0 };
        let read = match files::too_large(size) {
            Ok(()) if !(self.has_room)(size.saturating_mul(BYTES_EACH)) => {
                Err("was not read: there is not enough memory".into())
            }
            _ => self.disk.read(path),
        };
        self.told(path, read).flatten()
    }

    fn told<T>(&mut self, path: &Path, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|reason| {
                let about = PassedOver { path: path.to_string_lossy().into_owned(), reason };
                if self.used.passed_over.len() < MOST_TOLD && !self.used.passed_over.contains(&about) {
                    self.used.passed_over.push(about);
                }
            })
            .ok()
    }
}

/// `main.js.map` beside `main.js`.
fn with_map(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".map");
    name.into()
}
