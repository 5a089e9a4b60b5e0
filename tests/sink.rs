//! The sink's promises, with test doubles in the place of the disk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod captures;

use std::io::{self, Write};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use captures::{Double, Gate, abort, begin, behind, finish, plan, read, read_to_end, reply, sponge, to_stream};
use heapkit::sink::{Committed, Output, Overflow, Pipe, Plan, Sink, Target};
use heapkit::{Error, ErrorKind, Result};

fn works(sink: &Sink) {
    let writer = begin(sink, plan(sponge()));
    assert!(writer.write(b"the next capture works"));
    assert_eq!(finish(&writer).unwrap().raw_bytes, 22);
}

#[test]
fn counts_and_digests_what_it_puts_out() {
    let sink = Sink::default();
    let writer = begin(&sink, plan(sponge()));
    assert!(writer.write(b"ab") && writer.write(b"c"));
    let written = finish(&writer).unwrap();
    assert_eq!((written.raw_bytes, written.bytes, written.path), (3, 3, None));
    // FIPS 180-2, appendix B.1.
    assert_eq!(written.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/// 200 MB through a disk that moves only when the queue is full: the queue is full nearly all the time, and never holds
/// more than its bound.
#[test]
fn a_slow_disk_never_makes_the_queue_pass_its_bound() {
    const TOTAL: usize = 200 << 20;
    const BOUND: usize = 1 << 20;
    let sink = Sink::default();
    let full = Arc::new(Gate::default());
    let first = Arc::clone(&full);
    let (put, mut received) = (Arc::new(Mutex::new(0_usize)), 0_usize);
    let count = Arc::clone(&put);
    let slow = move |bytes: &[u8]| {
        first.wait();
        received += bytes.len();
        *count.lock().unwrap() = received;
        Ok(())
    };
    let writer = begin(&sink, Plan { queue_bytes: BOUND, ..plan(Double(slow)) });
    let chunk = vec![7_u8; 100 << 10];
    // The disk is shut: the queue takes what fits, and says so.
    let mut offered = 0;
    while writer.offer(&chunk) {
        offered += chunk.len();
    }
    assert!(offered <= BOUND && offered + chunk.len() > BOUND, "{offered}");
    assert_eq!(writer.backlog().queued_bytes, offered);
    full.open();
    while offered < TOTAL {
        assert!(writer.write(&chunk));
        offered += chunk.len();
        assert!(offered - *put.lock().unwrap() <= BOUND + chunk.len());
    }
    assert_eq!(finish(&writer).unwrap().raw_bytes, offered as u64);
    let peak = writer.backlog().peak_queued_bytes;
    assert!(peak <= BOUND, "peak {peak}");
}

#[test]
fn one_large_write_is_cut_to_fit() {
    let sink = Sink::default();
    let writer = begin(&sink, Plan { queue_bytes: 64 << 10, ..plan(sponge()) });
    assert!(writer.write(&vec![1; 10 << 20]));
    assert_eq!(finish(&writer).unwrap().bytes, 10 << 20);
    assert!(writer.backlog().peak_queued_bytes <= 64 << 10);
}

#[test]
fn tells_when_there_is_room_again() {
    let sink = Sink::default();
    let gate = Arc::new(Gate::default());
    let writer = begin(&sink, plan(behind(&gate)));
    while writer.offer(&[0; 64 << 10]) {}
    let (room, has_room) = reply();
    writer.when_room(room);
    assert!(has_room.try_recv().is_err());
    gate.open();
    has_room.recv().unwrap().unwrap();
    assert!(writer.offer(&[0; 64 << 10]));
    finish(&writer).unwrap();
}

#[test]
fn an_error_of_the_disk_fails_one_capture() {
    let sink = Sink::default();
    let mut left = 10_usize;
    let broken = move |_: &[u8]| {
        left -= 1;
        if left == 0 { Err(Error::from(ErrorKind::Exists { path: "x".into() }).into()) } else { Ok(()) }
    };
    let writer = begin(&sink, plan(Double(broken)));
    while writer.write(&[0; 1000]) {}
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_EXISTS");
    assert_eq!(writer.backlog().queued_bytes, 0);
    works(&sink);
}

/// A target whose every method can panic.
struct Panics(&'static str);

impl Target for Panics {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        assert!(self.0 != "open", "at open");
        Ok(self)
    }
}

impl Write for Panics {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(self.0 != "write", "at write");
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Panics {
    fn commit(self: Box<Self>, _: &dyn Fn() -> bool) -> Result<Committed> {
        assert!(self.0 != "commit", "at commit");
        Ok(Committed::default())
    }
}

#[test]
fn a_panic_anywhere_fails_one_capture_and_is_answered() {
    let sink = Sink::default();
    for place in ["open", "write", "commit"] {
        let (opened, is_open) = reply();
        let writer = sink.begin(Plan { target: Box::new(Panics(place)), ..plan(sponge()) }, opened);
        let error = match is_open.recv().unwrap() {
            Err(error) => error,
            Ok(()) => {
                writer.write(b"x");
                finish(&writer).unwrap_err()
            }
        };
        assert_eq!(error.code(), "HEAPKIT_ERR_INTERNAL");
        assert!(error.to_string().contains(&format!("at {place}")), "{error}");
        works(&sink);
    }
}

#[test]
fn a_disk_that_takes_nothing_does_not_hold_the_producer_forever() {
    let sink = Sink::default();
    let gate = Arc::new(Gate::default());
    let writer = begin(&sink, Plan { patience: Duration::from_millis(50), ..plan(behind(&gate)) });
    while writer.write(&[0; 1000]) {}
    assert!(!writer.write(b"dropped at once"));
    let (done, written) = reply();
    writer.finish(done);
    gate.open();
    let error = written.recv().unwrap().unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
    works(&sink);
}

/// What they have waited in sum is longer than the time that has passed.
#[test]
fn producers_that_wait_at_the_same_time_are_both_served() {
    let sink = Sink::default();
    let gate = Arc::new(Gate::default());
    let writer = begin(&sink, Plan { queue_bytes: 1000, ..plan(behind(&gate)) });
    while writer.offer(&[0; 250]) {}
    std::thread::scope(|scope| {
        let producers = [(); 4].map(|()| scope.spawn(|| writer.write_holding(&[0; 250])));
        // Time for them to come so far that they wait; none of it is needed to pass.
        std::thread::sleep(Duration::from_millis(100));
        gate.open();
        assert!(producers.into_iter().all(|producer| producer.join().unwrap()));
    });
    assert_eq!(finish(&writer).unwrap().raw_bytes, 2000);
}

#[test]
fn a_deadline_ends_a_capture() {
    let sink = Sink::default();
    let deadline = Some((Instant::now(), Duration::from_millis(7)));
    let writer = begin(&sink, Plan { deadline, ..plan(sponge()) });
    assert!(!writer.write(b"x"));
    let error = finish(&writer).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_TIMEOUT");
    assert!(error.to_string().contains("7 ms"), "{error}");
}

#[test]
fn an_aborted_capture_says_so_wherever_it_stands() {
    struct Behind(Arc<Gate>);
    impl Target for Behind {
        fn open(self: Box<Self>) -> heapkit::Result<Box<dyn Output>> {
            self.0.wait();
            Ok(Box::new(Double(|_: &[u8]| panic!("given up before"))))
        }
    }
    let sink = Sink::default();
    // Under way.
    let writer = begin(&sink, plan(sponge()));
    writer.write(b"x");
    abort(&writer).recv().unwrap().unwrap();
    assert!(!writer.write(b"y"));
    assert!(finish(&writer).unwrap_err().to_string().contains("enough"));
    // Before it was open.
    let gate = Arc::new(Gate::default());
    let (opened, is_open) = reply();
    let writer = sink.begin(plan(Behind(Arc::clone(&gate))), opened);
    let is_gone = abort(&writer);
    gate.open();
    assert_eq!(is_open.recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    is_gone.recv().unwrap().unwrap();
    // After it was complete.
    let writer = begin(&sink, plan(sponge()));
    finish(&writer).unwrap();
    abort(&writer).recv().unwrap().unwrap();
}

#[test]
fn an_owner_that_ends_takes_its_captures_along() {
    struct Dropped(std::sync::mpsc::Sender<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let sink = Sink::default();
    let (send, dropped) = channel();
    let token = Dropped(send);
    let theirs = begin(
        &sink,
        Plan {
            owner: 1,
            ..plan(Double(move |_: &[u8]| {
                let _ = &token;
                Ok(())
            }))
        },
    );
    let ours = begin(&sink, Plan { owner: 2, ..plan(sponge()) });
    sink.abandon(1, Duration::from_secs(60));
    dropped.try_recv().unwrap();
    assert!(!theirs.write(b"x"));
    assert!(finish(&theirs).is_err());
    assert!(ours.write(b"x"));
    finish(&ours).unwrap();
}

#[test]
fn a_dropped_writer_gives_its_capture_up_but_not_one_that_is_being_finished() {
    let sink = Sink::default();
    let writer = begin(&sink, plan(sponge()));
    writer.write(b"x");
    let (done, written) = reply();
    writer.finish(done);
    drop(writer);
    assert_eq!(written.recv().unwrap().unwrap().bytes, 1);
    drop(begin(&sink, plan(sponge())));
    works(&sink);
}

/// Backpressure end to end: with nobody reading, a capture of any size stops at the pipe's and the queue's bounds.
#[test]
fn a_stream_that_is_not_read_holds_its_producer() {
    let sink = Sink::default();
    let pipe = Pipe::new(Overflow::Wait);
    let writer = begin(&sink, to_stream(&pipe));
    let piece = vec![3_u8; 100 << 10];
    let mut taken = 0;
    // Bounded by the loop, not by a clock: 100 MB would have to fit otherwise.
    let mut refused = 0;
    while refused < 1000 && taken < 100 << 20 {
        if writer.offer(&piece) {
            taken += piece.len();
        } else {
            refused += 1;
            std::thread::yield_now();
        }
    }
    assert!(taken < 16 << 20, "{taken} bytes were taken though nobody reads");
    works(&sink);
    let first = read(&writer).unwrap().unwrap().len();
    let (done, written) = reply();
    writer.finish(done);
    assert_eq!(first + read_to_end(&writer), taken);
    assert_eq!(written.recv().unwrap().unwrap().bytes, taken as u64);
}

#[test]
fn a_closed_stream_fails_its_capture() {
    let sink = Sink::default();
    let pipe = Pipe::new(Overflow::Spool(std::env::temp_dir()));
    let writer = begin(&sink, to_stream(&pipe));
    pipe.close();
    while writer.write(&[0; 1000]) {}
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    works(&sink);
}
