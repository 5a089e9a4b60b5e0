//! The discipline of files, and quotas, on a real disk.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod captures;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use captures::{abort, finish, plan};
use heapkit::sink::{
    ArtifactName, Codec, Committed, FileName, FileTarget, FreeBytes, Overflow, Pipe, Plan, Quota, Sink, Target, Writer,
    list, sweep,
};
use heapkit::{Error, ErrorKind, Result};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

const PREFIX: &str = "Heap.20261120.213000.4242.0";
const OWNER: u64 = 1;

fn plenty(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

/// A volume of `capacity` bytes, on which nothing takes room but files of this directory.
fn free_of(dir: &Path, capacity: u64) -> io::Result<u64> {
    let used: u64 = fs::read_dir(dir)?.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    Ok(capacity.saturating_sub(used))
}

fn ten_thousand(dir: &Path) -> io::Result<u64> {
    free_of(dir, 10_000)
}

fn exact(name: &str) -> FileName {
    FileName::Exact(name.to_owned())
}

fn generated() -> FileName {
    FileName::Generated { prefix: PREFIX.to_owned(), extension: String::from("heapsnapshot") }
}

fn target(dir: &Path, name: FileName, quota: Quota, free_bytes: FreeBytes) -> FileTarget {
    FileTarget { dir: dir.to_owned(), name, quota, free_bytes }
}

fn try_begin(sink: &Sink, target: FileTarget) -> Result<Writer> {
    captures::try_begin(sink, Plan { owner: OWNER, ..plan(target) })
}

fn begin(sink: &Sink, dir: &Path, name: FileName) -> Writer {
    try_begin(sink, target(dir, name, Quota::default(), plenty)).unwrap()
}

/// A whole capture of `bytes` bytes.
fn capture(sink: &Sink, target: FileTarget, bytes: usize) -> Result<PathBuf> {
    let writer = try_begin(sink, target)?;
    writer.write(&vec![b'x'; bytes]);
    finish(&writer).map(|written| written.path.unwrap())
}

/// Waits until what was dropped or given up is gone.
fn settle(sink: &Sink) {
    sink.abandon(OWNER, Duration::from_secs(60));
}

fn ls(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The one temporary in `dir`.
fn temporary(dir: &Path) -> PathBuf {
    let names: Vec<_> = ls(dir).into_iter().filter(|name| name.ends_with(".partial")).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    dir.join(&names[0])
}

/// The final name that the temporary is for.
fn final_name(temporary: &Path) -> PathBuf {
    let name = temporary.to_str().unwrap().strip_suffix(".partial").unwrap();
    PathBuf::from(name.rsplit_once('.').unwrap().0)
}

/// An artifact that is there already: the `index`th, `age` seconds old.
fn plant(dir: &Path, index: usize, bytes: usize, age: u64) -> String {
    let name = format!("Heap.20250101.000000.1.0.{index:03}.heapprofile.gz");
    plant_file(&dir.join(&name), bytes, age);
    name
}

fn plant_file(path: &Path, bytes: usize, age: u64) {
    fs::write(path, vec![b'o'; bytes]).unwrap();
    let modified = SystemTime::now() - Duration::from_secs(age);
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

fn numbers_in(error: &Error, numbers: &[&str]) {
    for number in numbers {
        assert!(error.to_string().contains(number), "no {number} in: {error}");
    }
}

fn is_no_space(error: &Error, numbers: &[&str]) {
    assert_eq!(error.code(), "HEAPKIT_ERR_NO_SPACE", "{error}");
    numbers_in(error, numbers);
}

// Whole or absent.

#[test]
fn a_file_has_its_name_only_when_it_is_whole() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let writer = begin(&sink, dir.path(), exact("a"));
    let partial = temporary(dir.path());
    assert_eq!(ls(dir.path()).len(), 1);
    assert_eq!(final_name(&partial), dir.path().join("a"));
    assert_eq!(mode(&partial), 0o600);
    assert!(writer.write(b"whole"));
    assert!(!dir.path().join("a").exists());
    let written = finish(&writer).unwrap();
    assert_eq!(written.path.unwrap(), dir.path().join("a"));
    assert_eq!(ls(dir.path()), ["a"]);
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"whole");
    assert_eq!(mode(&dir.path().join("a")), 0o600);
}

#[test]
fn every_codec_reaches_the_disk() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let text = "a heap snapshot repeats itself ".repeat(100_000);
    for (name, codec) in [("n", Codec::None), ("g", Codec::Gzip(3)), ("z", Codec::Zstd(3)), ("z19", Codec::Zstd(19))] {
        let target = target(dir.path(), exact(name), Quota::default(), plenty);
        let writer = captures::begin(&sink, Plan { codec, ..plan(target) });
        assert!(writer.write(text.as_bytes()));
        let written = finish(&writer).unwrap();
        let packed = fs::read(written.path.unwrap()).unwrap();
        assert_eq!((written.bytes, written.raw_bytes), (packed.len() as u64, text.len() as u64));
        let unpacked = match codec {
            Codec::None => packed,
            Codec::Gzip(_) => io::read_to_string(flate2::read::GzDecoder::new(&packed[..])).unwrap().into_bytes(),
            Codec::Zstd(_) => zstd::decode_all(&packed[..]).unwrap(),
        };
        assert!(unpacked == text.as_bytes(), "{codec:?}");
    }
}

