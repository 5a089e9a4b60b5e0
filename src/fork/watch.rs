//! The parent's side of a child: takes its bytes, looks after memory and progress, and reaps it. Runs on `heapkit-fork`.

use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

use super::budget::Budget;
use super::child::status;
use super::json_end::JsonEnd;
use super::mappings::Mappings;
use super::{Ends, Offered, Outcome, Outlet, Reply, unsealed};
use crate::error::{Error, ErrorKind, Result};

/// How often memory and progress are looked at while no bytes come.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A child that neither writes nor computes for so long hangs.
const HANG: Duration = Duration::from_secs(15);
const READ_BYTES: usize = 256 << 10;
/// How much of what a child says is kept: the end.
const LAST_WORDS_BYTES: usize = 2048;

/// The parent's ends.
pub(super) struct Pipes {
    pub(super) output: OwnedFd,
    pub(super) errors: OwnedFd,
}

/// A child was forked: watch it.
pub(super) struct Order {
    pub(super) child: Option<Pid>,
    pub(super) mappings: Mappings,
    pub(super) ends: Ends,
    pub(super) reply: Reply<Outcome>,
}

/// Why a watch ended.
enum End {
    /// The text is complete.
    Complete,
    /// The child closed its output, or died.
    Silent,
    /// It neither wrote nor computed.
    Hung,
    /// Nobody wants it any more.
    Unwanted,
    /// Too little memory is left.
    Short(Error),
    Failed(io::Error),
}

pub(super) fn run(order: Order, pipes: Pipes, outlet: Box<dyn Outlet>, mut budget: Budget) {
    let Order { child, mappings, ends, reply } = order;
    drop(ends);
    let _ = mappings.restore_marks();
    let Some(child) = child else { return reply(Err(Error::internal("fork gave a child no number"))) };
    budget.begin(child);
    let watch = Watch {
        child,
        pipes,
        outlet,
        budget,
        end: JsonEnd::default(),
        taken: 0,
        last_words: Vec::new(),
        progress: Progress { at: Instant::now(), cpu_ticks: 0 },
    };
    // A bug here must not leave the capture waiting, nor the child alone.
    let outcome = catch_unwind(AssertUnwindSafe(|| watch.run())).unwrap_or_else(|_| {
        let _ = kill_process(child, Signal::KILL);
        let _ = reap(child);
        Err(Error::internal("the watch of a forked child panicked"))
    });
    reply(outcome);
}

struct Watch {
    child: Pid,
    pipes: Pipes,
    outlet: Box<dyn Outlet>,
    budget: Budget,
    end: JsonEnd,
    taken: u64,
    last_words: Vec<u8>,
    progress: Progress,
}

struct Progress {
    at: Instant,
    cpu_ticks: u64,
}

impl Watch {
    fn run(mut self) -> Result<Outcome> {
        let end = self.follow();
        // Complete or not, it has nothing more to do; it may be dead already.
        let _ = kill_process(self.child, Signal::KILL);
        let ended = reap(self.child);
        self.read_errors();
        self.budget.end(matches!(end, End::Complete), &mut self.last_words);
        if matches!(end, End::Silent) && ended.and_then(WaitStatus::exit_status) == Some(status::UNSEALED) {
            return Err(unsealed(String::from_utf8_lossy(&self.last_words).trim()));
        }
        let seen = match end {
            End::Complete => return Ok(Outcome::Delivered),
            End::Short(error) => return Err(error),
            End::Unwanted => return Ok(Outcome::Unwanted),
            End::Failed(error) => return Err(Error::io("read", "the child's pipe", error)),
            End::Hung => format!("it neither wrote nor computed for {} s and was killed", HANG.as_secs()),
            End::Silent => describe(ended),
        };
        let detail = format!("{seen}, after {} bytes{}", self.taken, self.quote());
        // The kernel's own killer and operators send SIGKILL: trying again would bring the same about.
        let killed =
            matches!(end, End::Silent) && ended.and_then(WaitStatus::terminating_signal) == Some(libc::SIGKILL);
        if killed {
            let detail = format!(
                "{detail}. SIGKILL comes from an operator, or from the kernel when memory runs out: see the kernel's log"
            );
            return Err(ErrorKind::Child { detail }.into());
        }
        // What was taken cannot be taken back, so only a child that wrote nothing can be replaced.
        if self.taken == 0 { Ok(Outcome::Retry(detail)) } else { Err(ErrorKind::Child { detail }.into()) }
    }

