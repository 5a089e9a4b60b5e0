//! Whether V8's worker threads sleep.
//!
//! A worker that is in the middle of a job at the instant of the fork does not exist in the child and never reports back: V8
//! then waits for it forever. So the fork waits until all of them sleep. The pool's threads are known by their name where
//! Node.js names them (from 24 on); before, they are those that started first, right after the process itself, and have the
//! name that all threads have which nobody named: a library that is loaded before Node.js begins may have threads, too.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// How Node.js 24 calls them; Node.js 26 says `node-` before it.
const NAME: &str = "V8Worker";
/// Beside the threads of `--v8-pool-size` there is one more, for delayed tasks.
const FOR_DELAYED_TASKS: usize = 1;
/// So many more of the first threads are asked for the name that threads have here: the most common one.
const STRANGERS: usize = 2;

/// V8's worker threads, each by its open `/proc/self/task/TID/stat`.
pub(super) struct Workers(Vec<File>);

/// A thread other than the main one.
#[derive(Debug, Clone)]
struct Thread {
    name: String,
    /// In clock ticks since the machine was started.
    started: u64,
    id: u32,
}

/// The ids of those that are V8's.
fn choose(mut threads: Vec<Thread>, count: usize) -> Vec<u32> {
    let named: Vec<u32> = threads.iter().filter(|thread| thread.name.ends_with(NAME)).map(|thread| thread.id).collect();
    if !named.is_empty() {
        return named;
    }
    threads.sort_by_key(|thread| (thread.started, thread.id));
    let mut names: HashMap<&str, usize> = HashMap::new();
    for thread in threads.iter().take(count.saturating_add(STRANGERS)) {
        *names.entry(&thread.name).or_default() += 1;
    }
    let Some(common) = names.into_iter().max_by_key(|(_, times)| *times).map(|(name, _)| name.to_owned()) else {
        return Vec::new();
    };
    threads.into_iter().filter(|thread| thread.name == common).take(count).map(|thread| thread.id).collect()
}

/// What `/proc/self/task/TID/stat` tells.
#[derive(Debug, PartialEq, Eq)]
struct Stat<'a> {
    name: &'a str,
    state: u8,
    /// In clock ticks since the machine was started.
    started: u64,
}

impl Workers {
    /// Finds them in a pool of that size. Threads that end meanwhile are left out.
    pub(super) fn find(pool_size: usize) -> io::Result<Self> {
        let main = std::process::id();
        let mut threads = Vec::new();
        for entry in fs::read_dir("/proc/self/task")? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let path = entry.path().join("stat");
            let (Ok(text), Ok(file)) = (fs::read_to_string(&path), File::open(&path)) else { continue };
            let Some(Stat { name, started, .. }) = Stat::parse(&text) else { continue };
            if id != main {
                threads.push((Thread { name: name.to_owned(), started, id }, file));
            }
        }
        let names = threads.iter().map(|(thread, _)| thread.clone()).collect();
        let chosen = choose(names, pool_size.saturating_add(FOR_DELAYED_TASKS));
        threads.retain(|(thread, _)| chosen.contains(&thread.id));
        Ok(Self(threads.into_iter().map(|(_, file)| file).collect()))
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

    fn threads(names: &[&str]) -> Vec<Thread> {
        (10..).zip(names).map(|(id, name)| Thread { name: (*name).to_owned(), started: 5, id }).collect()
    }

    #[test]
    fn the_pool_is_those_that_started_first_and_have_no_name_of_their_own() {
        let bare = ["node"; 9];
        assert_eq!(choose(threads(&bare), 5), [10, 11, 12, 13, 14]);
        assert_eq!(choose(threads(&bare), 9), [10, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(choose(threads(&bare), 2), [10, 11]);
        let early = ["jemalloc_bg_thd", "node", "node", "SignalInspector", "node", "tokio", "tokio", "tokio", "tokio"];
        assert_eq!(choose(threads(&early), 3), [11, 12, 14]);
        // Node.js 24 names them, however many there are.
        let named = ["V8Worker", "jemalloc_bg_thd", "DelayedTaskSche", "V8Worker", "libuv-worker", "V8Worker"];
        assert_eq!(choose(threads(&named), 1), [10, 13, 15]);
        let prefixed = ["DelayedTaskSche", "node-V8Worker", "SignalInspector"];
        assert_eq!(choose(threads(&prefixed), 1), [11]);
        assert!(choose(Vec::new(), 5).is_empty());
    }

    #[test]
    fn a_thread_that_works_is_seen() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let sleeper = std::thread::spawn(move || stopped.recv());
        let workers = Workers::find(4).unwrap();
        // Whatever the test runner's threads do, the question is answered.
        workers.are_asleep();
        drop(stop);
        assert!(sleeper.join().unwrap().is_err());
        // All files of a thread that has ended: nothing to wait for.
        assert!(Workers(Vec::new()).are_asleep());
    }
}
