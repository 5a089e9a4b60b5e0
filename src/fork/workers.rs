//! Whether V8's worker threads sleep.
//!
//! A worker that is in the middle of a job at the instant of the fork does not exist in the child and never reports back: V8
//! then waits for it forever. So the fork waits until all of them sleep, and all at the same place: the queue of their jobs. One that sleeps
//! elsewhere is in the middle of a job, and waits for a lock. With musl every thread that waits for a condition does so at a place of its own, and one
//! that waits for a lock is known by what it expects there.
//!
//! The pool's threads are known by their name where Node.js names them (from 24 on); before, they are those that started
//! first, right after the process itself, and have the name that all threads have which nobody named: a library that is loaded
//! before Node.js begins may have threads, too.
//!
//! Source: proc_pid_stat(5), proc_pid_syscall(5).

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use super::sys::mutex;

/// How Node.js 24 calls them; Node.js 26 says `node-` before it.
const NAME: &str = "V8Worker";
/// Beside the threads of `--v8-pool-size` there is one more, for delayed tasks; from 22 on Node.js calls it so.
const FOR_DELAYED_TASKS: &str = "DelayedTaskSche";
/// So many more of the first threads are asked for the name that threads have here: the most common one.
const STRANGERS: usize = 2;

/// A condition variable is as large, with the words of it that threads wait at.
const PLACE_BYTES: usize = 64;
/// For so long a thread that sleeps elsewhere counts as a worker that waits for a lock. Then it is somebody else's.
const ELSEWHERE_AT_MOST: Duration = Duration::from_millis(50);

/// V8's worker threads.
pub(super) struct Workers {
    threads: Vec<Worker>,
    first_look: OnceCell<Instant>,
}

/// A thread by its open files in `/proc/self/task/TID`; the second one not every system has.
struct Worker {
    stat: File,
    syscall: Option<File>,
}

/// A thread other than the main one.
#[derive(Debug, Clone)]
struct Thread {
    name: String,
    /// In clock ticks since the machine was started.
    started: u64,
    id: u32,
}

/// The ids of those that are V8's, of whom so many take jobs.
fn choose(mut threads: Vec<Thread>, pool_size: usize) -> Vec<u32> {
    let named: Vec<u32> = threads.iter().filter(|thread| thread.name.ends_with(NAME)).map(|thread| thread.id).collect();
    if !named.is_empty() {
        return named;
    }
    let delayed = usize::from(threads.iter().all(|thread| thread.name != FOR_DELAYED_TASKS));
    let count = pool_size.saturating_add(delayed);
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
            let path = entry.path();
            let (Ok(text), Ok(stat)) = (fs::read_to_string(path.join("stat")), File::open(path.join("stat"))) else {
                continue;
            };
            let Some(Stat { name, started, .. }) = Stat::parse(&text) else { continue };
            if id != main {
                let worker = Worker { stat, syscall: File::open(path.join("syscall")).ok() };
                threads.push((Thread { name: name.to_owned(), started, id }, worker));
            }
        }
        let chosen = choose(threads.iter().map(|(thread, _)| thread.clone()).collect(), pool_size);
        threads.retain(|(thread, _)| chosen.contains(&thread.id));
        Ok(Self { threads: threads.into_iter().map(|(_, worker)| worker).collect(), first_look: OnceCell::new() })
    }

    /// Whether all of them sleep now, and wait for a job.
    pub(super) fn are_asleep(&self) -> bool {
        let now = Instant::now();
        let is_patient = now.duration_since(*self.first_look.get_or_init(|| now)) < ELSEWHERE_AT_MOST;
        let rests: Option<Vec<Rest>> = self.threads.iter().map(Worker::rest).collect();
        rests.is_some_and(|rests| are_together(&rests) || !is_patient)
    }
}

/// How a thread rests.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// It waits for others to change the word there.
    At(usize),
    /// It waits for a lock.
    ForALock,
    /// It waits for something else, or has ended.
    Otherwise,
}

/// Whether those that wait for other threads all wait at the same place.
fn are_together(rests: &[Rest]) -> bool {
    if rests.contains(&Rest::ForALock) {
        return false;
    }
    let places = rests.iter().filter_map(|rest| if let Rest::At(word) = rest { Some(*word) } else { None });
    let (least, most) = places.fold((usize::MAX, 0), |(least, most), place| (least.min(place), most.max(place)));
    most.saturating_sub(least) <= PLACE_BYTES
}

impl Worker {
    /// `None` if it works. The kernel tells where a thread waits sooner than it tells its state.
    fn rest(&self) -> Option<Rest> {
        if let Some(wait) = self.syscall.as_ref().and_then(|file| read_and(file, Wait::parse)?) {
            return Some(wait.rest(mutex::CONDITION_HAS_A_PLACE));
        }
        let sleeps = read_and(&self.stat, |text| Stat::parse(text).is_none_or(|stat| stat.state == b'S'));
        sleeps.unwrap_or(true).then_some(Rest::Otherwise)
    }
}

fn read_and<T>(file: &File, parse: impl FnOnce(&str) -> T) -> Option<T> {
    let mut text = [0; 512];
    let length = file.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(text.get(..length)?).ok().map(parse)
}

/// The futex(2) that a thread is in.
#[derive(Debug, PartialEq, Eq)]
struct Wait {
    word: usize,
    expected: u32,
}

impl Wait {
    /// The call's number and six arguments come first.
    fn parse(syscall: &str) -> Option<Self> {
        let mut fields = syscall.split_ascii_whitespace();
        let call: libc::c_long = fields.next()?.parse().ok()?;
        let [word, _, expected] = [(); 3].map(|()| u64::from_str_radix(fields.next()?.strip_prefix("0x")?, 16).ok());
        // The kernel takes the lower half of what is expected.
        let wait = Self { word: usize::try_from(word?).ok()?, expected: u32::try_from(expected? & 0xffff_ffff).ok()? };
        (call == libc::SYS_futex).then_some(wait)
    }

