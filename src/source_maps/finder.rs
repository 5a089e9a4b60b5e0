//! Where the map of a script is looked for: which files are opened, and which never.
//!
//! Beside the script itself, where it lies on this machine; or in folders that the caller names, by the end of the script's path. A comment at the end of
//! a script leads to its map, or has it in itself; without one, the map is beside the script. Nothing is ever taken from a network.

use std::path::{Path, PathBuf};

use memchr::memmem;

use super::mappings::base64;
use super::sources::{path_of, percent_decoded};
use crate::error::{ErrorKind, Result};

/// Where maps are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapsFrom {
    /// Beside the scripts, where they lie on this machine.
    Scripts,
    /// In these folders alone.
    Dirs(Vec<PathBuf>),
}

impl MapsFrom {
    /// These folders, or without any those of the scripts.
    pub fn of(dirs: Vec<String>) -> Self {
        if dirs.is_empty() { Self::Scripts } else { Self::Dirs(dirs.into_iter().map(Into::into).collect()) }
    }

    /// Whether folders that were named are there.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_OPTION` for the first that is not.
    pub fn check(&self) -> Result<()> {
        let Self::Dirs(dirs) = self else { return Ok(()) };
        let Some(missing) = dirs.iter().find(|dir| !dir.is_dir()) else { return Ok(()) };
        let reason = format!("must name folders that have source maps, and {} is none", missing.display());
        Err(ErrorKind::InvalidOption { option: "sourceMaps", reason }.into())
    }
}

/// So many folders of a script's path are tried below a named one.
const MOST_STEPS: usize = 24;
/// Longer names are no paths.
const LONGEST: usize = 4096;
const PACKAGES: &str = "node_modules";

/// The files that may be the script, the likeliest first.
pub(super) fn files(from: &MapsFrom, script: &str) -> Vec<PathBuf> {
    if script.len() > LONGEST || script.contains('\0') || script.starts_with("node:") || script.starts_with("data:") {
        return Vec::new();
    }
    let path = path_of(script);
    match from {
        MapsFrom::Scripts => {
            let is_url = script.contains("://") && !script.starts_with("file://");
            Some(PathBuf::from(path)).filter(|path| path.is_absolute() && !is_url).into_iter().collect()
        }
        MapsFrom::Dirs(dirs) => {
            let ends = ends(&path);
            dirs.iter().flat_map(|dir| ends.iter().map(|end| dir.join(end))).collect()
        }
    }
}

/// The ends of a path, the longest first. Files of packages have names that many have, so these begin with `node_modules`.
fn ends(path: &str) -> Vec<String> {
    let steps = steps(path);
    let known = steps.iter().rev().take_while(|step| !matches!(**step, "." | "..") && !step.contains(':')).count();
    let packages = in_packages(&steps);
    let lengths = (packages.max(1)..=known.min(packages.max(1) + MOST_STEPS)).rev();
    lengths.filter_map(|length| Some(steps.get(steps.len() - length..)?.join("/"))).collect()
}

/// How many steps of a path are of a package, with `node_modules`.
pub(super) fn in_packages(steps: &[&str]) -> usize {
    steps.iter().rposition(|step| *step == PACKAGES).map_or(0, |at| steps.len() - at)
}

pub(super) fn steps(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|step| !step.is_empty()).collect()
}

/// The last step of a path, or of a script's name.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The map that a script's text names in its last comment about one.
pub(super) fn comment(text: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b"sourceMappingURL=";
    let at = memmem::FinderRev::new(KEY).rfind_iter(text).find(|at| {
        let before = text.get(..*at).unwrap_or_default();
        [b"//# ", b"//@ ", b"/*# ", b"/*@ "].iter().any(|begin| before.ends_with(*begin))
    })?;
    let rest = text.get(at + KEY.len()..)?;
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let url = std::str::from_utf8(rest.get(..end)?).ok()?;
    Some(url.strip_suffix("*/").unwrap_or(url)).filter(|url| !url.is_empty())
}

/// The file that a comment of `script` leads to; a network is none.
pub(super) fn linked(script: &Path, url: &str) -> Option<PathBuf> {
    if url.len() > LONGEST || (url.contains("://") && !url.starts_with("file://")) || url.starts_with("//") {
        return None;
    }
    let path = if url.starts_with("file://") { path_of(url) } else { percent_decoded(url.split(['?', '#']).next()?) };
    (!path.contains('\0')).then(|| script.parent().map(|dir| dir.join(path))).flatten()
}

