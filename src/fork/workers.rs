//! Whether V8's worker threads sleep.
//!
//! A worker that is in the middle of a job at the instant of the fork does not exist in the child and never reports back: V8
//! then waits for it forever. So the fork waits until all of them sleep. The pool's threads are known by their name where
//! Node.js names them (from 24 on); before, they are those that started first, right after the process itself.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// Node's `--v8-pool-size` is 4 unless told otherwise, and one more thread serves delayed tasks.
const FIRST_THREADS: usize = 5;

/// V8's worker threads, each by its open `/proc/self/task/TID/stat`.
pub(super) struct Workers(Vec<File>);

/// What `/proc/self/task/TID/stat` tells.
#[derive(Debug, PartialEq, Eq)]
struct Stat<'a> {
    name: &'a str,
    state: u8,
    /// In clock ticks since the machine was started.
    started: u64,
}

impl Workers {
    /// Finds them. Threads that end meanwhile are left out.
    pub(super) fn find() -> io::Result<Self> {
        let main = std::process::id();
        let mut threads = Vec::new();
        for entry in fs::read_dir("/proc/self/task")? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let path = entry.path().join("stat");
            let (Ok(text), Ok(file)) = (fs::read_to_string(&path), File::open(&path)) else { continue };
            let Some(Stat { name, started, .. }) = Stat::parse(&text) else { continue };
            if id != main {
                threads.push((name.starts_with("V8Worker"), (started, id), file));
            }
        }
        if threads.iter().any(|(is_named, ..)| *is_named) {
            threads.retain(|(is_named, ..)| *is_named);
        } else {
            threads.sort_by_key(|(_, order, _)| *order);
            threads.truncate(FIRST_THREADS);
        }
        Ok(Self(threads.into_iter().map(|(.., file)| file).collect()))
    }

    /// Whether all of them sleep now. One that has ended counts as asleep.
    pub(super) fn are_asleep(&self) -> bool {
        self.0.iter().all(|file| {
            let mut text = [0; 512];
            let Ok(length) = file.read_at(&mut text, 0) else { return true };
            let text = text.get(..length).and_then(|text| std::str::from_utf8(text).ok());
            text.and_then(Stat::parse).is_none_or(|stat| stat.state == b'S')
        })
    }
}

impl<'a> Stat<'a> {
    /// A name may contain anything, parentheses too; the last one ends it. Source: proc_pid_stat(5).
    fn parse(text: &'a str) -> Option<Self> {
        let (start, rest) = text.rsplit_once(") ")?;
        let name = start.split_once(" (")?.1;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let started = fields.nth(18)?.parse().ok()?;
        Some(Self { name, state, started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_name_with_everything_in_it() {
        let text = "17 (a) (b c) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(Stat::parse(text), Some(Stat { name: "a) (b c", state: b'R', started: 4711 }));
        assert_eq!(Stat::parse("17 (node"), None);
    }

    #[test]
    fn a_thread_that_works_is_seen() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let sleeper = std::thread::spawn(move || stopped.recv());
        let workers = Workers::find().unwrap();
        // Whatever the test runner's threads do, the question is answered.
        workers.are_asleep();
        drop(stop);
        assert!(sleeper.join().unwrap().is_err());
        // All files of a thread that has ended: nothing to wait for.
        assert!(Workers(Vec::new()).are_asleep());
    }
}
