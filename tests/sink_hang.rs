//! Disks that hang: nobody notices but their own captures, and those are told in time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod captures;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use captures::{Double, Gate, LONG, abort, begin, enough, finish, read, read_to_end, reply, sponge, to_stream, until};
use heapkit::sink::{Committed, Output, Overflow, Pipe, Plan, Sink, Target, Transform, Writer, Written};
use heapkit::{Error, Result};

const SHORT: Duration = Duration::from_millis(50);
/// As many threads as there are in one place, and in all.
const PER_PLACE: usize = 4;
const MOST: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Nowhere,
    Open,
    Write,
    Commit,
    Drop,
}

/// A volume that hangs until it is let go.
#[derive(Default)]
struct Volume {
    gate: Gate,
    /// Who has come so far that it hangs.
    held: AtomicUsize,
    completed: AtomicUsize,
    withdrawn: AtomicUsize,
    dropped: AtomicUsize,
}

impl Volume {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn hang(&self) {
        self.held.fetch_add(1, Ordering::SeqCst);
        self.gate.wait();
    }

    fn let_go(&self) {
        self.gate.open();
    }

    fn holds(&self, count: usize) {
        until(|| self.held.load(Ordering::SeqCst) >= count);
    }
}

/// Whether its thread waits for a processor, and not at the gate.
#[cfg(target_os = "linux")]
fn is_runnable(writer: &Writer) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{}/stat", writer.thread().unwrap())).unwrap();
    stat.rsplit_once(") ").unwrap().1.starts_with('R')
}

#[cfg(not(target_os = "linux"))]
fn is_runnable(_writer: &Writer) -> bool {
    false
}

/// A file on such a volume.
struct Hangs(Arc<Volume>, At);

impl Hangs {
    fn at(&self, place: At) {
        if self.1 == place {
            self.0.hang();
        }
    }
}

impl Target for Hangs {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        self.at(At::Open);
        Ok(Box::new(File(*self, false)))
    }
}