#[test]
fn a_missing_directory_is_made_for_the_user_alone() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let deep = dir.path().join("one/two");
    capture(&sink, target(&deep, generated(), Quota::default(), plenty), 1).unwrap();
    assert_eq!((mode(&deep), mode(&dir.path().join("one"))), (0o700, 0o700));
    // One that is there stays as it is.
    fs::set_permissions(&deep, fs::Permissions::from_mode(0o755)).unwrap();
    capture(&sink, target(&deep, generated(), Quota::default(), plenty), 1).unwrap();
    assert_eq!(mode(&deep), 0o755);
}

#[test]
fn a_directory_behind_a_link_will_do() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    fs::create_dir(dir.path().join("real")).unwrap();
    symlink("real", dir.path().join("link")).unwrap();
    let path = capture(&sink, target(&dir.path().join("link"), exact("a"), Quota::default(), plenty), 1).unwrap();
    assert_eq!(path, dir.path().join("link/a"));
    assert_eq!(ls(&dir.path().join("real")), ["a"]);
}

#[test]
fn a_capture_that_is_given_up_leaves_nothing() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    // Aborted.
    let writer = begin(&sink, dir.path(), generated());
    assert!(writer.write(b"x"));
    temporary(dir.path());
    abort(&writer).recv().unwrap().unwrap();
    assert_eq!(ls(dir.path()), [""; 0]);
    // Dropped.
    let writer = begin(&sink, dir.path(), generated());
    assert!(writer.write(b"x"));
    temporary(dir.path());
    drop(writer);
    settle(&sink);
    assert_eq!(ls(dir.path()), [""; 0]);
    // Its owner ended.
    let writer = begin(&sink, dir.path(), generated());
    assert!(writer.write(b"x"));
    settle(&sink);
    assert_eq!(ls(dir.path()), [""; 0]);
    assert!(finish(&writer).is_err());
}

#[test]
fn a_capture_that_fails_leaves_nothing() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let writer = begin(&sink, dir.path(), generated());
    assert!(writer.write(b"x"));
    // The temporary is taken away: the rename cannot work.
    fs::remove_file(temporary(dir.path())).unwrap();
    let error = finish(&writer).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_IO");
    assert!(error.to_string().starts_with("Cannot rename "), "{error}");
    assert_eq!(ls(dir.path()), [""; 0]);
    // The directory is taken away.
    let gone = dir.path().join("gone");
    let writer = begin(&sink, &gone, generated());
    fs::remove_dir_all(&gone).unwrap();
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_IO");
    assert!(!gone.exists());
    capture(&sink, target(&gone, exact("next"), Quota::default(), plenty), 1).unwrap();
    assert_eq!(ls(&gone), ["next"]);
}

/// A disk may hang when a capture is complete; when it comes back the capture is reported as failed, and something else may have the name.
#[test]
fn an_artifact_that_came_too_late_is_taken_away_and_nothing_else_is() {
    let dir = tempdir().unwrap();
    let complete = || {
        let mut output = Box::new(target(dir.path(), exact("a"), Quota::default(), plenty)).open().unwrap();
        io::Write::write_all(&mut output, b"late").unwrap();
        output.commit(&|| true).unwrap()
    };
    complete().withdraw.unwrap()();
    assert_eq!(ls(dir.path()), [""; 0]);
    let Committed { path, withdraw } = complete();
    let path = path.unwrap();
    fs::rename(&path, dir.path().join("moved")).unwrap();
    fs::write(&path, "somebody's").unwrap();
    withdraw.unwrap()();
    assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    assert_eq!(fs::read(dir.path().join("moved")).unwrap(), b"late");
}

