//! The lane under loom: all orders in which its threads can run, up to a bound of preemptions. `npm run test:loom`.
//!
//! Nothing times out here, so a lost wake-up is a deadlock; loom finds those itself. Each reply counts how often it is made.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread::{self, JoinHandle};

use super::*;
use crate::sink::crew::{Seat, Work};
use crate::sink::{Committed, Output};

const LONG: Duration = Duration::from_secs(86_400);

fn explore(preemptions: usize, scenario: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(scenario);
}

/// Takes everything.
struct Sponge;

impl Target for Sponge {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        Ok(self)
    }
}

impl Write for Sponge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Sponge {
    fn commit(self: Box<Self>, _: &dyn Fn() -> bool) -> Result<Committed> {
        Ok(Committed::default())
    }
}

/// A lane whose threads are loom's.
struct Scene {
    lane: Arc<Lane>,
    threads: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>>,
    replies: std::sync::Mutex<Vec<Arc<AtomicUsize>>>,
}

impl Scene {
    fn begin(bound: usize, patience: Duration) -> Arc<Self> {
        let facts = Facts { owner: 1, place: None, bound, pipe: None, patience };
        let opening = Opening {
            target: Box::new(Sponge),
            transform: None,
            codec: Codec::None,
            counters: Arc::new(Counters::default()),
        };
        let threads: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let (crew, count) = (Arc::clone(&threads), Arc::new(AtomicUsize::new(0)));
        let lane = Lane::new(facts, opening, counted(&count), move |lane| {
            let lane = Arc::clone(lane);
            crew.lock().unwrap().push(thread::spawn(move || lane.serve(&Seat::alone())));
        });
        let scene = Self { lane, threads, replies: std::sync::Mutex::new(vec![count]) };
        scene.lane.wake();
        Arc::new(scene)
    }

    fn reply<T: 'static>(&self) -> Reply<T> {
        let count = Arc::new(AtomicUsize::new(0));
        self.replies.lock().unwrap().push(Arc::clone(&count));
        counted(&count)
    }

    fn error() -> Error {
        Error::internal("enough")
    }

    /// When nobody is at work any more, everybody was answered, once.
    fn end(&self) {
        loop {
            let Some(thread) = self.threads.lock().unwrap().pop() else { break };
            thread.join().unwrap();
        }
        for count in self.replies.lock().unwrap().iter() {
            assert_eq!(count.load(Ordering::SeqCst), 1, "how often a reply was made");
        }
        assert!(self.lane.is_gone());
        assert_eq!(self.lane.backlog().queued_bytes, 0);
    }
}

fn counted<T: 'static>(count: &Arc<AtomicUsize>) -> Reply<T> {
    let count = Arc::clone(count);
    Box::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    })
}

fn limits() -> Limits {
    Limits { deadline: None, holds: true }
}

#[test]
fn a_producer_that_waits_is_always_woken() {
    explore(4, || {
        let scene = Scene::begin(1, LONG);
        for _ in 0..2 {
            assert!(scene.lane.push_waiting(b"x", limits()));
        }
        scene.lane.finish(scene.reply());
        scene.end();
    });
}

#[test]
fn two_producers_that_wait_are_both_woken() {
    explore(3, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        let producer = thread::spawn(move || assert!(other.lane.push_waiting(b"y", limits())));
        assert!(scene.lane.push_waiting(b"x", limits()));
        producer.join().unwrap();
        scene.lane.finish(scene.reply());
        scene.end();
    });
}

#[test]
fn who_asks_for_room_is_told() {
    explore(4, || {
        let scene = Scene::begin(1, LONG);
        assert!(scene.lane.push_if_room(b"x"));
        scene.lane.when_room(scene.reply());
        scene.lane.finish(scene.reply());
        scene.end();
    });
}

#[test]
fn a_producer_that_waits_is_let_go_by_an_abort() {
    explore(3, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        let aborts = thread::spawn(move || other.lane.abort(Scene::error(), Some(other.reply())));
        for _ in 0..3 {
            scene.lane.push_waiting(b"x", limits());
        }
        aborts.join().unwrap();
        scene.lane.finish(scene.reply());
        scene.end();
    });
}

#[test]
fn finish_and_abort_at_the_same_time_answer_everybody_once() {
    explore(4, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        let aborts = thread::spawn(move || other.lane.abort(Scene::error(), Some(other.reply())));
        scene.lane.finish(scene.reply());
        aborts.join().unwrap();
        scene.end();
    });
}

#[test]
fn a_writer_that_is_dropped_while_its_owner_ends_leaves_nobody_waiting() {
    explore(4, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        let ends = thread::spawn(move || {
            other.lane.abort(Scene::error(), None);
            // Does not time out: it ends because nothing is left.
            other.lane.wait_gone(Instant::now() + LONG, LONG);
        });
        scene.lane.release();
        ends.join().unwrap();
        scene.end();
    });
}

#[test]
fn a_finish_survives_its_writer_and_an_owner_that_ends_waits_for_it() {
    explore(3, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        scene.lane.finish(scene.reply());
        let ends = thread::spawn(move || {
            other.lane.abort(Scene::error(), None);
            other.lane.wait_gone(Instant::now() + LONG, LONG);
        });
        scene.lane.release();
        ends.join().unwrap();
        scene.end();
    });
}

/// Whoever decides first: the clock, in the middle of any step, or the thread.
#[test]
fn a_clock_that_ends_a_capture_while_its_thread_goes_on_answers_everybody_once() {
    explore(4, || {
        let scene = Scene::begin(1, Duration::ZERO);
        let other = Arc::clone(&scene);
        let clock = thread::spawn(move || {
            let much_later = Instant::now() + LONG;
            other.lane.look(much_later);
            other.lane.look(much_later);
        });
        scene.lane.finish(scene.reply());
        scene.lane.abort(Scene::error(), Some(scene.reply()));
        clock.join().unwrap();
        scene.end();
    });
}

#[test]
fn a_lane_that_no_thread_comes_to_is_answered_once() {
    explore(4, || {
        let scene = Scene::begin(1, LONG);
        let other = Arc::clone(&scene);
        let aborts = thread::spawn(move || other.lane.abort(Scene::error(), Some(other.reply())));
        scene.lane.finish(scene.reply());
        scene.lane.release();
        aborts.join().unwrap();
        scene.end();
    });
}