struct File(Hangs, bool);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.at(At::Write);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for File {
    fn commit(mut self: Box<Self>, is_wanted: &dyn Fn() -> bool) -> Result<Committed> {
        assert!(is_wanted());
        self.0.at(At::Commit);
        self.1 = true;
        let volume = Arc::clone(&self.0.0);
        volume.completed.fetch_add(1, Ordering::SeqCst);
        let withdraw = move || {
            volume.withdrawn.fetch_add(1, Ordering::SeqCst);
        };
        Ok(Committed { path: None, withdraw: Some(Box::new(withdraw)) })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if !self.1 {
            self.0.at(At::Drop);
            self.0.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn plan(volume: &Arc<Volume>, at: At, place: &str) -> Plan {
    Plan { place: Some(PathBuf::from(place)), ..captures::plan(Hangs(Arc::clone(volume), at)) }
}

/// On a disk that does not hang.
fn sound(place: &str) -> Plan {
    Plan { place: Some(PathBuf::from(place)), ..captures::plan(sponge()) }
}

fn works(sink: &Sink, place: &str) {
    let writer = begin(sink, sound(place));
    assert!(writer.write(b"works"));
    assert_eq!(finish(&writer).unwrap().raw_bytes, 5);
}

/// A capture that hangs at this point, and what it waits for there.
struct Stuck {
    writer: Writer,
    opened: Option<Receiver<Result<()>>>,
    written: Option<Receiver<Result<Written>>>,
}

fn stuck(sink: &Sink, plan: Plan, volume: &Volume, at: At) -> Stuck {
    let (opened, is_open) = reply();
    let writer = sink.begin(plan, opened);
    if at == At::Open {
        volume.holds(1);
        return Stuck { writer, opened: Some(is_open), written: None };
    }
    is_open.recv().unwrap().unwrap();
    assert!(writer.write(b"x"));
    let (done, written) = reply();
    match at {
        At::Commit => writer.finish(done),
        At::Drop => writer.abort(enough(), reply().0),
        _ => {
            volume.holds(1);
            writer.finish(done);
        }
    }
    volume.holds(1);
    Stuck { writer, opened: None, written: (at != At::Drop).then_some(written) }
}

const EVERYWHERE: [At; 4] = [At::Open, At::Write, At::Commit, At::Drop];

#[test]
fn a_disk_that_hangs_anywhere_holds_up_no_capture_but_its_own() {
    for at in EVERYWHERE {
        let (sink, volume) = (Sink::default(), Volume::new());
        let stuck = stuck(&sink, plan(&volume, at, "/dead"), &volume, at);
        works(&sink, "/healthy");
        works(&sink, "/dead/but/another/volume");
        // Streams go nowhere.
        let stream = begin(&sink, to_stream(&Pipe::new(Overflow::Wait)));
        assert!(stream.write(b"streams"));
        assert_eq!(read(&stream).unwrap().unwrap(), b"streams");
        let (listed, list) = reply();
        sink.ask(PathBuf::from("/healthy"), LONG, || Ok(7), listed);
        assert_eq!(list.recv().unwrap().unwrap(), 7);
        volume.let_go();
        if let Some(written) = stuck.written {
            written.recv().unwrap().unwrap();
        }
    }
}

#[test]
fn whoever_gives_up_a_capture_that_hangs_is_answered_once_and_the_rest_goes_when_the_disk_is_back() {
    for at in [At::Open, At::Write, At::Commit] {
        let (sink, volume) = (Sink::default(), Volume::new());
        let stuck = stuck(&sink, plan(&volume, at, "/dead"), &volume, at);
        // The disk hangs all the while.
        abort(&stuck.writer).recv().unwrap().unwrap();
        let code = |error: Error| assert_eq!(error.code(), "HEAPKIT_ERR_ABORTED", "{at:?}: {error}");
        if let Some(opened) = stuck.opened {
            code(opened.recv().unwrap().unwrap_err());
        }
        match stuck.written {
            Some(written) => code(written.recv().unwrap().unwrap_err()),
            None => code(finish(&stuck.writer).unwrap_err()),
        }
        // Once more, and at once: the thread is known to hang by now.
        abort(&stuck.writer).try_recv().unwrap().unwrap();
        assert!(!stuck.writer.write(b"y") && stuck.writer.is_over());
        volume.let_go();
        until(|| volume.dropped.load(Ordering::SeqCst) + volume.withdrawn.load(Ordering::SeqCst) == 1);
        assert_eq!(volume.completed.load(Ordering::SeqCst), usize::from(at == At::Commit));
        works(&sink, "/dead");
    }
}

#[test]
fn a_thread_that_is_known_to_hang_is_not_waited_for() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let stuck = stuck(&sink, plan(&volume, At::Write, "/dead"), &volume, At::Write);
    until(|| !is_runnable(&stuck.writer));
    // Longer than what a capture has for leaving nothing behind.
    std::thread::sleep(Duration::from_millis(1100));
    abort(&stuck.writer).try_recv().unwrap().unwrap();
    assert!(stuck.written.unwrap().try_recv().unwrap().is_err());
    volume.let_go();
}

#[test]
fn an_output_that_hangs_while_it_is_removed_does_not_hold_the_answer() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let writer = begin(&sink, plan(&volume, At::Drop, "/dead"));
    abort(&writer).recv().unwrap().unwrap();
    assert_eq!(volume.held.load(Ordering::SeqCst), 1);
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    volume.let_go();
}

#[test]
fn a_disk_that_hangs_ends_its_capture_by_itself_after_the_patience() {
    for (at, message) in [(At::Open, "The volume of /dead has not answered"), (At::Write, "The disk took no data")] {
        let (sink, volume) = (Sink::default(), Volume::new());
        let stuck = stuck(&sink, Plan { patience: SHORT, ..plan(&volume, at, "/dead") }, &volume, at);
        let error = match (stuck.opened, stuck.written) {
            (Some(opened), _) => opened.recv().unwrap().unwrap_err(),
            (_, written) => written.unwrap().recv().unwrap().unwrap_err(),
        };
        assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
        assert!(error.to_string().contains(message), "{error}");
        volume.let_go();
        until(|| volume.dropped.load(Ordering::SeqCst) == 1);
    }
}

/// Where the thread waits for room, too.
#[test]
fn a_producer_that_waits_for_room_is_let_go_when_its_disk_hangs() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let writer = begin(&sink, Plan { patience: SHORT, ..plan(&volume, At::Write, "/dead") });
    while writer.offer(&[0; 1000]) {}
    let (room, has_room) = reply();
    writer.when_room(room);
    has_room.recv().unwrap().unwrap();
    assert!(writer.is_over());
    assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_STALLED");
    volume.let_go();
}