#[test]
fn a_directory_that_is_renamed_meanwhile_has_the_artifact_and_its_path_says_where() {
    let (sink, outer) = (Sink::default(), tempdir().unwrap());
    let (before, after) = (outer.path().join("before"), outer.path().join("after"));
    let quota = Quota { max_files: Some(1), min_free_bytes: Some(1), ..Quota::default() };
    let free: FreeBytes = |dir| fs::metadata(dir).map(|_| 1 << 30);
    for name in [exact("a"), generated()] {
        let writer = try_begin(&sink, target(&before, name, quota.clone(), free)).unwrap();
        assert!(writer.write(&vec![0; 9 << 20]));
        fs::rename(&before, &after).unwrap();
        // Somebody else's, in the place where it was.
        fs::create_dir(&before).unwrap();
        let others = [plant(&before, 1, 10, 1000), plant(&before, 2, 10, 900)];
        let path = finish(&writer).unwrap().path.unwrap();
        assert_eq!(path.parent().unwrap(), after);
        assert_eq!(fs::metadata(&path).unwrap().len(), 9 << 20);
        assert_eq!(ls(&after).len(), 1);
        holds(&before, &others, None);
        fs::remove_dir_all(&after).unwrap();
        fs::remove_dir_all(&before).unwrap();
    }
    // One that comes to nothing.
    let writer = begin(&sink, &before, generated());
    assert!(writer.write(b"x"));
    fs::rename(&before, &after).unwrap();
    drop(writer);
    settle(&sink);
    assert_eq!(ls(outer.path()), ["after"]);
    assert_eq!(ls(&after), [""; 0]);
}

#[test]
fn a_directory_that_is_removed_meanwhile_is_an_error_and_nothing_is_left() {
    let (sink, outer) = (Sink::default(), tempdir().unwrap());
    let dir = outer.path().join("dir");
    let writer = begin(&sink, &dir, exact("a"));
    assert!(writer.write(b"x"));
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_IO");
    assert_eq!(ls(&dir), [""; 0]);
}

#[test]
fn a_name_that_is_too_long_is_found_out_before_the_capture() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let longest = "n".repeat(255);
    assert_eq!(
        capture(&sink, target(dir.path(), exact(&longest), Quota::default(), plenty), 1).unwrap(),
        dir.path().join(&longest)
    );
    let error = try_begin(&sink, target(dir.path(), exact(&"n".repeat(256)), Quota::default(), plenty)).err().unwrap();
    assert!(
        matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::InvalidFilename),
        "{error}"
    );
    assert_eq!(ls(dir.path()), [longest]);
}

// Volumes that cannot do everything, as a filter of system calls makes them.

#[cfg(target_os = "linux")]
mod lacking {
    use std::collections::BTreeMap;

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    use super::*;

