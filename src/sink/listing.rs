//! A directory as it was read once: how much is in it, and its artifacts a page at a time.
//!
//! Pages go by the names: newest first by date, time, process, thread and sequence number. A name says by itself where it
//! belongs, so a page can begin after one whose file is gone by now, and files that come or go between two pages make none
//! of the others appear twice or not at all.

use std::path::Path;
use std::{fs, io};

use super::name::ArtifactName;
use super::quota::{Listed, bytes_of, list};
use crate::error::{Error, Result};

/// Whether there is something called `name` in `dir`.
pub fn is_there(dir: &Path, name: &str) -> Result<bool> {
    let path = dir.join(name);
    match fs::symlink_metadata(&path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("lstat", path, error)),
    }
}

/// The artifacts of a directory, newest first.
#[derive(Debug)]
pub struct Listing {
    newest_first: Vec<Listed>,
    bytes: u64,
}

/// Some artifacts of a [`Listing`].
#[derive(Debug)]
pub struct Page<'a> {
    /// In the order of the listing.
    pub artifacts: &'a [Listed],
    /// Whether others come behind them.
    pub has_more: bool,
}

impl Listing {
    /// Reads `dir`.
    pub fn read(dir: &Path) -> Result<Self> {
        let mut newest_first = list(dir)?;
        newest_first.sort_by(|a, b| place(&b.name, file_name(b)).cmp(&place(&a.name, file_name(a))));
        Ok(Self { bytes: bytes_of(&newest_first), newest_first })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.newest_first.len()
    }

    /// Their size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// At most `limit` of those that come behind `after`, or of all. What is no artifact's name has nothing behind it.
    pub fn page(&self, after: Option<&str>, limit: usize) -> Page<'_> {
        let start = match after {
            None => 0,
            Some(text) => ArtifactName::parse(text).map_or(self.count(), |name| {
                self.newest_first.partition_point(|one| place(&one.name, file_name(one)) >= place(&name, text))
            }),
        };
        let rest = self.newest_first.get(start..).unwrap_or_default();
        Page { artifacts: rest.get(..limit).unwrap_or(rest), has_more: rest.len() > limit }
    }
}

/// Where a name belongs. The text itself decides between names that differ in leading zeros, or in the kind of capture.
fn place<'a>(name: &'a ArtifactName, text: &'a str) -> (&'a str, &'a str, u32, u64, u32, &'a str) {
    (&name.date, &name.time, name.pid, name.thread_id, name.sequence, text)
}

fn file_name(listed: &Listed) -> &str {
    listed.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const OLDEST_FIRST: [&str; 7] = [
        "Heap.20251231.235959.9999.0.001.heapsnapshot",
        "CPU.20260101.000000.7.0.001.cpuprofile.gz",
        "CPU.20260101.000000.7.0.0001.cpuprofile.gz",
        "Heap.20260101.000000.7.0.0001.heapsnapshot.gz",
        "Heap.20260101.000000.7.0.1000.heapsnapshot.gz",
        "Heap.20260101.000000.7.1.002.heapsnapshot.gz",
        "Heap.20260101.000000.10.0.001.heapsnapshot.gz",
    ];

    fn names<'a>(page: &Page<'a>) -> Vec<&'a str> {
        page.artifacts.iter().map(file_name).collect()
    }

    fn newest_first() -> Vec<&'static str> {
        let mut names = OLDEST_FIRST.to_vec();
        names.swap(1, 2);
        names.reverse();
        names
    }

    #[test]
    fn pages_add_up_to_the_whole_whatever_their_size() {
        let dir = tempfile::tempdir().unwrap();
        for name in OLDEST_FIRST {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let listing = Listing::read(dir.path()).unwrap();
        assert_eq!(listing.count(), 7);
        assert_eq!(listing.bytes(), OLDEST_FIRST.iter().map(|name| name.len() as u64).sum::<u64>());
        for limit in 1..9 {
            let mut all = Vec::new();
            loop {
                let page = listing.page(all.last().copied(), limit);
                all.extend(names(&page));
                if !page.has_more {
                    break;
                }
            }
            assert_eq!(all, newest_first(), "{limit} a page");
        }
        assert!(listing.page(Some("../etc/passwd"), 10).artifacts.is_empty());
    }

    #[test]
    fn a_page_begins_after_a_name_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        for name in [OLDEST_FIRST[0], OLDEST_FIRST[6]] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let listing = Listing::read(dir.path()).unwrap();
        assert_eq!(names(&listing.page(Some(OLDEST_FIRST[4]), 10)), [OLDEST_FIRST[0]]);
        assert_eq!(names(&listing.page(Some("Heap.20990101.000000.1.0.001.heapsnapshot"), 1)), [OLDEST_FIRST[6]]);
        assert!(listing.page(Some("Heap.20000101.000000.1.0.001.heapsnapshot"), 10).artifacts.is_empty());
    }
}