#[test]
fn a_producer_on_another_thread_is_let_go_by_an_abort() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let writer = begin(&sink, plan(&volume, At::Write, "/dead"));
    std::thread::scope(|scope| {
        let producer = scope.spawn(|| while writer.write(&[0; 1000]) {});
        until(|| writer.backlog().queued_bytes > (1 << 20) - 1000);
        writer.abort(enough(), reply().0);
        producer.join().unwrap();
    });
    volume.let_go();
}

/// What it has spooled can be neither read nor removed.
#[test]
fn the_reader_of_a_stream_is_told_when_its_spool_hangs() {
    let (sink, patience) = (Sink::default(), Duration::from_secs(2));
    let pipe = Pipe::new(Overflow::Spool(std::env::temp_dir()));
    let stream = begin(&sink, Plan { place: Some(PathBuf::from("/spool")), patience, ..to_stream(&pipe) });
    assert!(stream.write(&vec![1; 9 << 20]));
    finish(&stream).unwrap();
    until(|| stream.thread().is_none());
    // Now its directory hangs, too.
    let other = Volume::new();
    let hangs = stuck(&sink, Plan { patience, ..plan(&other, At::Open, "/spool") }, &other, At::Open);
    hangs.opened.unwrap().recv().unwrap().unwrap_err();
    let mut pieces = 0;
    let error = loop {
        match read(&stream) {
            Ok(_) => pieces += 1,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("The volume of /spool hangs"), "{error}");
    assert!(pieces > 0, "what is in memory can be had");
    other.let_go();
}

#[test]
fn a_capture_every_minute_to_a_volume_that_hangs_does_not_take_a_thread_every_minute() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let short = || Plan { patience: SHORT, ..plan(&volume, At::Open, "/dead") };
    for count in 0..50 {
        let (opened, is_open) = reply();
        let writer = sink.begin(short(), opened);
        let error = is_open.recv().unwrap().unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
        let what = if count == 0 { "has not answered for" } else { "hangs: an earlier capture has waited" };
        assert!(error.to_string().contains(&format!("The volume of /dead {what}")), "{error}");
        assert_eq!(finish(&writer).unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    }
    let (listed, list) = reply();
    sink.ask(PathBuf::from("/dead"), SHORT, || Ok(()), listed);
    assert_eq!(list.recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_STALLED");
    assert_eq!(volume.held.load(Ordering::SeqCst), 1);
    works(&sink, "/healthy");
    volume.let_go();
    until(|| volume.dropped.load(Ordering::SeqCst) == 1);
    works(&sink, "/dead");
}

#[test]
fn as_many_at_once_take_no_more_threads_than_one_place_has_and_are_told_when_none_comes_back() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let ask = || {
        let (opened, is_open) = reply();
        let plan = Plan { patience: Duration::from_millis(500), ..plan(&volume, At::Open, "/dead") };
        (sink.begin(plan, opened), is_open)
    };
    let mut begun: Vec<_> = (0..PER_PLACE).map(|_| ask()).collect();
    volume.holds(PER_PLACE);
    begun.extend((0..36).map(|_| ask()));
    works(&sink, "/healthy");
    for (index, (_, is_open)) in begun.iter().enumerate() {
        let error = is_open.recv().unwrap().unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
        let what = if index < PER_PLACE { "has not answered for" } else { "hangs: an earlier capture has waited" };
        assert!(error.to_string().contains(&format!("The volume of /dead {what}")), "{error}");
    }
    assert_eq!(volume.held.load(Ordering::SeqCst), PER_PLACE);
    volume.let_go();
}

#[test]
fn four_hundred_at_once_are_served_in_turn() {
    let sink = Sink::default();
    let most = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    struct Counted(Arc<(AtomicUsize, AtomicUsize)>);
    impl Target for Counted {
        fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
            let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
            self.0.1.fetch_max(now, Ordering::SeqCst);
            std::thread::yield_now();
            self.0.0.fetch_sub(1, Ordering::SeqCst);
            Ok(Box::new(File(Hangs(Volume::new(), At::Nowhere), false)))
        }
    }
    let begun: Vec<_> = (0..400)
        .map(|count| {
            let (opened, is_open) = reply();
            let place = format!("/dir{}", count % 3);
            let target = Box::new(Counted(Arc::clone(&most)));
            (sink.begin(Plan { target, ..sound(&place) }, opened), is_open)
        })
        .collect();
    let mut written = Vec::new();
    for (writer, is_open) in &begun {
        is_open.recv().unwrap().unwrap();
        let (done, is_done) = reply();
        writer.finish(done);
        written.push(is_done);
    }
    for one in written {
        one.recv().unwrap().unwrap();
    }
    assert!(most.1.load(Ordering::SeqCst) <= MOST);
}