    /// Does `work` on a thread where these system calls fail; threads that it starts are like it.
    fn without(calls: &[(i64, i32)], work: impl FnOnce() + Send) {
        let arch: TargetArch = std::env::consts::ARCH.try_into().unwrap();
        std::thread::scope(|scope| {
            let work = scope.spawn(move || {
                for (call, errno) in calls {
                    let rules = BTreeMap::from([(*call, Vec::new())]);
                    let answer = SeccompAction::Errno(errno.cast_unsigned());
                    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).unwrap();
                    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
                }
                work();
            });
            work.join().unwrap();
        });
    }

    #[test]
    fn a_volume_without_the_flag_is_used_with_links() {
        for errno in [libc::EINVAL, libc::ENOSYS, libc::EOPNOTSUPP, libc::EPERM] {
            without(&[(libc::SYS_renameat2, errno)], || {
                let (sink, dir) = (Sink::default(), tempdir().unwrap());
                capture(&sink, target(dir.path(), exact("a"), Quota::default(), plenty), 5).unwrap();
                let again = capture(&sink, target(dir.path(), exact("a"), Quota::default(), plenty), 6).unwrap_err();
                assert_eq!(again.code(), "HEAPKIT_ERR_EXISTS");
                assert_eq!(ls(dir.path()), ["a"]);
                assert_eq!(fs::metadata(dir.path().join("a")).unwrap().len(), 5);
            });
        }
    }

    #[test]
    fn a_volume_without_either_is_refused_before_the_capture_and_says_what_it_lacks() {
        for errno in [libc::EPERM, libc::EOPNOTSUPP, libc::ENOSYS] {
            without(&[(libc::SYS_renameat2, libc::EINVAL), (libc::SYS_linkat, errno)], || {
                let (sink, dir) = (Sink::default(), tempdir().unwrap());
                let error = try_begin(&sink, target(dir.path(), generated(), Quota::default(), plenty)).err().unwrap();
                assert_eq!(error.code(), "HEAPKIT_ERR_UNSUPPORTED");
                numbers_in(&error, &["RENAME_NOREPLACE", "hard links", dir.path().to_str().unwrap(), "choose a `dir`"]);
                assert_eq!(ls(dir.path()), [""; 0]);
            });
        }
    }

    /// What was opened for the rest of a stream would keep its space on the disk for as long as the service keeps the stream.
    #[test]
    fn a_stream_whose_rest_has_no_room_leaves_no_file_open() {
        let dir = tempdir().unwrap();
        let open = || {
            let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
            open.filter(|path| path.starts_with(dir.path())).count()
        };
        without(&[(libc::SYS_write, libc::ENOSPC)], || {
            let (sink, pipe) = (Sink::default(), Pipe::new(Overflow::Spool(dir.path().into())));
            let stream = captures::begin(&sink, captures::to_stream(&pipe));
            while stream.write(&[0; 1 << 20]) {}
            is_no_space(&finish(&stream).unwrap_err(), &["4194304 bytes", "in a temporary file"]);
            captures::until(|| stream.thread().is_none());
            assert_eq!(open(), 0);
        });
    }

    #[test]
    fn what_cannot_be_removed_stops_no_capture() {
        let bounds = [
            Quota { max_files: Some(1), ..Quota::default() },
            Quota { max_bytes: Some(1500), ..Quota::default() },
            Quota { max_age: Some(Duration::from_secs(1)), ..Quota::default() },
        ];
        for quota in bounds {
            let dir = tempdir().unwrap();
            let old = [plant(dir.path(), 1, 1000, 2000), plant(dir.path(), 2, 1000, 1000)];
            without(&[(libc::SYS_unlinkat, libc::EPERM)], || {
                let new =
                    capture(&Sink::default(), target(dir.path(), generated(), quota.clone(), plenty), 10).unwrap();
                holds(dir.path(), &old, Some(&new));
            });
        }
    }

    #[test]
    fn what_cannot_be_removed_is_named_where_room_is_short() {
        let dir = tempdir().unwrap();
        let old = plant(dir.path(), 1, 5000, 1000);
        without(&[(libc::SYS_unlinkat, libc::EPERM)], || {
            let quota = Quota { min_free_bytes: Some(6000), max_files: Some(9), ..Quota::default() };
            let error =
                capture(&Sink::default(), target(dir.path(), generated(), quota, ten_thousand), 10).unwrap_err();
            is_no_space(&error, &["5000 bytes free", "free 1000 bytes", "cannot be removed", &old]);
        });
    }

    /// One of several: the next oldest go in its place.
    #[test]
    fn what_cannot_be_removed_counts_for_nothing() {
        use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
        let (sink, dir) = (Sink::default(), tempdir().unwrap());
        let old: Vec<_> = (1..4).map(|index| plant(dir.path(), index, 1000, 4000 - 1000 * index as u64)).collect();
        let immutable = File::open(dir.path().join(&old[0])).unwrap();
        let Ok(flags) = ioctl_getflags(&immutable) else { return skipped("this file system has no flags") };
        if ioctl_setflags(&immutable, flags | IFlags::IMMUTABLE).is_err() {
            return skipped("only root makes files immutable");
        }
        let quota = Quota { max_files: Some(2), ..Quota::default() };
        let new = capture(&sink, target(dir.path(), generated(), quota.clone(), plenty), 10);
        let left = ls(dir.path());
        ioctl_setflags(&immutable, flags).unwrap();
        let name = new.unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let mut expected = vec![old[0].clone(), old[2].clone(), name];
        expected.sort();
        assert_eq!(left, expected);
        let named = quota.not_removed.lock();
        assert!(
            matches!(named.as_slice(), [one] if one.contains(&old[0]) && one.contains("not permitted")),
            "{named:?}"
        );
    }

    #[allow(clippy::print_stderr)]
    fn skipped(why: &str) {
        eprintln!("skipped: {why}");
    }
}

// Temporaries.

#[test]
fn two_captures_of_one_name_do_not_meet_before_their_end() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let (one, other) = (begin(&sink, dir.path(), exact("a")), begin(&sink, dir.path(), exact("a")));
    assert_eq!(ls(dir.path()).len(), 2);
    assert!(one.write(b"one") && other.write(b"other"));
    finish(&other).unwrap();
    assert_eq!(finish(&one).unwrap_err().code(), "HEAPKIT_ERR_EXISTS");
    assert_eq!(ls(dir.path()), ["a"]);
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"other");
}

#[test]
fn the_sweep_takes_what_no_living_writer_holds_and_nothing_else() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let path = |name: &str| dir.path().join(name);
    let stale = "Heap.20261120.213000.4242.0.001.heapsnapshot.gz.heapkit-4242-0123456789abcdef.partial";
    fs::write(path(stale), "left by a process that was killed").unwrap();
    // Its pid says nothing: in containers everybody is pid 1, or ours.
    fs::write(path(&format!("exact.heapkit-{}-00000000deadbeef.partial", std::process::id())), "").unwrap();
    let held = "Heap.20261120.213000.1.0.001.heapsnapshot.gz.heapkit-1-0123456789abcdef.partial";
    let holder = File::create(path(held)).unwrap();
    holder.lock().unwrap();
    let foreign = [
        "movie.mkv.partial",
        "download.partial",
        "a.4242-0123456789abcdef.partial",
        "a.heapkit-4242-0123456789abcdef.part",
    ];
    for name in foreign {
        fs::write(path(name), "somebody's").unwrap();
    }
    fs::create_dir(path("dir.heapkit-1-0123456789abcdef.partial")).unwrap();
    symlink(path("download.partial"), path("link.heapkit-1-0123456789abcdef.partial")).unwrap();
    let ours = begin(&sink, dir.path(), exact("ours"));
    assert!(!path(stale).exists(), "a capture sweeps before it begins");

    let mut left: Vec<_> = foreign.map(String::from).into();
    left.extend(
        [held, "dir.heapkit-1-0123456789abcdef.partial", "link.heapkit-1-0123456789abcdef.partial"].map(String::from),
    );
    let partial = ls(dir.path()).into_iter().find(|name| name.starts_with("ours.")).unwrap();
    left.push(partial.clone());
    left.sort();
    assert_eq!(ls(dir.path()), left);
    sweep(dir.path()).unwrap();
    assert_eq!(ls(dir.path()), left, "one that is being written stays");

    finish(&ours).unwrap();
    drop(holder);
    sweep(dir.path()).unwrap();
    left.retain(|name| name != held && *name != partial);
    left.push(String::from("ours"));
    left.sort();
    assert_eq!(ls(dir.path()), left);
    assert_eq!(fs::read_to_string(path("download.partial")).unwrap(), "somebody's");
}

