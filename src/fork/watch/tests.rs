//! Each wait of a watch, with a real process for a child and an outlet of the test's own.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::*;
use crate::error::{ErrorKind, Taker};
use crate::fork::need::Layout;
use crate::fork::sys::clock;
use crate::fork::{Heap, MemoryRule, Offered, Standing};
use crate::host::MemoryLimits;

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(600);

/// Takes what it is told to.
struct Double {
    /// How many bytes it takes before it takes nothing more.
    room: usize,
    /// Whether it shows that it is alive all the same.
    is_slow: bool,
    looks: AtomicU64,
    /// After so many looks nobody wants the bytes.
    over_after: u64,
    taken: Arc<AtomicU64>,
    /// Called at each look, which is once in each turn of the loop.
    at_look: Box<dyn Fn() + Send>,
}

impl Double {
    fn with_room(room: usize) -> Self {
        Self {
            room,
            is_slow: false,
            looks: AtomicU64::new(0),
            over_after: u64::MAX,
            taken: Arc::default(),
            at_look: Box::new(|| {}),
        }
    }
}

impl Outlet for Double {
    fn offer(&mut self, bytes: &[u8]) -> Offered {
        if self.room < bytes.len() {
            return Offered::Full;
        }
        self.room -= bytes.len();
        self.taken.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Offered::Taken
    }

    fn piece_bytes(&self) -> usize {
        1000
    }

    fn look(&self) -> Standing {
        (self.at_look)();
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        let steps = if self.is_slow { looks } else { 0 };
        Standing { is_over: looks >= self.over_after, steps, queued_bytes: 7 }
    }

    fn thread(&self) -> Option<i32> {
        None
    }

    fn patience(&self) -> Duration {
        SHORT
    }

    fn stalled(&self, waited: Duration, queued_bytes: usize) -> Error {
        ErrorKind::Stalled { who: Taker::Disk, waited, queued_bytes }.into()
    }
}

/// A shell that runs `script`, and what it writes.
struct Shell {
    pid: Pid,
    pipes: Pipes,
}

impl Shell {
    fn run(script: &str) -> Self {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[allow(clippy::zombie_processes, reason = "the twin reaps it")]
        let mut child = shell.spawn().unwrap();
        let pid = Pid::from_child(&child);
        let output = OwnedFd::from(child.stdout.take().unwrap());
        let errors = OwnedFd::from(child.stderr.take().unwrap());
        for pipe in [&output, &errors] {
            rustix::io::ioctl_fionbio(pipe, true).unwrap();
        }
        Self { pid, pipes: Pipes { output, errors } }
    }

    fn watch(self, outlet: Double, patience: Patience, reserve_bytes: u64) -> Result<Outcome> {
        let rule = MemoryRule { heap: Heap::default(), reserve_bytes, force: true };
        let budget = Budget::plan(&rule, MemoryLimits::of_this_process(), Layout::default()).unwrap();
        let mut twin = Twin::hold(self.pid);
        let outcome = Watch::new(&mut twin, self.pipes, Box::new(outlet), budget, patience).run();
        assert!(twin.wait(Duration::ZERO).is_some(), "the child is gone");
        outcome
    }
}

/// Watches a shell that runs `script`.
fn watch(script: &str, outlet: Double, child: Duration) -> Result<Outcome> {
    Shell::run(script).watch(outlet, Patience { child, outlet: SHORT }, 0)
}

/// Waits until the child has stopped or ended, and leaves that to be seen by others.
fn until_it_rests(pid: Pid) {
    let rests = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), rests)).unwrap();
}

