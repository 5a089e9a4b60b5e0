//! Whether there is memory for a child's work: before the fork, when the child has counted, and as long as it lives.
//!
//! * Before: what the last one of the heap took decides. Without one, at least the lower bound of the estimate must fit; if the
//!   upper bound fits as well, nothing more is asked.
//! * In between, for a snapshot, the child counts its objects first ([`Budget::counts`]) and says so on its descriptor for errors, in one line:
//!   `heapkit-count OBJECTS USED LARGE`. If it does not fit, the child is ended before it has taken much.
//! * Meanwhile the child is killed when less than the reserve is left.
//!
//! [`need`](super::need) has the arithmetic, [`past`](super::past) what is remembered; `shortage` says it all in words.

use std::fs;
use std::time::Instant;

use rustix::process::Pid;

use super::MemoryRule;
use super::need::{self, Count, Layout, Wanted};
use super::past::{self, Attempt, Lesson};
use super::shortage::{Shortage, Why};
use crate::error::{Error, Result};
use crate::host::{Headroom, MemoryLimits};

/// The beginning of the line in which the child says what it has counted.
const COUNTED: &[u8] = b"heapkit-count ";

/// The memory of one attempt.
pub(super) struct Budget {
    rule: MemoryRule,
    limits: MemoryLimits,
    layout: Layout,
    counts: bool,
    child: Option<Pid>,
    /// As it was when the child began.
    start: Option<Headroom>,
    /// The most that the child has had, with what it shares with the service; and the most that was gone since it began.
    child_bytes: u64,
    gone_bytes: u64,
    count: Option<Count>,
    /// It was ended because memory was short.
    was_short: bool,
    /// What was left beyond the reserve when that was last looked at.
    spare_bytes: Option<u64>,
}

impl Budget {
    /// An error if there cannot be enough.
    pub(super) fn plan(rule: &MemoryRule, limits: MemoryLimits, layout: Layout) -> Result<Self> {
        let mut budget = Self {
            rule: rule.clone(),
            start: limits.headroom(),
            limits,
            layout,
            counts: false,
            child: None,
            child_bytes: 0,
            gone_bytes: 0,
            count: None,
            was_short: false,
            spare_bytes: None,
        };
        if let Some(headroom) = &budget.start {
            budget.counts = budget.decide(headroom, past::last(&rule.heap).as_ref(), Instant::now())?;
        }
        Ok(budget)
    }

    /// Whether the child must count, to know whether there is enough.
    pub(super) fn counts(&self) -> bool {
        self.counts
    }

    fn decide(&self, headroom: &Headroom, past: Option<&Attempt>, now: Instant) -> Result<bool> {
        let heap = &self.rule.heap;
        let fits = |bytes: u64| bytes.saturating_add(self.rule.reserve_bytes) <= headroom.available_bytes;
        // Of a profile a count would tell nothing.
        let counts = matches!(heap.wanted, Wanted::Snapshot { .. }) && !fits(need::most(heap, &self.layout));
        if self.rule.force {
            return Ok(counts);
        }
        let lesson = past.map(|past| (past.lesson(heap, now), past));
        let why = match lesson {
            Some((Lesson::About(bytes), _)) if fits(bytes) => return Ok(false),
            Some((Lesson::About(bytes), past)) => {
                Why::LastTook { bytes, past, ago: now.saturating_duration_since(past.at) }
            }
            Some((Lesson::MoreThan(bytes), past)) if !fits(bytes) => {
                Why::LastWasKilled { past, ago: now.saturating_duration_since(past.at) }
            }
            _ if !fits(need::least(heap)) => Why::LeastIsTooMuch { bytes: need::least(heap) },
            _ => return Ok(counts),
        };
        Err(self.shortage(headroom, why).into())
    }

    /// The child lives.
    pub(super) fn begin(&mut self, child: Pid) {
        self.child = Some(child);
        self.start = self.limits.headroom();
    }