#[test]
fn a_sweep_of_no_directory_says_so() {
    let dir = tempdir().unwrap();
    let error = sweep(&dir.path().join("none")).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_IO");
    assert!(matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::NotFound));
}

// Never overwrites.

/// What can stand at a final name, and how to see that it was left alone.
type Obstacle = (&'static str, fn(&Path), fn(&Path) -> bool);

const OBSTACLES: [Obstacle; 4] = [
    ("a file", |path| fs::write(path, "precious").unwrap(), |path| fs::read(path).unwrap() == b"precious"),
    (
        "a directory",
        |path| {
            fs::create_dir(path).unwrap();
            fs::write(path.join("inside"), "precious").unwrap();
        },
        |path| fs::read(path.join("inside")).unwrap() == b"precious",
    ),
    (
        "a link to nowhere",
        |path| symlink(path.with_extension("nowhere"), path).unwrap(),
        |path| fs::symlink_metadata(path).unwrap().is_symlink() && !path.with_extension("nowhere").exists(),
    ),
    (
        "a link to a file",
        |path| {
            fs::write(path.with_extension("file"), "precious").unwrap();
            symlink(path.with_extension("file"), path).unwrap();
        },
        |path| {
            fs::symlink_metadata(path).unwrap().is_symlink()
                && fs::read(path.with_extension("file")).unwrap() == b"precious"
        },
    ),
];

#[test]
fn a_name_that_is_taken_is_refused_before_anything_is_paused() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    for (index, (what, put, is_untouched)) in OBSTACLES.into_iter().enumerate() {
        let path = dir.path().join(format!("{index}"));
        put(&path);
        let before = ls(dir.path());
        let name = exact(&index.to_string());
        let error = try_begin(&sink, target(dir.path(), name, Quota::default(), plenty)).err().unwrap();
        assert_eq!(error.code(), "HEAPKIT_ERR_EXISTS", "{what}");
        numbers_in(&error, &[path.to_str().unwrap()]);
        assert!(is_untouched(&path), "{what}");
        assert_eq!(ls(dir.path()), before, "{what}");
    }
}

#[test]
fn a_name_that_is_taken_meanwhile_is_not_overwritten() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    for (index, (what, put, is_untouched)) in OBSTACLES.into_iter().enumerate() {
        let path = dir.path().join(format!("{index}"));
        let writer = begin(&sink, dir.path(), exact(&index.to_string()));
        assert!(writer.write(b"new"));
        let partial = temporary(dir.path());
        put(&path);
        let error = finish(&writer).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_EXISTS", "{what}");
        assert!(is_untouched(&path), "{what}");
        assert!(!partial.exists(), "{what}");
    }
}

#[test]
fn a_generated_name_that_is_taken_meanwhile_gets_the_next_number() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let writer = begin(&sink, dir.path(), generated());
    assert!(writer.write(b"new"));
    let taken = final_name(&temporary(dir.path()));
    fs::write(&taken, "precious").unwrap();
    let path = finish(&writer).unwrap().path.unwrap();
    let sequence = |path: &Path| {
        let name = ArtifactName::parse(path.file_name().unwrap().to_str().unwrap()).unwrap();
        assert_eq!((name.pid, name.thread_id), (4242, 0));
        name.sequence
    };
    // Other tests of this process take numbers, too.
    assert!(sequence(&path) > sequence(&taken));
    assert_eq!(fs::read(&taken).unwrap(), b"precious");
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(ls(dir.path()).len(), 2);
}

#[test]
fn numbers_that_are_all_taken_are_an_error_not_a_search_without_end() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let writer = begin(&sink, dir.path(), generated());
    let first = final_name(&temporary(dir.path()));
    let first = ArtifactName::parse(first.file_name().unwrap().to_str().unwrap()).unwrap().sequence;
    for sequence in first..first + 10_000 {
        File::create(dir.path().join(format!("{PREFIX}.{sequence:03}.heapsnapshot"))).unwrap();
    }
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_IO");
    assert_eq!(ls(dir.path()).len(), 10_000, "and no temporary");
}