#[test]
fn where_all_threads_are_taken_the_next_one_waits_but_not_for_ever() {
    let sink = Sink::default();
    let all: Vec<_> = (0..MOST).map(|count| begin(&sink, sound(&format!("/dir{count}")))).collect();
    let (opened, is_open) = reply();
    let impatient = sink.begin(Plan { patience: SHORT, ..sound("/late") }, opened);
    let error = is_open.recv().unwrap().unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
    assert!(error.to_string().contains("No thread was free for /late") && error.to_string().contains("16"), "{error}");
    assert!(finish(&impatient).is_err());
    // A question that was not asked for want of a thread says nothing of a disk.
    let (listed, list) = reply();
    sink.ask(PathBuf::from("/late"), SHORT, || Ok(()), listed);
    let error = list.recv().unwrap().unwrap_err();
    assert!(error.to_string().contains("No thread was free for /late"), "{error}");
    // Whoever has patience gets the place of the first that ends.
    let (opened, is_open) = reply();
    let patient = sink.begin(sound("/late"), opened);
    assert!(is_open.try_recv().is_err());
    // One that waits can be given up at once.
    let (opened, given_up) = reply();
    abort(&sink.begin(sound("/late"), opened)).try_recv().unwrap().unwrap();
    assert_eq!(given_up.try_recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    // Of such a one nothing is left, so its owner waits for nothing.
    let (opened, ended) = reply();
    let waiting = sink.begin(Plan { owner: 7, ..sound("/late") }, opened);
    let begun = Instant::now();
    sink.abandon(7, LONG / 10);
    assert!(begun.elapsed() < LONG / 10);
    assert_eq!(ended.try_recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    drop(waiting);
    finish(&all[0]).unwrap();
    is_open.recv().unwrap().unwrap();
    finish(&patient).unwrap();
    all.iter().skip(1).for_each(|writer| drop(finish(writer).unwrap()));
}

/// What it has opened stays until a thread is free, but nobody is made to wait for that twice.
#[test]
fn whoever_gives_up_a_stream_that_no_thread_comes_to_is_answered_each_time() {
    let sink = Sink::default();
    let stream = begin(&sink, Plan { queue_bytes: 4 << 20, ..to_stream(&Pipe::new(Overflow::Wait)) });
    assert!(stream.write(&vec![3; 6 << 20]));
    let (done, written) = reply();
    stream.finish(done);
    until(|| stream.thread().is_none());
    let all: Vec<_> = (0..MOST).map(|count| begin(&sink, sound(&format!("/dir{count}")))).collect();
    abort(&stream).recv().unwrap().unwrap();
    assert_eq!(written.recv().unwrap().unwrap_err().code(), "HEAPKIT_ERR_ABORTED");
    abort(&stream).try_recv().unwrap().unwrap();
    all.iter().for_each(|writer| drop(finish(writer).unwrap()));
}

#[test]
fn an_owner_that_ends_waits_for_a_disk_that_hangs_once_and_not_long() {
    for at in EVERYWHERE {
        let (sink, volume) = (Sink::default(), Volume::new());
        let stuck = stuck(&sink, Plan { owner: 7, ..plan(&volume, at, "/dead") }, &volume, at);
        let begun = Instant::now();
        sink.abandon(7, Duration::from_millis(100));
        let took = begun.elapsed();
        // Thread and disk hang for longer than this now, and that is known.
        sink.abandon(7, Duration::from_millis(50));
        sink.abandon(7, LONG.min(took));
        assert!(begun.elapsed() < Duration::from_secs(60), "{at:?}");
        drop(stuck);
        volume.let_go();
    }
}

#[test]
fn a_disk_that_takes_something_now_and_then_does_not_hold_a_service_for_ever() {
    let sink = Sink::default();
    // A piece every 20 ms, long before the patience is over each time.
    let take = |_: &[u8]| {
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    };
    let slow = || Plan { queue_bytes: 4000, patience: Duration::from_secs(2), ..captures::plan(Double(take)) };
    let writer = begin(&sink, slow());
    let taken = (0..10_000).take_while(|_| writer.write_holding(&[0; 1000])).count();
    assert!(taken < 10_000, "the service was held for more than three minutes");
    let error = finish(&writer).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_STALLED");
    assert!(error.to_string().contains("stopped for 2 s in sum"), "{error}");
    // Who holds nobody up may take as long as the disk needs.
    let writer = begin(&sink, Plan { patience: Duration::from_millis(500), ..slow() });
    assert!((0..100).all(|_| writer.write(&[0; 1000])));
    finish(&writer).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn the_thread_of_a_capture_is_one_from_its_opening_to_its_end() {
    let sink = Sink::default();
    let (one, other) = (begin(&sink, sound("/one")), begin(&sink, sound("/other")));
    let (of_one, of_other) = (one.thread().unwrap(), other.thread().unwrap());
    assert_ne!(of_one, of_other);
    // Longer than a thread waits for a reader.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(one.write(b"x"));
    assert_eq!(one.thread(), Some(of_one));
    let task = PathBuf::from(format!("/proc/self/task/{of_one}"));
    assert_eq!(std::fs::read_to_string(task.join("comm")).unwrap(), "heapkit-sink\n");
    finish(&one).unwrap();
    until(|| one.thread().is_none() && !task.exists());
    finish(&other).unwrap();
}

/// Its lane is written to the end; only the reader is late. More of them than there are threads do not keep a capture waiting.
#[test]
fn streams_that_wait_for_their_readers_keep_no_threads() {
    let sink = Sink::default();
    let piece = vec![3_u8; 1 << 20];
    let streams: Vec<_> = (0..2 * MOST)
        .map(|_| {
            let writer = begin(&sink, Plan { queue_bytes: 4 << 20, ..to_stream(&Pipe::new(Overflow::Wait)) });
            (0..6).for_each(|_| assert!(writer.write(&piece)));
            let (done, written) = reply();
            writer.finish(done);
            (writer, written)
        })
        .collect();
    works(&sink, "/healthy");
    for (writer, written) in streams {
        assert_eq!(read_to_end(&writer), 6 << 20);
        assert_eq!(written.recv().unwrap().unwrap().bytes, 6 << 20);
    }
}

/// Works something out at the end of a capture, until the gate is open or nobody wants it any more.
struct Ponders {
    volume: Arc<Volume>,
    gives_up: bool,
}

impl Transform for Ponders {
    fn push(&mut self, _raw: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut Vec<u8>, is_wanted: &dyn Fn() -> bool) -> Result<Option<String>> {
        self.volume.held.fetch_add(1, Ordering::SeqCst);
        if self.gives_up {
            until(|| !is_wanted());
            return Err(enough());
        }
        self.volume.gate.wait();
        out.extend_from_slice(b"what it is");
        Ok(None)
    }
}

fn ponders(volume: &Arc<Volume>, gives_up: bool) -> Plan {
    let transform = Box::new(Ponders { volume: Arc::clone(volume), gives_up });
    let place = Some(PathBuf::from("/ponders"));
    Plan { transform: Some(transform), place, patience: SHORT, ..captures::plan(sponge()) }
}

#[test]
fn what_is_worked_out_at_the_end_is_no_disk_that_hangs() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let writer = begin(&sink, ponders(&volume, false));
    assert!(writer.write(b"what V8 says"));
    let (done, written) = reply();
    writer.finish(done);
    volume.holds(1);
    let since = Instant::now();
    until(|| since.elapsed() > 4 * SHORT);
    let other =
        begin(&sink, Plan { place: Some(PathBuf::from("/ponders")), patience: SHORT, ..captures::plan(sponge()) });
    assert!(finish(&other).is_ok());
    volume.let_go();
    let written = written.recv().unwrap().unwrap();
    assert_eq!((written.raw_bytes, written.bytes), (10, 10));
}

#[test]
fn what_is_worked_out_for_a_capture_that_was_given_up_ends() {
    let (sink, volume) = (Sink::default(), Volume::new());
    let writer = begin(&sink, ponders(&volume, true));
    let (done, written) = reply();
    writer.finish(done);
    volume.holds(1);
    assert!(abort(&writer).recv().unwrap().is_ok());
    assert!(written.recv().unwrap().is_err());
}
