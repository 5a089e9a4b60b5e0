//! The threads that read snapshots and answer questions about them.
//!
//! libuv's are the service's: four readings would keep its files and names waiting, and `process.exit()` waits for what they do. So each piece
//! of [`Work`] has a thread of heapkit's own, of a low priority, which nobody waits for. Invariants:
//!
//! * there are at most [`THREADS`]; more work waits in turn;
//! * at most [`PLACES`] pieces of work compute at a time, because each takes memory. One that waits for whoever writes a pipe takes no
//!   place from others;
//! * work that is given up has no place any more, whatever its thread still hangs on.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::priority::lower_priority;

/// Threads in all.
const THREADS: usize = 16;
/// Pieces of work that compute at a time.
const PLACES: usize = 4;

/// What a thread is to do.
pub trait Work: Send + Sync {
    /// Whom it is for (one JavaScript environment, say): see [`Readers::abandon`].
    fn owner(&self) -> u64;
    /// Whether others have to wait while it is done. Asked on its own thread: it may touch the disk.
    fn takes_place(&self) -> bool;
    /// Does it.
    fn serve(&self);
    /// Answers that it is given up, at once; the thread ends when it can.
    fn give_up(&self);
    /// Whether it was given up.
    fn is_over(&self) -> bool;
}

/// The threads. They end when there is nothing to do.
#[derive(Clone, Default)]
pub struct Readers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    threads: usize,
    /// All that has begun and not ended.
    all: Vec<Arc<dyn Work>>,
    /// What no thread has taken yet.
    queue: VecDeque<Arc<dyn Work>>,
    places: Vec<Arc<dyn Work>>,
}

impl Readers {
    /// Has the work done, now or in its turn. Fails where the process may have no thread for it.
    pub fn begin(&self, work: Arc<dyn Work>) -> io::Result<()> {
        let mut state = self.0.state.lock();
        state.all.push(Arc::clone(&work));
        if state.threads == THREADS {
            state.queue.push_back(work);
            return Ok(());
        }
        let (shared, first) = (Arc::clone(&self.0), Arc::clone(&work));
        let spawned = std::thread::Builder::new().name("heapkit-read".into()).spawn(move || shared.run(first));
        match spawned {
            Ok(_) => state.threads += 1,
            Err(_) => state.leave(&work),
        }
        spawned.map(drop)
    }

    /// Gives one piece of work up.
    pub fn give_up(&self, work: &Arc<dyn Work>) {
        // Before its place is free: it must not take another.
        work.give_up();
        self.0.leave(work);
    }

    /// Gives up all work of `owner`.
    pub fn abandon(&self, owner: u64) {
        let own: Vec<_> = self.0.state.lock().all.iter().filter(|work| work.owner() == owner).cloned().collect();
        for work in own {
            self.give_up(&work);
        }
    }
}

impl State {
    fn leave(&mut self, work: &Arc<dyn Work>) {
        let is_other = |other: &Arc<dyn Work>| !Arc::ptr_eq(other, work);
        self.all.retain(is_other);
        self.queue.retain(is_other);
        self.places.retain(is_other);
    }
}

impl Shared {
    fn run(&self, first: Arc<dyn Work>) {
        lower_priority();
        let mut next = Some(first);
        while let Some(work) = next {
            if work.takes_place() {
                self.take_place(&work);
            }
            if !work.is_over() {
                work.serve();
            }
            self.leave(&work);
            // What it holds may be large, and is nothing to hold the lock for.
            drop(work);
            let mut state = self.state.lock();
            next = state.queue.pop_front();
            if next.is_none() {
                state.threads -= 1;
            }
        }
    }

    /// Waits until there is a place for the work, or it is over.
    fn take_place(&self, work: &Arc<dyn Work>) {
        let mut state = self.state.lock();
        while state.places.len() >= PLACES && !work.is_over() {
            self.freed.wait(&mut state);
        }
        if !work.is_over() {
            state.places.push(Arc::clone(work));
        }
    }