    /// Takes what the child has counted out of what it has said so far, and looks at memory: an error if the child must end.
    pub(super) fn check(&mut self, said: &mut Vec<u8>) -> Option<Error> {
        let is_news = self.hear(said);
        let headroom = self.limits.headroom()?;
        self.spare_bytes = Some(headroom.available_bytes.saturating_sub(self.rule.reserve_bytes));
        let start = self.start.get_or_insert_with(|| headroom.clone());
        let gone = start.available_bytes.saturating_sub(headroom.available_bytes);
        self.gone_bytes = self.gone_bytes.max(gone);
        self.child_bytes = self.child_bytes.max(self.child.map_or(0, resident_bytes));
        let why = if headroom.available_bytes < self.rule.reserve_bytes {
            let is_counting = self.counts && self.count.is_none();
            self.was_short = !is_counting;
            if is_counting && !self.rule.force { Why::GoneWhileCounting } else { Why::Gone { needs: self.needs() } }
        } else {
            let count = self.count.filter(|_| is_news && !self.rule.force)?;
            let needs = self.needs()?;
            let rest = needs.saturating_sub(gone.min(self.child_bytes));
            if rest.saturating_add(self.rule.reserve_bytes) <= headroom.available_bytes {
                return None;
            }
            let longest = need::longest(&self.layout, count.large_bytes);
            Why::Counted { bytes: needs, count, longest }
        };
        Some(self.shortage(&headroom, why).into())
    }

    /// How much was left beyond the reserve when [`Budget::check`] last looked, where that can be known.
    pub(super) fn spare_bytes(&self) -> Option<u64> {
        self.spare_bytes
    }

    /// Remembers what the child has taken. `said` is what it has said.
    pub(super) fn end(&mut self, delivered: bool, said: &mut Vec<u8>) {
        self.hear(said);
        // A profile is read so fast that what it took may not have been seen, and its estimate is close.
        let says_what_it_takes = delivered && matches!(self.rule.heap.wanted, Wanted::Snapshot { .. });
        if says_what_it_takes || self.was_short {
            let took_bytes = self.took();
            past::keep(Attempt { heap: self.rule.heap.clone(), took_bytes, delivered, at: Instant::now() });
        }
    }

    /// Others may have taken some of what was gone, and some of what the child had is the service's. So the smaller of the two is an upper bound.
    fn took(&self) -> u64 {
        self.gone_bytes.min(self.child_bytes)
    }

    fn needs(&self) -> Option<u64> {
        self.count.map(|count| need::about(&self.rule.heap, &self.layout, &count))
    }

    fn shortage<'a>(&'a self, now: &'a Headroom, why: Why<'a>) -> Shortage<'a> {
        Shortage {
            rule: &self.rule,
            start: self.start.as_ref().filter(|_| self.child.is_some()).unwrap_or(now),
            now,
            took: self.took(),
            why,
        }
    }

    /// Whether there was a line with a count; it is taken out, because it is not part of the last words.
    fn hear(&mut self, said: &mut Vec<u8>) -> bool {
        if self.count.is_some() || !said.starts_with(COUNTED) {
            return false;
        }
        let Some(end) = said.iter().position(|byte| *byte == b'\n') else { return false };
        let line: Vec<u8> = said.drain(..=end).collect();
        self.count = parse(&line);
        self.count.is_some()
    }
}

fn parse(line: &[u8]) -> Option<Count> {
    let text = std::str::from_utf8(line.strip_prefix(COUNTED)?).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    Some(Count { objects: next()?, used_bytes: next()?, large_bytes: next()? })
}