#[test]
fn numbers_are_never_given_twice() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    for _ in 0..10 {
        capture(&sink, target(dir.path(), generated(), Quota::default(), plenty), 1).unwrap();
    }
    assert_eq!(list(dir.path()).unwrap().len(), 10);
}

// Directories that are none.

#[test]
fn a_directory_that_is_none_is_an_invalid_option() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    fs::write(dir.path().join("file"), "precious").unwrap();
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    for place in ["file", "file/below", "file/far/below", "dangling"] {
        let place = dir.path().join(place);
        for (name, option) in [(generated(), "dir"), (exact("a"), "file")] {
            let error = try_begin(&sink, target(&place, name, Quota::default(), plenty)).err().unwrap();
            assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_OPTION", "{place:?}: {error}");
            assert!(matches!(error.kind(), ErrorKind::InvalidOption { option: named, .. } if *named == option));
            numbers_in(&error, &[&format!("`{option}`"), place.to_str().unwrap()]);
        }
    }
    assert_eq!(ls(dir.path()), ["dangling", "file"]);
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"precious");
}

// Listing.

#[test]
fn the_list_has_artifacts_only_and_the_oldest_first() {
    let dir = tempdir().unwrap();
    let (young, old) = (plant(dir.path(), 1, 3, 10), plant(dir.path(), 2, 5, 1000));
    fs::write(dir.path().join("Heap.txt"), "").unwrap();
    fs::write(dir.path().join(format!("{old}.heapkit-1-0123456789abcdef.partial")), "").unwrap();
    fs::create_dir(dir.path().join(format!("{PREFIX}.003.heapsnapshot"))).unwrap();
    symlink(&young, dir.path().join(format!("{PREFIX}.004.heapsnapshot"))).unwrap();
    let listed = list(dir.path()).unwrap();
    let names: Vec<_> = listed.iter().map(|one| one.path.clone()).collect();
    assert_eq!(names, [dir.path().join(&old), dir.path().join(&young)]);
    assert_eq!((listed[0].bytes, listed[1].bytes), (5, 3));
    assert_eq!(listed[0].name, ArtifactName::parse(&old).unwrap());
    assert_eq!(list(&dir.path().join("none")).unwrap_err().code(), "HEAPKIT_ERR_IO");
}

// Quotas.

/// Files that no quota may touch.
fn plant_foreign(dir: &Path) -> Vec<String> {
    let foreign = ["Heap.20250101.000000.1.0.001.heapsnapshot.txt", "heap.heapsnapshot", "notes.gz", "a.gz.partial"];
    for name in foreign {
        plant_file(&dir.join(name), 5000, 1_000_000);
    }
    foreign.map(String::from).into()
}

/// Whether `dir` holds exactly `names` (and the new file, if there is one).
fn holds<'a>(dir: &Path, names: impl IntoIterator<Item = &'a String>, new: Option<&Path>) {
    let mut expected: Vec<_> = names.into_iter().cloned().collect();
    expected.extend(new.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()));
    expected.sort();
    assert_eq!(ls(dir), expected);
}

fn planted() -> (Sink, TempDir, Vec<String>, Vec<String>) {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let foreign = plant_foreign(dir.path());
    // The oldest first; their names would sort otherwise.
    let old = vec![
        plant(dir.path(), 7, 1000, 4000),
        plant(dir.path(), 3, 1000, 3000),
        plant(dir.path(), 9, 1000, 2000),
        plant(dir.path(), 1, 1000, 1000),
    ];
    (sink, dir, foreign, old)
}

#[test]
fn max_files_lets_the_oldest_go_when_the_new_one_is_complete() {
    let (sink, dir, foreign, old) = planted();
    let quota = Quota { max_files: Some(3), ..Quota::default() };
    let writer = try_begin(&sink, target(dir.path(), generated(), quota, plenty)).unwrap();
    assert!(writer.write(b"new"));
    assert_eq!(list(dir.path()).unwrap().len(), 4, "nothing goes for a capture that may yet fail");
    let new = finish(&writer).unwrap().path.unwrap();
    holds(dir.path(), foreign.iter().chain(&old[2..]), Some(&new));

    let quota = Quota { max_files: Some(1), ..Quota::default() };
    let new = capture(&sink, target(dir.path(), generated(), quota, plenty), 1).unwrap();
    holds(dir.path(), &foreign, Some(&new));
}

#[test]
fn a_capture_that_fails_costs_no_file() {
    let (sink, dir, foreign, old) = planted();
    let quota = Quota { max_files: Some(1), ..Quota::default() };
    drop(try_begin(&sink, target(dir.path(), generated(), quota, plenty)).unwrap());
    settle(&sink);
    holds(dir.path(), foreign.iter().chain(&old), None);
}

