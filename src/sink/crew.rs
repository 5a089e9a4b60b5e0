//! The threads of the sink: a bounded number, of which one directory has only its share.
//!
//! Whatever touches a disk is a piece of [`Work`] on a thread of its own, because a thread that a dead disk holds in the kernel comes back
//! when the disk does, or never. Each works for one directory. One in which a thread hangs gets no other: its captures are refused by
//! name, so that a capture every minute does not take a thread every minute. Where a directory, or the process, has as many threads as
//! it may have, the next one waits in turn, but not for ever.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind};
use crate::priority::lower_priority;

/// Threads in one directory.
const PER_PLACE: usize = 4;
/// Threads in all.
const MOST: usize = 16;

/// What a thread can do.
pub(super) trait Work: Send + Sync {
    /// The directory that it touches.
    fn place(&self) -> Option<&Path>;
    /// How long it may wait for a thread, and how long one may take for a step before it counts as hanging.
    fn patience(&self) -> Duration;
    /// Does it, and returns when there is nothing more to do.
    fn serve(self: Arc<Self>, seat: &Seat);
    /// No thread will do it.
    fn refuse(&self, error: Error);
}

/// A thread's place.
pub(super) struct Seat {
    /// The kernel's number of the thread (Linux), else 0.
    pub(super) thread: i32,
    place: Arc<Place>,
}

/// Where a thread works, and since when it has been in the kernel's hands there.
struct Place {
    dir: Option<PathBuf>,
    since: Mutex<Option<Instant>>,
}

impl Seat {
    /// One of no crew.
    #[cfg(all(test, heapkit_model))]
    pub(super) fn alone() -> Self {
        Self { thread: 1, place: Arc::new(Place { dir: None, since: Mutex::new(None) }) }
    }

    /// Does something that may hang.
    pub(super) fn step<T>(&self, work: impl FnOnce() -> T) -> T {
        *self.place.since.lock() = Some(Instant::now());
        let result = work();
        *self.place.since.lock() = None;
        result
    }
}

struct Waiting {
    work: Arc<dyn Work>,
    until: Instant,
}

#[derive(Default)]
struct State {
    seats: Vec<Arc<Place>>,
    queue: VecDeque<Waiting>,
}

#[derive(Default)]
pub(super) struct Crew(Mutex<State>);

impl State {
    fn has_seat(&self, dir: Option<&Path>) -> bool {
        let there = self.seats.iter().filter(|place| dir.is_some() && place.dir.as_deref() == dir).count();
        self.seats.len() < MOST && there < PER_PLACE
    }

    /// Why this cannot work where it would: somebody has been at one step there for so long.
    fn hangs(&self, work: &dyn Work, long: Duration) -> Option<Error> {
        let dir = work.place()?;
        let there = self.seats.iter().filter(|place| place.dir.as_deref() == Some(dir));
        let waited = there.filter_map(|place| place.waited()).max().filter(|waited| *waited >= long)?;
        Some(ErrorKind::Hangs { path: dir.into(), waited, earlier: true }.into())
    }

    fn take(&mut self, dir: Option<&Path>) -> Arc<Place> {
        let place = Arc::new(Place { dir: dir.map(Into::into), since: Mutex::new(None) });
        self.seats.push(Arc::clone(&place));
        place
    }

    fn leave(&mut self, place: &Arc<Place>) {
        self.seats.retain(|other| !Arc::ptr_eq(other, place));
    }

    /// The first in the queue that may have a seat.
    fn next(&mut self) -> Option<(Arc<dyn Work>, Arc<Place>)> {
        let index = self.queue.iter().position(|waiting| self.has_seat(waiting.work.place()))?;
        let work = self.queue.remove(index)?.work;
        let place = self.take(work.place());
        Some((work, place))
    }

    /// Why there was no thread for work that has waited for one.
    fn busy(&self, work: &dyn Work) -> Error {
        let waited = work.patience();
        // Those that it waited for may have begun a little later than it.
        let long = waited / 2;
        if let Some(error) = self.hangs(work, long) {
            return error;
        }
        let mut hanging: Vec<String> =
            self.seats.iter().filter(|place| place.waited() >= Some(long)).map(|place| place.name()).collect();
        hanging.sort();
        hanging.dedup();
        let path = work.place().map(Into::into).unwrap_or_default();
        ErrorKind::Crowded { path, waited, threads: self.seats.len(), hanging }.into()
    }
}

impl Place {
    fn waited(&self) -> Option<Duration> {
        self.since.lock().map(|since| since.elapsed())
    }

    fn name(&self) -> String {
        self.dir.as_ref().map_or_else(|| String::from("a stream"), |dir| dir.display().to_string())
    }
}

impl Crew {
    /// Finds a thread for `work`, now or when one is free; or refuses it.
    pub(super) fn seat(self: &Arc<Self>, work: Arc<dyn Work>) {
        let mut state = self.0.lock();
        let dir = work.place();
        if let Some(error) = state.hangs(&*work, work.patience()) {
            drop(state);
            return work.refuse(error);
        }
        if !state.has_seat(dir) {
            let until = Instant::now() + work.patience();
            return state.queue.push_back(Waiting { work, until });
        }
        let place = state.take(dir);
        drop(state);
        self.spawn(work, place);
    }

    fn spawn(self: &Arc<Self>, work: Arc<dyn Work>, place: Arc<Place>) {
        let (crew, begin) = (Arc::clone(self), (Arc::clone(&work), Arc::clone(&place)));
        let thread = std::thread::Builder::new().name(String::from("heapkit-sink"));
        if let Err(error) = thread.spawn(move || crew.run(begin)) {
            self.0.lock().leave(&place);
            work.refuse(Error::io("pthread_create", "heapkit-sink", error));
        }
    }

    fn run(&self, begin: (Arc<dyn Work>, Arc<Place>)) {
        lower_priority();
        let mut next = Some(begin);
        while let Some((work, place)) = next {
            work.serve(&Seat { thread: thread_id(), place: Arc::clone(&place) });
            let mut state = self.0.lock();
            state.leave(&place);
            next = state.next();
        }
    }

    /// Refuses what has waited too long for a thread. Tells when the next one will have.
    pub(super) fn look(&self, now: Instant) -> Option<Instant> {
        let mut refused = Vec::new();
        let mut state = self.0.lock();
        while let Some(index) = state.queue.iter().position(|waiting| now >= waiting.until) {
            let Some(Waiting { work, .. }) = state.queue.remove(index) else { break };
            let error = state.busy(&*work);
            refused.push((work, error));
        }
        let next = state.queue.iter().map(|waiting| waiting.until).min();
        drop(state);
        for (work, error) in refused {
            work.refuse(error);
        }
        next
    }

    pub(super) fn has_queue(&self) -> bool {
        !self.0.lock().queue.is_empty()
    }
}

#[cfg(target_os = "linux")]
fn thread_id() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

#[cfg(not(target_os = "linux"))]
fn thread_id() -> i32 {
    0
}

/// Whether a thread waits for a processor, and not for a disk: of a low priority, on a busy machine, it may do so for seconds.
///
/// Source: the third field of proc_pid_stat(5), behind the name in parentheses.
#[cfg(target_os = "linux")]
pub(super) fn is_runnable(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with('R'))
}

/// Where the system does not say, it counts as held.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_runnable(_thread: i32) -> bool {
    false
}