/// The most that a process ever had in memory: `VmHWM` of proc_pid_status(5). 0 for one that has ended.
fn resident_bytes(child: Pid) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", child.as_raw_nonzero())).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .unwrap_or(0)
        .saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fork::Heap;

    const MIB: u64 = 1 << 20;

    fn heap() -> Heap {
        Heap { owner: 7001, used_bytes: 100 * MIB, large_bytes: 10 * MIB, ..Heap::default() }
    }

    fn budget(force: bool) -> Budget {
        let rule = MemoryRule { heap: heap(), reserve_bytes: 64 * MIB, force };
        Budget::plan(&MemoryRule { force: true, ..rule.clone() }, MemoryLimits::of_this_process(), Layout::default())
            .map(|budget| Budget { rule, layout: Layout { longest_bytes: 8 * MIB, malloc_bytes: 0 }, ..budget })
            .unwrap()
    }

    fn decide(available: u64, force: bool, past: Option<&Attempt>) -> Result<bool> {
        let headroom =
            Headroom { available_bytes: available * MIB, limit_bytes: 9000 * MIB, source: String::from("the test") };
        budget(force).decide(&headroom, past, Instant::now())
    }

    fn reason(result: Result<bool>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn what_surely_fits_is_not_counted_and_what_surely_does_not_is_refused() {
        assert_eq!(decide(8000, false, None).ok(), Some(false));
        assert_eq!(decide(1000, false, None).ok(), Some(true));
        assert!(
            reason(decide(120, false, None))
                .contains("at least 62 MiB for the 100 MiB of heap in use, and 64 MiB are to stay free; 120 MiB")
        );
        // Forced, it is only counted so that it can be told what was missing.
        assert_eq!(decide(120, true, None).ok(), Some(true));
        assert_eq!(decide(8000, true, None).ok(), Some(false));
    }

    #[test]
    fn of_a_profile_nothing_is_counted() {
        let mut budget = budget(false);
        budget.rule.heap.wanted = Wanted::Profile { samples: 200 };
        let mut decide = |available: u64, force| {
            budget.rule.force = force;
            let source = String::from("the test");
            let headroom = Headroom { available_bytes: available * MIB, limit_bytes: 9000 * MIB, source };
            budget.decide(&headroom, None, Instant::now())
        };
        assert_eq!(decide(90, false).ok(), Some(false));
        assert!(reason(decide(80, false)).contains("at least 20 MiB for the 100 MiB of heap in use"));
        assert_eq!(decide(80, true).ok(), Some(false));
    }

    #[test]
    fn the_last_attempt_is_better_than_any_estimate() {
        let past = |delivered, took| Attempt { heap: heap(), took_bytes: took * MIB, delivered, at: Instant::now() };
        assert_eq!(decide(1000, false, Some(&past(true, 700))).ok(), Some(false));
        assert!(
            reason(decide(800, false, Some(&past(true, 700))))
                .contains("the last one, 0 s ago, took 700 MiB for 100 MiB")
        );
        assert!(reason(decide(800, false, Some(&past(false, 700)))).contains("more than 700 MiB"));
        assert_eq!(decide(800, true, Some(&past(false, 700))).ok(), Some(true));
        // A quarter more than it had is worth another look.
        assert_eq!(decide(940, false, Some(&past(false, 700))).ok(), Some(true));
    }

    #[test]
    fn a_count_is_taken_out_of_what_the_child_says() {
        let mut budget = budget(false);
        let mut said = b"heapkit-count 12 34".to_vec();
        assert!(!budget.hear(&mut said), "it is not whole");
        said.extend_from_slice(b"00 56\nError: x\n");
        assert!(budget.hear(&mut said));
        assert_eq!(budget.count, Some(Count { objects: 12, used_bytes: 3400, large_bytes: 56 }));
        assert_eq!(said, b"Error: x\n");
        assert!(!budget.hear(&mut said));
        assert_eq!(parse(b"heapkit-count 1 2\n"), None);
        assert_eq!(parse(b"heapkit-count 1 2 -3\n"), None);
    }

    #[test]
    fn reads_how_much_memory_a_process_has() {
        assert!(Pid::from_raw(i32::try_from(std::process::id()).unwrap()).is_some_and(|own| resident_bytes(own) > MIB));
    }
}
