//! The lane under loom: all orders in which its threads can run, up to a bound of preemptions. `npm run test:loom`.
//!
//! Nothing times out here, so a lost wake-up is a deadlock; loom finds those itself. Each reply counts how often it is made.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread::{self, JoinHandle};

use super::*;
use crate::error::{Error, Result};
use crate::sink::crew::{Seat, Work};
use crate::sink::{Committed, Output};

const LONG: Duration = Duration::from_secs(86_400);

fn explore(preemptions: usize, patience: Duration, scenario: fn(&Arc<Scene>)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let scene = Scene::begin(patience);
        scenario(&scene);
        scene.end();
    });
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

/// A lane with room for one byte, whose threads are loom's.
struct Scene {
    lane: Arc<Lane>,
    threads: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>>,
    replies: std::sync::Mutex<Vec<Arc<AtomicUsize>>>,
}

impl Scene {
    fn begin(patience: Duration) -> Arc<Self> {
        let facts = Facts { owner: 1, place: None, bound: 1, pipe: None, patience };
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

    fn write(&self) -> bool {
        self.lane.push_waiting(b"x", Limits { deadline: None, holds: true })
    }

    fn finish(&self) {
        self.lane.finish(self.reply());
    }

    fn abort(&self) {
        self.lane.abort(Error::internal("enough"), Some(self.reply()));
    }

    /// What the sink does when the owner ends.
    fn abandon(&self) {
        self.lane.abort(Error::internal("enough"), None);
        // Nothing times out: this ends because nothing is left.
        self.lane.wait_gone(Instant::now() + LONG, LONG);
    }

    /// Does this at the same time.
    fn meanwhile(self: &Arc<Self>, theirs: fn(&Scene)) -> JoinHandle<()> {
        let scene = Arc::clone(self);
        thread::spawn(move || theirs(&scene))
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

#[test]
fn a_producer_that_waits_is_always_woken() {
    explore(4, LONG, |scene| {
        assert!(scene.write() && scene.write());
        scene.finish();
    });
}

#[test]
fn two_producers_that_wait_are_both_woken() {
    explore(3, LONG, |scene| {
        let producer = scene.meanwhile(|scene| assert!(scene.write()));
        assert!(scene.write());
        producer.join().unwrap();
        scene.finish();
    });
}

#[test]
fn who_asks_for_room_is_told() {
    explore(4, LONG, |scene| {
        assert!(scene.lane.push_if_room(b"x"));
        scene.lane.when_room(scene.reply());
        scene.finish();
    });
}

#[test]
fn a_producer_that_waits_is_let_go_by_an_abort() {
    explore(3, LONG, |scene| {
        let aborts = scene.meanwhile(Scene::abort);
        for _ in 0..3 {
            scene.write();
        }
        aborts.join().unwrap();
        scene.finish();
    });
}

#[test]
fn finish_and_abort_at_the_same_time_answer_everybody_once() {
    explore(4, LONG, |scene| {
        let aborts = scene.meanwhile(Scene::abort);
        scene.finish();
        aborts.join().unwrap();
    });
}

#[test]
fn a_writer_that_is_dropped_while_its_owner_ends_leaves_nobody_waiting() {
    explore(4, LONG, |scene| {
        let ends = scene.meanwhile(Scene::abandon);
        scene.lane.release();
        ends.join().unwrap();
    });
}

#[test]
fn a_finish_survives_its_writer_and_an_owner_that_ends_waits_for_it() {
    explore(3, LONG, |scene| {
        scene.finish();
        let ends = scene.meanwhile(Scene::abandon);
        scene.lane.release();
        ends.join().unwrap();
    });
}

/// Whoever decides first: the clock, in the middle of any step, or the thread.
#[test]
fn a_clock_that_ends_a_capture_while_its_thread_goes_on_answers_everybody_once() {
    explore(4, Duration::ZERO, |scene| {
        let clock = scene.meanwhile(|scene| {
            let much_later = Instant::now() + LONG;
            scene.lane.look(much_later);
            scene.lane.look(much_later);
        });
        scene.finish();
        scene.abort();
        clock.join().unwrap();
    });
}

#[test]
fn a_lane_that_no_thread_comes_to_is_answered_once() {
    explore(4, LONG, |scene| {
        let aborts = scene.meanwhile(Scene::abort);
        scene.finish();
        scene.lane.release();
        aborts.join().unwrap();
    });
}
