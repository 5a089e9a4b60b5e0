//! Fork-isolated work: a copy-on-write twin of the process does what would stop the process itself, and dies.
//!
//! Today's work is a heap snapshot; the twin knows nothing of it. What the child *is* and what it *does* are kept apart:
//!
//! * `sys`: the system calls, `unsafe`, one function each; `sys::condvar`, the patch without which V8 hangs in a child;
//! * `mappings`: makes the heap forkable, and puts Node's marks back; `smaps` reads what the kernel knows of them;
//! * `workers`: whether V8's own threads sleep, so that none is lost in the middle of a job;
//! * `child`: the child's life, from `fork` to `_exit`: first it is made harmless (`shared_memory`, `filter`), then the work is
//!   handed to it;
//! * `watch`: the parent's side: takes the child's bytes, looks after memory and progress;
//! * `twin`: the parent's hold on the child: ends it, learns how it ended, reaps it;
//! * `json_end`: sees when the bytes are complete.
//!
//! The order of things, and the thread of each:
//!
//! 1. [`prepare`] (thread `heapkit-fork`): is there memory for it? Which mappings are marked? Which threads are V8's?
//! 2. [`Prepared::is_quiet`] (the JavaScript thread, again and again, giving the loop back in between).
//! 3. [`Prepared::fork`] (the JavaScript thread; all of the pause is in here).
//! 4. The watch (`heapkit-fork` again): marks put back, bytes to the [`Outlet`], the child reaped. The thread ends.
//!
//! Invariants: whatever goes wrong goes wrong in the child; no child outlives its watch, and none is left a zombie; a
//! `Prepared` that is dropped leaves nothing behind.

mod child;
mod filter;
mod json_end;
mod mappings;
mod shared_memory;
mod smaps;
mod sys;
mod twin;
mod watch;
mod workers;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::error::{Error, ErrorKind, Result};
use crate::host::{MemoryLimits, is_filtered};
use mappings::Mappings;
use workers::Workers;

/// A child needs about this many times the used heap for a snapshot: V8's graph of it, with an entry for each node and edge, and
/// the pages that garbage collection makes its own. 7 times were measured for the heap of a service (`bench/pause.js`), 13 for one
/// of nothing but tiny objects; the watch is there for what the estimate does not see.
const SNAPSHOT_FACTOR: u64 = 8;
/// What a child needs for an empty heap.
const SNAPSHOT_BASE_BYTES: u64 = 32 << 20;

/// How an answer comes back: called once, on the thread of the watch.
pub type Reply<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// Where the child's bytes go.
pub trait Outlet: Send {
    /// Takes bytes if there is room; never waits.
    fn offer(&mut self, bytes: &[u8]) -> Offered;
    /// The largest piece that [`Outlet::offer`] takes.
    fn piece_bytes(&self) -> usize;
    /// How it stands with what it has taken.
    fn look(&self) -> Standing;
    /// How long bytes may wait while it does nothing at all.
    fn patience(&self) -> Duration;
    /// The failure of a capture whose bytes waited longer.
    fn stalled(&self, waited: Duration, waiting_bytes: usize) -> Error;
}

/// How an [`Outlet`] stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// Nobody wants the bytes any more.
    pub is_over: bool,
    /// Goes up with everything that it does.
    pub steps: u64,
    /// Bytes that it has taken and not yet dealt with.
    pub queued_bytes: usize,
}

/// What became of a piece that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It was taken.
    Taken,
    /// There was no room yet.
    Full,
    /// Nothing is taken any more.
    Over,
}

/// How much memory the work may take.
#[derive(Debug, Clone)]
pub struct MemoryRule {
    /// What the heap holds now.
    pub used_heap_bytes: u64,
    /// What must stay available; below it the child is killed.
    pub reserve_bytes: u64,
    /// Begin although the estimate exceeds what is available.
    pub force: bool,
}

/// How the child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its whole work was delivered.
    Delivered,
    /// The outlet takes nothing any more, and knows why.
    Unwanted,
    /// It was not, not a byte of it, for a reason that another attempt may not meet; with what was seen.
    Retry(String),
}

