//! Fork-isolated work: a copy-on-write twin of the process does what would stop the process itself, and dies.
//!
//! The work is to read a heap: a snapshot, a timeline, a sampling profile. The twin knows nothing of it. What the child *is* and what it *does* are kept apart:
//!
//! * `sys`: the system calls, `unsafe`, one function each; `sys::condvar`, the patch without which V8 hangs in a child;
//! * `mappings`: makes the heap forkable, and puts Node's marks back; `smaps` reads what the kernel knows of them, and
//!   `large_blocks` finds what a snapshot does not need;
//! * `workers`: whether V8's own threads sleep, so that none is lost in the middle of a job; `locks`: whether those that children met
//!   locked are free;
//! * `child`: the child's life, from `fork` to `_exit`: first it is made harmless (`shared_memory`, `filter`), then the work is
//!   handed to it;
//! * `watch`: the parent's side: takes the child's bytes, looks after memory and progress;
//! * `twin`: the parent's hold on the child: ends it, learns how it ended, reaps it;
//! * `quota`: keeps the child and the compressor within what CPU quotas leave;
//! * `budget`: whether there is memory, before and meanwhile; `need` estimates it, `past` remembers, `shortage` says it in words;
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

mod budget;
mod child;
mod filter;
mod json_end;
mod large_blocks;
mod locks;
mod mappings;
mod need;
mod past;
mod quota;
mod shared_memory;
mod shortage;
mod smaps;
mod sys;
mod twin;
mod watch;
mod workers;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::Pid;

use crate::descriptors::above_standard;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{MemoryLimits, is_filtered};
use budget::Budget;
use locks::Locks;
use mappings::Mappings;
pub use need::{Heap, Wanted};
use quota::Governor;
pub use quota::Throttle;
use sys::share::SharePage;
use workers::Workers;

/// How long the service waits at the last moment for what the child needs at rest.
const BUSY_AT_MOST: Duration = Duration::from_millis(2);

/// How long one waits for another's fork. That one's thread may be stuck in JavaScript; then this one's child may be without some memory, end, and be replaced.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// Whose fork is next: between the survey of the mappings and the moment when their marks are back nobody else may look at them.
static TURN: Mutex<()> = Mutex::new(());

const NO_PROC: &str = "a forked capture must know what memory the process has and which of V8's threads sleep, and /proc/self cannot be \
     read: mount /proc in this container. `mode: 'inline'` does without, but stops this thread meanwhile";

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
    /// The thread that deals with what it takes, by the kernel's number.
    fn thread(&self) -> Option<i32>;
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
    /// What it is for.
    pub heap: Heap,
    /// What must stay available; below it the child is killed.
    pub reserve_bytes: u64,
    /// Begin although the estimate exceeds what is available.
    pub force: bool,
}

/// How much processor time the work may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CpuRule {
    /// What the CPU quotas of the control groups leave, for the child and the compressor together; without a quota, all.
    Auto,
    /// This share of one processor, above 0 to 1, for the child.
    Share(f64),
}

/// What is asked of a fork.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How much memory it may take.
    pub memory: MemoryRule,
    /// How much processor time.
    pub cpu: CpuRule,
    /// How many threads V8 has for its jobs.
    pub v8_pool_size: usize,
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
    locks: Locks,
    ends: Ends,
    watch: Sender<watch::Order>,
    /// Where the child reads what share of a processor it may have, if there is a limit.
    share: Option<Arc<SharePage>>,
    throttle: Arc<Throttle>,
    counts: bool,
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

/// Finds out, on a thread of its own, whether the work may begin, and what a fork needs. The thread then waits for
/// [`Prepared::fork`], or for the `Prepared` to be dropped.
pub fn prepare(terms: Terms, outlet: Box<dyn Outlet>, reply: Reply<Prepared>) {
    let (watch, orders) = channel();
    let reply = Arc::new(Mutex::new(Some(reply)));
    let answer = Arc::clone(&reply);
    let spawned = thread::Builder::new().name(String::from("heapkit-fork")).spawn(move || {
        let Some(reply) = answer.lock().take() else { return };
        attend(&terms, outlet, reply, watch, &orders);
    });
    if let Err(error) = spawned
        && let Some(reply) = reply.lock().take()
    {
        reply(Err(Error::io("pthread_create", "heapkit-fork", error)));
    }
}

/// The life of the thread.
fn attend(
    terms: &Terms,
    outlet: Box<dyn Outlet>,
    reply: Reply<Prepared>,
    watch: Sender<watch::Order>,
    orders: &Receiver<watch::Order>,
) {
    let turn = TURN.try_lock_for(TURN_WITHIN);
    let surveyed = catch_unwind(AssertUnwindSafe(|| survey(terms, watch)));
    match surveyed.unwrap_or_else(|_| Err(Error::internal("the preparation of a fork panicked"))) {
        Err(error) => reply(Err(error)),
        Ok(Surveyed { prepared, pipes, budget, governor }) => {
            reply(Ok(prepared));
            // Dropped without a fork: nothing was done yet.
            let Ok(order) = orders.recv() else { return };
            watch::run(order, pipes, outlet, budget, governor, || drop(turn));
        }
    }
}