/// Waits until the child has computed for as long as counts.
fn until_it_has_computed(pid: Pid) {
    let time = || clock::cpu_time_of(pid.as_raw_nonzero().get()).unwrap();
    let until = time() + Duration::from_millis(20);
    while time() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn everything_is_passed_on_in_time_and_in_order() {
    let outlet = Double::with_room(usize::MAX);
    let taken = Arc::clone(&outlet.taken);
    let script = "printf '['; head -c 3000000 /dev/zero | tr '\\0' 1; printf ']'; exec sleep 1000";
    assert_eq!(watch(script, outlet, LONG).unwrap(), Outcome::Delivered);
    assert_eq!(taken.load(Ordering::Relaxed), 3_000_002);
}

#[test]
fn an_outlet_that_takes_nothing_ends_the_capture_and_the_child() {
    // A child that could write for ever, one that has written all there is, and one that has ended.
    for script in ["exec tr '\\0' 1 < /dev/zero", "printf '{}'; exec sleep 1000", "printf '{'"] {
        let error = watch(script, Double::with_room(0), LONG).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_STALLED", "{script}");
    }
    let error = watch("exec tr '\\0' 1 < /dev/zero", Double::with_room(100_000), LONG).unwrap_err();
    let ErrorKind::Stalled { waited, queued_bytes, .. } = error.kind() else { panic!("{error}") };
    assert!(*waited >= SHORT && *queued_bytes > 7, "{error}");
}

#[test]
fn an_outlet_that_is_slow_is_waited_for_until_nobody_wants_it() {
    // About 20 turns of the loop a second: longer than the patience.
    let outlet = Double { is_slow: true, over_after: 60, ..Double::with_room(5000) };
    let shell = Shell::run("exec tr '\\0' 1 < /dev/zero");
    // A busy machine may take its time to start it.
    while rustix::io::ioctl_fionread(&shell.pipes.output).unwrap() < 10_000 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let patience = Patience { child: SHORT, outlet: SHORT };
    assert_eq!(shell.watch(outlet, patience, 0).unwrap(), Outcome::Unwanted);
}

#[test]
fn a_child_that_does_nothing_hangs_and_one_that_is_stopped_too() {
    let Outcome::Retry(seen) = watch("exec sleep 1000", Double::with_room(0), SHORT).unwrap() else { panic!() };
    assert!(seen.contains("neither wrote nor computed"), "{seen}");
    let shell = Shell::run("printf '{'; echo stops >&2; kill -STOP $$");
    until_it_rests(shell.pid);
    let patience = Patience { child: SHORT, outlet: SHORT };
    let error = shell.watch(Double::with_room(100), patience, 0).unwrap_err().to_string();
    assert!(error.contains("neither wrote nor computed") && error.contains("after 1 bytes; it said: stops"), "{error}");
}

/// Longer than the patience in sum. On a busy machine a child may get no processor for that long, so each turn of the loop waits until
/// the child has had some.
#[test]
fn a_child_that_computes_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let enough = dir.path().join("enough");
    let shell = Shell::run(&format!("while [ ! -e '{}' ]; do :; done; printf '{{}}'", enough.display()));
    let (pid, start) = (shell.pid, Instant::now());
    let at_look = Box::new(move || {
        if start.elapsed() < 3 * SHORT {
            until_it_has_computed(pid);
        } else if !enough.exists() {
            std::fs::write(&enough, "").unwrap();
            until_it_rests(pid);
        }
    });
    until_it_has_computed(pid);
    let patience = Patience { child: SHORT, outlet: SHORT };
    assert_eq!(shell.watch(Double { at_look, ..Double::with_room(100) }, patience, 0).unwrap(), Outcome::Delivered);
}

#[test]
fn the_words_of_a_child_never_hold_it() {
    // More than a pipe holds, and then the text.
    let script = "head -c 300000 /dev/zero | tr '\\0' x >&2; printf '{}'";
    assert_eq!(watch(script, Double::with_room(100), 200 * SHORT).unwrap(), Outcome::Delivered);
}

#[test]
fn an_end_is_seen_although_somebody_else_holds_the_pipe() {
    // The grandchild keeps both pipes.
    let error = watch("printf '{'; sleep 5 & exit 3", Double::with_room(100), LONG).unwrap_err().to_string();
    assert!(error.contains("exited with status 3, after 1 bytes"), "{error}");
}

#[test]
fn a_child_that_closes_its_output_and_stays_is_told_from_one_that_was_killed() {
    let script = "exec >&- 2>&-; exec sleep 1000";
    let Outcome::Retry(seen) = watch(script, Double::with_room(0), LONG).unwrap() else { panic!() };
    assert!(seen.contains("did not end by itself, and was killed"), "{seen}");
    let error = watch("kill -KILL $$", Double::with_room(0), LONG).unwrap_err().to_string();
    assert!(error.contains("SIGKILL comes from an operator"), "{error}");
}

#[test]
fn memory_is_looked_at_while_bytes_wait() {
    let patience = Patience { child: LONG, outlet: LONG };
    let shell = Shell::run("exec tr '\\0' 1 < /dev/zero");
    let error = shell.watch(Double::with_room(0), patience, u64::MAX).unwrap_err();
    assert_eq!(error.code(), "HEAPKIT_ERR_MEMORY");
}

#[test]
fn pieces_that_were_refused_are_offered_again_as_they_were() {
    let mut pending = Pending::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let text: Vec<u8> = (0..50_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    std::io::Write::write_all(&mut &writer, &text).unwrap();
    drop(writer);
    let reader = OwnedFd::from(reader);
    struct Stubborn(VecDeque<bool>, Vec<u8>);
    impl Outlet for Stubborn {
        fn offer(&mut self, bytes: &[u8]) -> Offered {
            if self.0.pop_front().unwrap_or(true) {
                self.1.extend_from_slice(bytes);
                return Offered::Taken;
            }
            Offered::Full
        }
        fn piece_bytes(&self) -> usize {
            777
        }
        fn look(&self) -> Standing {
            Standing::default()
        }
        fn thread(&self) -> Option<i32> {
            None
        }
        fn patience(&self) -> Duration {
            LONG
        }
        fn stalled(&self, _: Duration, _: usize) -> Error {
            Error::internal("not here")
        }
    }
    let mut outlet = Stubborn((0..200).map(|turn| turn % 3 == 0).collect(), Vec::new());
    while !pending.fill(&reader).unwrap().is_empty() {
        while pending.pass(Instant::now(), None, &mut outlet, None) != Passed::All {
            assert!(pending.retry().is_some());
        }
    }
    assert_eq!(outlet.1, text);
}