/// Everything that can be known beforehand; made off the JavaScript thread.
pub struct Prepared {
    mappings: Mappings,
    workers: Workers,
    ends: Ends,
    watch: Sender<watch::Order>,
}

/// The child's ends of the two pipes.
struct Ends {
    output: OwnedFd,
    errors: OwnedFd,
}

/// Writes all of it to a descriptor that [`Prepared::fork`] gave to the work: for the work, in the child.
pub fn write_from_child(descriptor: RawFd, bytes: &[u8]) -> Result<()> {
    sys::write_all(descriptor, bytes).map_err(|error| Error::io("write", Path::new("the pipe to the parent"), error))
}

/// About how many bytes a child needs for the snapshot of a heap.
pub fn estimate_bytes(used_heap_bytes: u64) -> u64 {
    used_heap_bytes.saturating_mul(SNAPSHOT_FACTOR).saturating_add(SNAPSHOT_BASE_BYTES)
}

/// Finds out, on a thread of its own, whether the work may begin, and what a fork needs; `v8_pool_size` is how many threads V8
/// has for its jobs. The thread then waits for [`Prepared::fork`], or for the `Prepared` to be dropped.
pub fn prepare(rule: MemoryRule, v8_pool_size: usize, outlet: Box<dyn Outlet>, reply: Reply<Prepared>) {
    let (watch, orders) = channel();
    let reply = std::sync::Arc::new(parking_lot::Mutex::new(Some(reply)));
    let answer = std::sync::Arc::clone(&reply);
    let spawned = thread::Builder::new().name(String::from("heapkit-fork")).spawn(move || {
        let Some(reply) = answer.lock().take() else { return };
        attend(&rule, v8_pool_size, outlet, reply, watch, &orders);
    });
    if let Err(error) = spawned
        && let Some(reply) = reply.lock().take()
    {
        reply(Err(Error::io("pthread_create", "heapkit-fork", error)));
    }
}

/// The life of the thread.
fn attend(
    rule: &MemoryRule,
    v8_pool_size: usize,
    outlet: Box<dyn Outlet>,
    reply: Reply<Prepared>,
    watch: Sender<watch::Order>,
    orders: &Receiver<watch::Order>,
) {
    let limits = MemoryLimits::of_this_process();
    let surveyed = catch_unwind(AssertUnwindSafe(|| survey(rule, v8_pool_size, &limits, watch)));
    match surveyed.unwrap_or_else(|_| Err(Error::internal("the preparation of a fork panicked"))) {
        Err(error) => reply(Err(error)),
        Ok((prepared, pipes)) => {
            reply(Ok(prepared));
            // Dropped without a fork: nothing was done yet.
            let Ok(order) = orders.recv() else { return };
            watch::run(order, pipes, outlet, &limits, rule.reserve_bytes);
        }
    }
}

fn survey(
    rule: &MemoryRule,
    v8_pool_size: usize,
    limits: &MemoryLimits,
    watch: Sender<watch::Order>,
) -> Result<(Prepared, watch::Pipes)> {
    // A filter of somebody else's may end whoever makes a call that it does not know: then the child finds out.
    if !is_filtered() {
        sys::probe_filter().map_err(|error| unsealed(&format!("seccomp(2) answers: {error}")))?;
    }
    check_memory(rule, limits)?;
    let proc_error = |error| Error::io("read", Path::new("/proc/self"), error);
    let mappings = Mappings::read().map_err(proc_error)?;
    let workers = Workers::find(v8_pool_size).map_err(proc_error)?;
    let (pipes, ends) = open_pipes().map_err(|error| Error::io("pipe", Path::new("of the child"), error))?;
    Ok((Prepared { mappings, workers, ends, watch }, pipes))
}