    fn follow(&mut self) -> End {
        let mut buffer = vec![0; READ_BYTES];
        let mut looked = Instant::now();
        loop {
            match self.step(&mut buffer) {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(error) => return End::Failed(error),
            }
            if looked.elapsed() >= LOOK_EVERY {
                looked = Instant::now();
                if let Some(end) = self.look() {
                    return end;
                }
            }
        }
    }

    /// Waits a moment for bytes, and passes on what came.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<Option<End>> {
        let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK_EVERY.subsec_nanos()) };
        let mut ready = [PollFd::new(&self.pipes.output, PollFlags::IN)];
        match poll(&mut ready, Some(&patience)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let length = match rustix::io::read(&self.pipes.output, &mut *buffer) {
            Ok(0) => return Ok(Some(End::Silent)),
            Ok(length) => length,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        self.progress.at = Instant::now();
        self.taken += bytes.len() as u64;
        self.end.feed(bytes);
        for piece in bytes.chunks(self.outlet.piece_bytes().max(1)) {
            if let Some(end) = pass_on(self, piece) {
                return Ok(Some(end));
            }
        }
        Ok(self.end.is_complete().then_some(End::Complete))
    }

    /// What has to be looked after while the child works, or waits.
    fn look(&mut self) -> Option<End> {
        if self.outlet.is_over() {
            return Some(End::Unwanted);
        }
        self.read_errors();
        if let Some(error) = self.budget.check(&mut self.last_words) {
            return Some(End::Short(error));
        }
        let ticks = cpu_ticks(self.child);
        if ticks != self.progress.cpu_ticks {
            self.progress = Progress { at: Instant::now(), cpu_ticks: ticks };
        }
        (self.progress.at.elapsed() >= HANG).then_some(End::Hung)
    }

    /// Keeps the end of what the child has said.
    fn read_errors(&mut self) {
        let mut buffer = [0; LAST_WORDS_BYTES];
        while let Ok(length @ 1..) = rustix::io::read(&self.pipes.errors, &mut buffer) {
            self.last_words.extend_from_slice(buffer.get(..length).unwrap_or_default());
            let surplus = self.last_words.len().saturating_sub(LAST_WORDS_BYTES);
            self.last_words.drain(..surplus);
        }
    }

    fn quote(&self) -> String {
        let text = String::from_utf8_lossy(&self.last_words);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default();
        if last.is_empty() { String::new() } else { format!("; it said: {}", last.join(" | ")) }
    }
}

fn reap(child: Pid) -> Option<WaitStatus> {
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            // Somebody else in this process waits for every child there is.
            Err(_) => return None,
            Ok(ended) => return ended.map(|(_, status)| status),
        }
    }
}

/// Passes a piece on, looking after everything else while there is no room.
fn pass_on(watch: &mut Watch, piece: &[u8]) -> Option<End> {
    loop {
        match watch.outlet.offer(piece) {
            Offered::Taken => return None,
            Offered::Over => return Some(End::Unwanted),
            Offered::Full => {
                // A child that waits for its reader does not hang.
                watch.progress.at = Instant::now();
                if let Some(end) = watch.look() {
                    return Some(end);
                }
            }
        }
    }
}

fn describe(status: Option<WaitStatus>) -> String {
    let Some(status) = status else {
        return String::from("it ended, and something else in this process took its status");
    };
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => format!("signal {signal}{} ended it", name(signal)),
        (_, Some(0)) => String::from("it ended before its text was complete"),
        (_, Some(code)) => format!("it exited with status {code}"),
        _ => String::from("it ended"),
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGTRAP => " (SIGTRAP)",
        libc::SIGKILL => " (SIGKILL)",
        libc::SIGTERM => " (SIGTERM)",
        libc::SIGINT => " (SIGINT)",
        _ => "",
    }
}

/// The processor time that a process has had: `utime` and `stime` of proc_pid_stat(5).
fn cpu_ticks(pid: Pid) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let Some((_, fields)) = text.rsplit_once(") ") else { return 0 };
    fields.split_ascii_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