#[test]
fn max_bytes_lets_the_oldest_go_until_the_new_one_fits() {
    let (sink, dir, foreign, old) = planted();
    let quota = Quota { max_bytes: Some(4000), ..Quota::default() };
    let new = capture(&sink, target(dir.path(), generated(), quota, plenty), 1001).unwrap();
    holds(dir.path(), foreign.iter().chain(&old[2..]), Some(&new));
    // Exactly as much as there may be.
    let quota = Quota { max_bytes: Some(4001), ..Quota::default() };
    let exactly = capture(&sink, target(dir.path(), generated(), quota, plenty), 1000).unwrap();
    let names = [new, exactly].map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    holds(dir.path(), foreign.iter().chain(&old[2..]).chain(&names), None);
}

#[test]
fn max_bytes_refuses_what_alone_is_too_large_and_says_how_large() {
    let (sink, dir, foreign, old) = planted();
    let quota = Quota { max_bytes: Some(4000), ..Quota::default() };
    let error = capture(&sink, target(dir.path(), generated(), quota, plenty), 4001).unwrap_err();
    is_no_space(&error, &["4001 bytes", "allows 4000", "`maxBytes`"]);
    holds(dir.path(), foreign.iter().chain(&old), None);
}

#[test]
fn max_bytes_stops_a_large_artifact_on_its_way() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let quota = Quota { max_bytes: Some(1 << 20), ..Quota::default() };
    let writer = try_begin(&sink, target(dir.path(), generated(), quota, plenty)).unwrap();
    // 1 GiB would have to be written otherwise.
    let piece = vec![0; 1 << 20];
    let taken = (0..1024).take_while(|_| writer.write(&piece)).count();
    assert!(taken < 16, "{taken} MiB were taken");
    is_no_space(&finish(&writer).unwrap_err(), &["`maxBytes` allows 1048576"]);
    assert_eq!(ls(dir.path()), [""; 0]);
}

#[test]
fn max_age_removes_the_old_before_a_capture() {
    let (sink, dir, foreign, old) = planted();
    let quota = Quota { max_age: Some(Duration::from_secs(2500)), ..Quota::default() };
    let writer = try_begin(&sink, target(dir.path(), generated(), quota, plenty)).unwrap();
    assert_eq!(list(dir.path()).unwrap().len(), 2);
    let new = finish(&writer).unwrap().path.unwrap();
    holds(dir.path(), foreign.iter().chain(&old[2..]), Some(&new));
    // A clock that was set back makes nothing old.
    plant_file(&dir.path().join(&old[2]), 1, 0);
    let future = SystemTime::now() + Duration::from_secs(1_000_000);
    File::options().write(true).open(dir.path().join(&old[2])).unwrap().set_modified(future).unwrap();
    let quota = Quota { max_age: Some(Duration::from_secs(60)), ..Quota::default() };
    capture(&sink, target(dir.path(), generated(), quota, plenty), 1).unwrap();
    assert!(dir.path().join(&old[2]).exists());
}

#[test]
fn an_exact_name_takes_no_part_in_the_quotas_of_a_directory() {
    let (sink, dir, foreign, old) = planted();
    let quota =
        Quota { max_files: Some(1), max_bytes: Some(1), max_age: Some(Duration::from_secs(1)), ..Quota::default() };
    let new = capture(&sink, target(dir.path(), exact("mine.heapsnapshot"), quota.clone(), plenty), 10).unwrap();
    holds(dir.path(), foreign.iter().chain(&old), Some(&new));
    // The volume is everybody's, though.
    let quota = Quota { min_free_bytes: Some(1), ..quota };
    let none = |_: &Path| Ok(0);
    let error = capture(&sink, target(dir.path(), exact("other"), quota, none), 10).unwrap_err();
    is_no_space(&error, &["0 bytes free"]);
    holds(dir.path(), foreign.iter().chain(&old), Some(&new));
}

#[test]
fn min_free_bytes_refuses_at_once_and_says_what_is_missing() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let quota = Quota { min_free_bytes: Some(1000), ..Quota::default() };
    let (enough, short): (FreeBytes, FreeBytes) = (|_| Ok(1000), |_| Ok(958));
    let error = try_begin(&sink, target(dir.path(), generated(), quota.clone(), short)).err().unwrap();
    is_no_space(&error, &["958 bytes free", "`minFreeBytes` keeps 1000", "free 42 bytes"]);
    assert_eq!(ls(dir.path()), [""; 0]);
    capture(&sink, target(dir.path(), generated(), quota.clone(), enough), 1).unwrap();
    let broken: FreeBytes = |_| Err(io::ErrorKind::Unsupported.into());
    let error = try_begin(&sink, target(dir.path(), generated(), quota.clone(), broken)).err().unwrap();
    assert_eq!(error.code(), "HEAPKIT_ERR_IO");
    assert!(error.to_string().starts_with("Cannot statfs "), "{error}");
}