fn check_memory(rule: &MemoryRule, limits: &MemoryLimits) -> Result<()> {
    let needed = estimate_bytes(rule.used_heap_bytes);
    let Some(headroom) = limits.headroom() else { return Ok(()) };
    if rule.force || needed.saturating_add(rule.reserve_bytes) <= headroom.available_bytes {
        return Ok(());
    }
    let reason = format!(
        "it needs about {} ({SNAPSHOT_FACTOR} times the {} of heap in use), and {} are to stay free; {} are available of the \
         {} that {} allows. Give the service more memory, take the snapshot on a replica that has it, or try all the same \
         with `memory: {{ force: true }}`: the child is killed before memory runs out",
        mebibytes(needed),
        mebibytes(rule.used_heap_bytes),
        mebibytes(rule.reserve_bytes),
        mebibytes(headroom.available_bytes),
        mebibytes(headroom.limit_bytes),
        headroom.source
    );
    Err(ErrorKind::Memory { reason }.into())
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

fn open_pipes() -> io::Result<(watch::Pipes, Ends)> {
    let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let ((output, output_end), (errors, errors_end)) = (pipe()?, pipe()?);
    // Fewer turns; an unprivileged process may not have it, which is all right.
    let _ = rustix::pipe::fcntl_setpipe_size(&output, 1 << 20);
    for end in [&output, &errors] {
        let flags = rustix::fs::fcntl_getfl(end)?;
        rustix::fs::fcntl_setfl(end, flags | rustix::fs::OFlags::NONBLOCK)?;
    }
    Ok((watch::Pipes { output, errors }, Ends { output: output_end, errors: errors_end }))
}

impl Prepared {
    /// Whether V8's worker threads sleep at this moment: the moment to fork.
    pub fn is_quiet(&self) -> bool {
        self.workers.are_asleep()
    }

    /// Forks. In the child `work` is called with the descriptor that its output goes to, and the child ends with it: there this
    /// function does not return. What goes wrong it may say on descriptor 2. In the parent `reply` learns how it went on, or that it failed.
    /// `max_cpu` is the share of one processor that the child may have (1: all of it). Answers how long `fork(2)` itself took.
    pub fn fork(self, max_cpu: f64, work: impl FnOnce(RawFd) -> bool, reply: Reply<Outcome>) -> Option<Duration> {
        let Self { mappings, ends, watch, .. } = self;
        let inherited = child::Inherited {
            parent: std::process::id(),
            output: ends.output.as_raw_fd(),
            errors: ends.errors.as_raw_fd(),
            max_cpu,
        };
        let forked = mappings.clear_marks().and_then(|()| {
            let mask = sys::block_signals()?;
            let start = Instant::now();
            let forked = sys::fork();
            let took = start.elapsed();
            if !matches!(forked, Ok(None)) {
                sys::restore_signals(&mask);
            }
            forked.map(|child| (child, took))
        });
        match forked {
            Ok((None, _)) => child::live(&inherited, work),
            Ok((Some(child), took)) => {
                // Closes the child's ends and puts the marks back on its own time.
                let _ = watch.send(watch::Order { child: Pid::from_raw(child), mappings, ends, reply });
                Some(took)
            }
            Err(error) => {
                let _ = mappings.restore_marks();
                reply(Err(refused(&error)));
                None
            }
        }
    }
}

/// A child that cannot be made harmless is none.
fn unsealed(seen: &str) -> Error {
    let reason = format!(
        "a forked snapshot needs a child whose system calls are filtered, so that nothing it does is felt outside it, and that cannot be \
         had here: {seen}. It takes a kernel with CONFIG_SECCOMP_FILTER, and a sandbox that lets a process filter itself (Docker and \
         Kubernetes do by default). `mode: 'inline'` needs no child, but stops this thread while V8 takes the snapshot"
    );
    ErrorKind::Unsupported { reason }.into()
}

fn refused(error: &io::Error) -> Error {
    let advice = match error.raw_os_error() {
        Some(libc::ENOMEM) => "the system does not promise memory for a second process (vm.overcommit_memory=2?)",
        Some(libc::EAGAIN) => "a limit of processes is reached (RLIMIT_NPROC, or pids.max of the control group)",
        _ => "the system refused",
    };
    ErrorKind::Child { detail: format!("fork failed: {error}: {advice}. `mode: 'inline'` needs no second process") }
        .into()
}