/// What was found out: for the JavaScript thread, and for the watch.
struct Surveyed {
    prepared: Prepared,
    pipes: watch::Pipes,
    budget: Budget,
    governor: Option<Governor>,
}

fn survey(terms: &Terms, watch: Sender<watch::Order>) -> Result<Surveyed> {
    // A filter of somebody else's may end whoever makes a call that it does not know: then the child finds out.
    if !is_filtered() {
        sys::probe_filter().map_err(|error| unsealed(&format!("seccomp(2) answers: {error}")))?;
    }
    let proc_error = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::Unsupported { reason: String::from(NO_PROC) }.into(),
        _ => Error::io("read", Path::new("/proc/self"), error),
    };
    let throttle = Arc::new(Throttle::default());
    let share = match terms.cpu {
        CpuRule::Share(share) if share >= 1.0 => None,
        _ => Some(Arc::new(SharePage::new().map_err(|error| Error::io("mmap", Path::new("for the child"), error))?)),
    };
    let governor = share.clone().map(|page| Governor::new(terms.cpu, page, Arc::clone(&throttle)));
    let mappings = Mappings::read().map_err(proc_error)?;
    let budget = Budget::plan(&terms.memory, MemoryLimits::of_this_process(), mappings.layout())?;
    let workers = Workers::find(terms.v8_pool_size).map_err(proc_error)?;
    let (pipes, ends) = open_pipes().map_err(|error| Error::io("make", Path::new("two pipes for the child"), error))?;
    let prepared =
        Prepared { mappings, workers, locks: Locks::known(), ends, watch, share, throttle, counts: budget.counts() };
    Ok(Surveyed { prepared, pipes, budget, governor })
}

fn open_pipes() -> io::Result<(watch::Pipes, Ends)> {
    let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    // The child, too, makes 2 its standard error.
    let ((output, output_end), (errors, errors_end)) = above_standard(|| Ok((pipe()?, pipe()?)))?;
    // Fewer turns; an unprivileged process may not have it, which is all right.
    let _ = rustix::pipe::fcntl_setpipe_size(&output, 1 << 20);
    for end in [&output, &errors] {
        let flags = rustix::fs::fcntl_getfl(end)?;
        rustix::fs::fcntl_setfl(end, flags | rustix::fs::OFlags::NONBLOCK)?;
    }
    Ok((watch::Pipes { output, errors }, Ends { output: output_end, errors: errors_end }))
}

impl Prepared {
    /// Whether the work must begin with a count of what there is to do: there may be too little memory for it. It says so on descriptor 2.
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// Whether V8's worker threads sleep at this moment, and the locks are free that a child needs: the moment to fork.
    pub fn is_quiet(&self) -> bool {
        self.workers.are_asleep() && self.locks.are_free()
    }

    /// How much the child is held back, then and later; `None` if it may have all that it gets.
    pub fn throttle(&self) -> Option<Arc<Throttle>> {
        self.share.as_ref().map(|_| Arc::clone(&self.throttle))
    }

    /// Forks. In the child `work` is called with the descriptor that its output goes to, and the child ends with it: there this
    /// function does not return. What goes wrong it may say on descriptor 2. In the
    /// parent `reply` learns how it went on, or that it failed.
    /// Answers how long `fork(2)` itself took.
    pub fn fork(self, work: impl FnOnce(RawFd) -> bool, reply: Reply<Outcome>) -> Option<Duration> {
        let Self { mappings, workers, locks, ends, watch, share, .. } = self;
        let inherited = child::Inherited {
            parent: std::process::id(),
            output: ends.output.as_raw_fd(),
            errors: ends.errors.as_raw_fd(),
            share: share.as_deref(),
            left_out: mappings.left_out(),
            locks: locks.addresses(),
        };
        let forked = mappings.clear_marks().and_then(|()| {
            let mask = sys::block_signals()?;
            wait_for(&workers, &locks);
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
                // Closes what is open and puts the marks back on its own time.
                let looked_at = (workers, locks);
                let _ = watch.send(watch::Order { child: Pid::from_raw(child), mappings, ends, looked_at, reply });
                Some(took)
            }
            Err(error) => {
                mappings.restore_marks();
                reply(Err(refused(&error)));
                None
            }
        }
    }
}

/// Since the last look this thread has run JavaScript, which may have given V8's workers something to do. Bounded: the service waits meanwhile.
fn wait_for(workers: &Workers, locks: &Locks) {
    let deadline = Instant::now() + BUSY_AT_MOST;
    while !(workers.are_asleep() && locks.are_free()) && Instant::now() < deadline {
        thread::yield_now();
    }
}

/// A child that cannot be made harmless is none.
fn unsealed(seen: &str) -> Error {
    let reason = format!(
        "a forked capture needs a child whose system calls are filtered, so that nothing it does is felt outside it, and that cannot be \
         had here: {seen}. It takes a kernel with CONFIG_SECCOMP_FILTER, and a sandbox that lets a process filter itself (Docker and \
         Kubernetes do by default). `mode: 'inline'` needs no child, but stops this thread meanwhile"
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