/// What a `data:` URL has in it.
pub(super) fn inline(url: &str) -> Option<std::result::Result<Vec<u8>, String>> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    Some(if head.ends_with(";base64") { from_base64(data) } else { Ok(percent_decoded(data).into_bytes()) })
}

fn from_base64(text: &str) -> std::result::Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in four {
            bits = bits << 6 | u32::from(base64(*digit)?);
        }
        bits <<= 6 * (4 - four.len());
        let [_, three @ ..] = bits.to_be_bytes();
        bytes.extend(three.iter().take(four.len() - 1));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_dirs(script: &str) -> Vec<String> {
        let found = files(&MapsFrom::Dirs(vec!["maps".into()]), script);
        found.iter().map(|file| file.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn looks_by_the_ends_of_paths_in_named_folders() {
        assert_eq!(in_dirs("/app/dist/main.js"), ["maps/app/dist/main.js", "maps/dist/main.js", "maps/main.js"]);
        assert_eq!(in_dirs("C:\\app\\main.js"), ["maps/app/main.js", "maps/main.js"]);
        assert_eq!(in_dirs("https://cdn.example/js/a.js?v=2"), ["maps/js/a.js", "maps/a.js"]);
        assert_eq!(in_dirs("/app/../../etc/a.js"), ["maps/etc/a.js", "maps/a.js"]);
        assert_eq!(in_dirs("/node_modules/a/index.js"), ["maps/node_modules/a/index.js"]);
        for nothing in ["node:fs", "", "/", "..", "a\0.js", "data:text/javascript,a", &"a/".repeat(3000)] {
            assert_eq!(in_dirs(nothing), [""; 0], "{nothing}");
        }
        assert_eq!(in_dirs(&"a/".repeat(2000)).len(), MOST_STEPS + 1);
    }

    #[cfg(unix)]
    #[test]
    fn looks_beside_scripts_that_are_files_here() {
        let own = |script| files(&MapsFrom::Scripts, script);
        assert_eq!(own("file:///a%20b/main.mjs?x=1"), [PathBuf::from("/a b/main.mjs")]);
        assert_eq!(own("/a/main.js"), [PathBuf::from("/a/main.js")]);
        for nothing in ["main.js", "[eval]", "node:fs", "https://cdn.example//a.js", "evalmachine.<anonymous>"] {
            assert!(own(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn finds_the_last_comment_and_what_it_leads_to() {
        let url = |text: &'static str| comment(text.as_bytes());
        assert_eq!(url("//# sourceMappingURL=a.map\nx()\n//# sourceMappingURL=b.map\n// end"), Some("b.map"));
        assert_eq!(url("x()\n//@ sourceMappingURL=b.map\r\n"), Some("b.map"));
        assert_eq!(url("/*# sourceMappingURL=b.map*/"), Some("b.map"));
        assert_eq!(url("const a = 'sourceMappingURL=b.map'"), None);
        assert_eq!(url("//# sourceMappingURL="), None);
        let file = |url| linked(Path::new("/app/dist/main.js"), url);
        assert_eq!(file("../maps/a%20b.map?x"), Some("/app/dist/../maps/a b.map".into()));
        assert_eq!(file("file:///maps/a.map"), Some("/maps/a.map".into()));
        for nothing in ["https://cdn.example/a.map", "//cdn.example/a.map", "ftp://x/a.map", "a%00"] {
            assert_eq!(file(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn reads_what_is_in_a_comment() {
        let text = |url| inline(url).map(|data| data.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        assert_eq!(text("data:application/json;charset=utf-8;base64,eyJhIjoxfQ=="), Some(Ok("{\"a\":1}".into())));
        assert_eq!(text("data:application/json,%7B%22a%22%3A1%7D"), Some(Ok("{\"a\":1}".into())));
        assert_eq!(text("data:;base64,YQ"), Some(Ok("a".into())));
        assert_eq!(text("data:;base64,YWI="), Some(Ok("ab".into())));
        assert!(text("data:;base64,Y?").is_some_and(|data| data.is_err()));
        assert_eq!((text("data:x"), text("a.map")), (None, None));
    }
}