    fn leave(&self, work: &Arc<dyn Work>) {
        self.state.lock().leave(work);
        self.freed.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;

    /// Work that ends when it is told to, or never.
    struct Held {
        owner: u64,
        is_file: bool,
        began: Sender<u64>,
        end: Mutex<Receiver<()>>,
        over: AtomicBool,
        served: Arc<AtomicUsize>,
    }

    impl Work for Held {
        fn owner(&self) -> u64 {
            self.owner
        }
        fn takes_place(&self) -> bool {
            self.is_file
        }
        fn serve(&self) {
            self.served.fetch_add(1, Ordering::SeqCst);
            self.began.send(self.owner).unwrap();
            let _ = self.end.lock().recv();
        }
        fn give_up(&self) {
            self.over.store(true, Ordering::SeqCst);
        }
        fn is_over(&self) -> bool {
            self.over.load(Ordering::SeqCst)
        }
    }

    struct Scene {
        readers: Readers,
        began: (Sender<u64>, Receiver<u64>),
        served: Arc<AtomicUsize>,
        ends: Vec<Sender<()>>,
    }

    impl Scene {
        fn new() -> Self {
            Self { readers: Readers::default(), began: channel(), served: Arc::default(), ends: Vec::new() }
        }

        fn begin(&mut self, owner: u64, is_file: bool) -> Arc<dyn Work> {
            let (send, end) = channel();
            self.ends.push(send);
            let work: Arc<dyn Work> = Arc::new(Held {
                owner,
                is_file,
                began: self.began.0.clone(),
                end: Mutex::new(end),
                over: AtomicBool::new(false),
                served: Arc::clone(&self.served),
            });
            self.readers.begin(Arc::clone(&work)).unwrap();
            work
        }

        fn next(&self) -> u64 {
            self.began.1.recv_timeout(Duration::from_secs(60)).unwrap()
        }

        fn is_silent(&self) -> bool {
            self.began.1.recv_timeout(Duration::from_millis(100)).is_err()
        }
    }

    #[test]
    fn so_many_compute_at_a_time_and_pipes_take_no_place_from_files() {
        let mut scene = Scene::new();
        for owner in 0..PLACES as u64 {
            scene.begin(owner, true);
            scene.next();
        }
        scene.begin(100, true);
        assert!(scene.is_silent());
        scene.begin(200, false);
        assert_eq!(scene.next(), 200);
        // The end of one is the beginning of the next.
        scene.ends[0].send(()).unwrap();
        assert_eq!(scene.next(), 100);
    }

    #[test]
    fn what_is_given_up_frees_its_place_although_its_thread_hangs_and_never_begins_if_it_had_not() {
        let mut scene = Scene::new();
        let hanging: Vec<_> = (0..PLACES).map(|_| scene.begin(1, true)).collect();
        for _ in &hanging {
            scene.next();
        }
        let waiting = scene.begin(2, true);
        scene.readers.give_up(&waiting);
        scene.begin(3, true);
        assert!(scene.is_silent());
        scene.readers.abandon(1);
        assert!(hanging.iter().all(|work| work.is_over()));
        assert_eq!(scene.next(), 3);
        assert_eq!(scene.served.load(Ordering::SeqCst), PLACES + 1);
    }

    #[test]
    fn threads_are_bounded_and_what_waits_for_one_has_its_turn() {
        let mut scene = Scene::new();
        for _ in 0..THREADS {
            scene.begin(1, false);
            scene.next();
        }
        scene.begin(2, false);
        assert!(scene.is_silent());
        assert_eq!(scene.readers.0.state.lock().threads, THREADS);
        scene.ends[0].send(()).unwrap();
        assert_eq!(scene.next(), 2);
        scene.ends.clear();
        while scene.readers.0.state.lock().threads > 0 {
            std::thread::yield_now();
        }
        assert!(scene.readers.0.state.lock().all.is_empty());
    }
}
