//! Captures as a producer sees them, and disks of the test's own.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(unreachable_pub, missing_docs, reason = "not a library")]
#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use heapkit::sink::{Codec, Committed, Output, Pipe, Plan, Reply, Sink, StreamTarget, Target, Writer, Written};
use heapkit::{Error, ErrorKind, Result};

/// Never over in a test.
pub const LONG: Duration = Duration::from_secs(600);

pub fn reply<T: Send + 'static>() -> (Reply<T>, Receiver<Result<T>>) {
    let (send, receive) = channel();
    // Who is answered twice panics here.
    (Box::new(move |value| send.send(value).unwrap()), receive)
}

pub fn plan(target: impl Target + 'static) -> Plan {
    Plan {
        target: Box::new(target),
        place: None,
        pipe: None,
        transform: None,
        codec: Codec::None,
        queue_bytes: 1 << 20,
        patience: LONG,
        deadline: None,
        owner: 0,
    }
}

pub fn to_stream(pipe: &Arc<Pipe>) -> Plan {
    Plan { pipe: Some(Arc::clone(pipe)), ..plan(StreamTarget(Arc::clone(pipe))) }
}

pub fn try_begin(sink: &Sink, plan: Plan) -> Result<Writer> {
    let (opened, is_open) = reply();
    let writer = sink.begin(plan, opened);
    is_open.recv().unwrap().map(|()| writer)
}

pub fn begin(sink: &Sink, plan: Plan) -> Writer {
    try_begin(sink, plan).unwrap()
}

pub fn finish(writer: &Writer) -> Result<Written> {
    let (done, written) = reply();
    writer.finish(done);
    written.recv().unwrap()
}

pub fn read(writer: &Writer) -> Result<Option<Vec<u8>>> {
    let (next, bytes) = reply();
    writer.read(next);
    bytes.recv().unwrap()
}

/// How much there is from here to the end.
pub fn read_to_end(writer: &Writer) -> usize {
    std::iter::from_fn(|| read(writer).unwrap()).map(|bytes| bytes.len()).sum()
}

pub fn enough() -> Error {
    ErrorKind::Aborted { reason: String::from("enough") }.into()
}

/// Gives a capture up; what comes is for when nothing of it is left.
pub fn abort(writer: &Writer) -> Receiver<Result<()>> {
    let (gone, is_gone) = reply();
    writer.abort(enough(), gone);
    is_gone
}

pub fn until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A disk that does this with the bytes.
pub struct Double<W>(pub W);

impl<W: FnMut(&[u8]) -> io::Result<()> + Send + 'static> Target for Double<W> {
    fn open(self: Box<Self>) -> Result<Box<dyn Output>> {
        Ok(self)
    }
}

impl<W: FnMut(&[u8]) -> io::Result<()> + Send> Write for Double<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes).map(|()| bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: FnMut(&[u8]) -> io::Result<()> + Send> Output for Double<W> {
    fn commit(self: Box<Self>, _: &dyn Fn() -> bool) -> Result<Committed> {
        Ok(Committed::default())
    }
}

/// A disk that takes everything.
pub fn sponge() -> impl Target {
    Double(|_: &[u8]| Ok(()))
}

/// Something to wait at.
#[derive(Default)]
pub struct Gate(Mutex<bool>, Condvar);

impl Gate {
    pub fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    pub fn wait(&self) {
        let mut open = self.0.lock().unwrap();
        while !*open {
            open = self.1.wait(open).unwrap();
        }
    }
}

/// A disk that takes nothing before the gate is open.
pub fn behind(gate: &Arc<Gate>) -> impl Target + use<> {
    let gate = Arc::clone(gate);
    Double(move |_: &[u8]| {
        gate.wait();
        Ok(())
    })
}