#[test]
fn min_free_bytes_ends_a_capture_that_fills_the_volume() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let hundred_mib: FreeBytes = |dir| free_of(dir, 100 << 20);
    let quota = Quota { min_free_bytes: Some(90 << 20), ..Quota::default() };
    let writer = try_begin(&sink, target(dir.path(), generated(), quota.clone(), hundred_mib)).unwrap();
    let piece = vec![0; 1 << 20];
    let taken = (0..1024).take_while(|_| writer.write(&piece)).count();
    assert!((10..30).contains(&taken), "{taken} MiB were taken");
    is_no_space(&finish(&writer).unwrap_err(), &["`minFreeBytes` keeps 94371840"]);
    assert_eq!(ls(dir.path()), [""; 0]);
    capture(&sink, target(dir.path(), generated(), quota, hundred_mib), 1).unwrap();
}

#[test]
fn min_free_bytes_never_removes_anything_from_a_directory_without_a_bound() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let old = [plant(dir.path(), 1, 4000, 10), plant(dir.path(), 2, 4000, 20)];
    let quota = Quota { min_free_bytes: Some(3000), ..Quota::default() };
    let error = capture(&sink, target(dir.path(), generated(), quota, ten_thousand), 1).unwrap_err();
    is_no_space(&error, &["2000 bytes free", "keeps 3000", "free 1000 bytes"]);
    holds(dir.path(), &old, None);
}

#[test]
fn min_free_bytes_removes_the_oldest_where_that_is_enough() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let old = [plant(dir.path(), 1, 3000, 30), plant(dir.path(), 2, 3000, 20), plant(dir.path(), 3, 3000, 10)];
    let quota = Quota { min_free_bytes: Some(4500), max_files: Some(100), ..Quota::default() };
    let new = capture(&sink, target(dir.path(), generated(), quota, ten_thousand), 100).unwrap();
    holds(dir.path(), &old[2..], Some(&new));
}

#[test]
fn min_free_bytes_removes_nothing_where_that_is_not_enough() {
    let (sink, dir) = (Sink::default(), tempdir().unwrap());
    let mut old = vec![plant(dir.path(), 1, 1000, 30), plant(dir.path(), 2, 1000, 20)];
    old.push(String::from("foreign"));
    plant_file(&dir.path().join("foreign"), 7000, 40);
    let quota = Quota { min_free_bytes: Some(4000), max_files: Some(100), ..Quota::default() };
    let error = capture(&sink, target(dir.path(), generated(), quota, ten_thousand), 1).unwrap_err();
    is_no_space(&error, &["1000 bytes free", "keeps 4000", "free 1000 bytes"]);
    holds(dir.path(), &old, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was there: what stays is the longest run of the youngest that the limits allow, or the capture is
    /// refused and the limits hold without it.
    #[test]
    fn what_stays_is_as_much_of_the_youngest_as_the_limits_allow(
        sizes in prop::collection::vec(0_usize..1000, 0..8),
        bytes in 0_usize..1500,
        max_files in prop::option::of(1_u64..10),
        max_bytes in prop::option::of(1_u64..5000),
        keep_young in prop::option::of(0_usize..8),
    ) {
        let (sink, dir) = (Sink::default(), tempdir().unwrap());
        let foreign = plant_foreign(dir.path());
        // The first is the oldest; a hundred seconds lie between one and the next.
        let age = |index: usize| (sizes.len() - index) as u64 * 100;
        let old: Vec<_> = sizes.iter().enumerate().map(|(index, size)| plant(dir.path(), index, *size, age(index))).collect();
        let max_age = keep_young.map(|count| Duration::from_secs(count as u64 * 100 + 50));
        let quota = Quota { max_files, max_bytes, max_age, ..Quota::default() };
        let outcome = capture(&sink, target(dir.path(), generated(), quota, plenty), bytes);

        let fits = max_bytes.is_none_or(|max| bytes as u64 <= max);
        prop_assert_eq!(outcome.is_ok(), fits);
        let (new_files, new_bytes) = if fits { (1, bytes as u64) } else { (0, 0) };
        let allowed = |from: &usize| {
            let rest = sizes[*from..].iter().sum::<usize>() as u64 + new_bytes;
            let files = (sizes.len() - from) as u64 + new_files;
            (!fits || max_bytes.is_none_or(|max| rest <= max) && max_files.is_none_or(|max| files <= max))
                && keep_young.is_none_or(|count| sizes.len() - from <= count)
        };
        let first = (0..=sizes.len()).find(allowed).unwrap();
        holds(dir.path(), foreign.iter().chain(&old[first..]), outcome.ok().as_deref());
    }
}