    /// Where those that wait for a condition have no place in common, a lock is known by what is expected there.
    fn rest(&self, condition_has_a_place: bool) -> Rest {
        match self {
            Self { word, .. } if condition_has_a_place => Rest::At(*word),
            Self { expected, .. } if mutex::is_waited_for(*expected) => Rest::ForALock,
            _ => Rest::Otherwise,
        }
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
        // One more is for delayed tasks.
        assert_eq!(choose(threads(&bare), 4), [10, 11, 12, 13, 14]);
        assert_eq!(choose(threads(&bare), 8), [10, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(choose(threads(&bare), 1), [10, 11]);
        // Node.js 22 names that one alone.
        let delayed = ["DelayedTaskSche", "node", "node", "node", "node", "node"];
        assert_eq!(choose(threads(&delayed), 4), [11, 12, 13, 14]);
        let early = ["jemalloc_bg_thd", "node", "node", "SignalInspector", "node", "tokio", "tokio", "tokio", "tokio"];
        assert_eq!(choose(threads(&early), 2), [11, 12, 14]);
        // Node.js 24 names them, however many there are.
        let named = ["V8Worker", "jemalloc_bg_thd", "DelayedTaskSche", "V8Worker", "libuv-worker", "V8Worker"];
        assert_eq!(choose(threads(&named), 1), [10, 13, 15]);
        let prefixed = ["DelayedTaskSche", "node-V8Worker", "SignalInspector"];
        assert_eq!(choose(threads(&prefixed), 1), [11]);
        assert!(choose(Vec::new(), 4).is_empty());
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
        assert!(Workers { threads: Vec::new(), first_look: OnceCell::new() }.are_asleep());
    }

    #[test]
    fn reads_where_a_thread_waits_and_for_what() {
        let call = libc::SYS_futex;
        let wait = |expected| Some(Wait { word: 0x1e30_7864, expected });
        let text =
            |expected: &str| format!("{call} 0x1e307864 0x189 {expected} 0x0 0x0 0xffffffff 0x7f969fa2bb70 0x7f96");
        assert_eq!(Wait::parse(&text("0x7")), wait(7));
        assert_eq!(Wait::parse(&text("0xffffffff80000010")), wait(0x8000_0010));
        assert_eq!(Wait::parse(&format!("{} 0x9 0x7f 0x400 0xffffffff 0x0 0x8 0x7f 0x7f", call + 1)), None);
        for text in ["running", "-1 0x7f96 0x7f96", "", "x"] {
            assert_eq!(Wait::parse(text), None);
        }
    }

    #[test]
    fn where_conditions_have_no_place_a_lock_is_known_by_its_state() {
        let [lock, condition] = [mutex::WAITED_FOR, 0].map(|expected| Wait { word: 0x1000, expected });
        assert_eq!([&lock, &condition].map(|wait| wait.rest(true)), [Rest::At(0x1000), Rest::At(0x1000)]);
        let rests = [&condition, &condition, &lock].map(|wait| wait.rest(false));
        assert_eq!(rests, [Rest::Otherwise, Rest::Otherwise, Rest::ForALock]);
        assert!(are_together(&rests[..2]));
        assert!(!are_together(&rests));
    }
}

/// Rust's own condition variables are such that those that wait share a word.
#[cfg(all(test, not(target_env = "musl")))]
mod tests_of_places {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Condvar, Mutex};

    use super::*;

    /// Two of them are never as close as the words of one condition variable, wherever they are allocated.
    #[repr(align(128))]
    struct Place(Mutex<bool>, Condvar);

    #[test]
    fn a_thread_that_waits_for_a_lock_in_the_middle_of_a_job_is_told_from_those_that_wait_for_a_job() {
        let [queue, lock] = [(); 2].map(|()| Arc::new(Place(Mutex::new(true), Condvar::new())));
        let places = [&queue, &queue, &lock].map(Arc::clone);
        let sleepers = places.map(|place| {
            let (tell, told) = channel();
            let sleeper = std::thread::spawn(move || {
                tell.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
                drop(place.1.wait_while(place.0.lock().unwrap(), |wait| *wait).unwrap());
            });
            (told.recv().unwrap(), sleeper)
        });
        let open = |index: usize| {
            let [stat, syscall] = ["stat", "syscall"]
                .map(|name| File::open(format!("/proc/self/task/{}/{name}", sleepers[index].0)).unwrap());
            Worker { stat, syscall: Some(syscall) }
        };
        let busy = Workers { threads: (0..3).map(open).collect(), first_look: OnceCell::new() };
        let rests = || busy.threads.iter().map(Worker::rest).collect::<Option<Vec<_>>>();
        let rests = loop {
            match rests() {
                Some(rests) if rests.iter().all(|rest| matches!(rest, Rest::At(_))) => break rests,
                _ => std::thread::yield_now(),
            }
        };
        assert!(are_together(&rests[..2]));
        assert!(!are_together(&rests));
        assert!(!busy.are_asleep());
        // It does not hold a fork up for ever: such a thread may be no worker.
        while !busy.are_asleep() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(busy.first_look.get().unwrap().elapsed() >= ELSEWHERE_AT_MOST);
        for place in [queue, lock] {
            *place.0.lock().unwrap() = false;
            place.1.notify_all();
        }
        for (_, sleeper) in sleepers {
            sleeper.join().unwrap();
        }
    }
}
