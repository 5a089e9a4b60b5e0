//! A directory, held open: what is done in it is done there, whatever becomes of its path meanwhile.
//!
//! All names are single components, so nothing here can leave the directory, and no link in it is followed.

#[cfg(unix)]
mod by_descriptor;
#[cfg(any(not(unix), test))]
#[cfg_attr(unix, allow(dead_code, reason = "only its tests need it here"))]
mod by_path;

use std::time::SystemTime;

#[cfg(unix)]
pub(super) use by_descriptor::Dir;
#[cfg(not(unix))]
pub(super) use by_path::Dir;

/// What is known of an entry.
pub(super) struct Meta {
    pub(super) is_file: bool,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

/// What every file system takes as a name, if it says nothing of it.
pub(super) const USUAL_NAME_BYTES: usize = 255;

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Write};

    use super::*;

    /// What both ways have in common.
    macro_rules! keeps_its_word {
        ($dir:ty) => {{
            let place = tempfile::tempdir().unwrap();
            let dir = <$dir>::open(place.path()).unwrap();
            assert_eq!((dir.path(), dir.current_path().unwrap().as_path()), (place.path(), place.path()));
            dir.create("a").unwrap().write_all(b"four").unwrap();
            assert_eq!(dir.create("a").unwrap_err().kind(), ErrorKind::AlreadyExists);
            fs::create_dir(place.path().join("d")).unwrap();
            std::os::unix::fs::symlink("a", place.path().join("l")).unwrap();
            let (file, link) = (dir.meta("a").unwrap(), dir.meta("l").unwrap());
            assert!(file.is_file && !link.is_file && !dir.meta("d").unwrap().is_file);
            assert_eq!(file.bytes, 4);
            assert_eq!(file.modified, fs::metadata(place.path().join("a")).unwrap().modified().unwrap());
            assert_eq!(dir.meta("none").err().unwrap().kind(), ErrorKind::NotFound);
            let mut names = dir.names(|name| name != "d").unwrap();
            names.sort();
            assert_eq!(names, ["a", "l"]);
            assert_eq!(dir.link_new("a", "l").unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(dir.rename_new("a", "l").unwrap_err().kind(), ErrorKind::AlreadyExists);
            dir.rename_new("a", "c").unwrap();
            assert_eq!(dir.meta("a").err().unwrap().kind(), ErrorKind::NotFound);
            dir.link_new("c", "b").unwrap();
            assert_eq!(fs::read(place.path().join("b")).unwrap(), b"four");
            dir.open_existing("b").unwrap();
            dir.remove("b").unwrap();
            dir.remove("l").unwrap();
            dir.sync().unwrap();
            assert_eq!(dir.names(|_| true).unwrap(), ["d"]);
            assert_eq!(dir.longest_name(), USUAL_NAME_BYTES);
            fs::write(place.path().join("f"), "").unwrap();
            for name in ["f", "f/below"] {
                assert_eq!(<$dir>::open(&place.path().join(name)).err().unwrap().kind(), ErrorKind::NotADirectory);
            }
            assert_eq!(<$dir>::open(&place.path().join("none")).err().unwrap().kind(), ErrorKind::NotFound);
        }};
    }

    #[test]
    fn by_descriptor_and_by_path_it_is_the_same() {
        keeps_its_word!(by_descriptor::Dir);
        keeps_its_word!(by_path::Dir);
    }

    #[test]
    fn a_directory_that_was_renamed_is_known_by_its_new_name_and_one_that_was_removed_by_none() {
        let place = tempfile::tempdir().unwrap();
        let (before, after) = (place.path().join("before"), place.path().join("after"));
        fs::create_dir(&before).unwrap();
        let dir = Dir::open(&before).unwrap();
        fs::rename(&before, &after).unwrap();
        fs::create_dir(&before).unwrap();
        assert_eq!(dir.current_path().unwrap(), after);
        fs::remove_dir(&after).unwrap();
        assert!(dir.current_path().is_none());
        assert_eq!(dir.create("a").unwrap_err().kind(), ErrorKind::NotFound);
    }
}
