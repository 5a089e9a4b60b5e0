//! Who waits for whom, and for how long: the one clock of a watch. It reads no clock itself, so that tests need not wait.
//!
//! Either bytes wait for the outlet, or the watch waits for the child. The first is the outlet's time, which is over when the
//! outlet does nothing at all for as long as its patience; an outlet that takes something now and then has as much time as it needs.
//! The second is the child's, which hangs when it neither writes nor computes; while its bytes wait for the outlet it may be
//! waiting itself, so that does not count. Memory has its own schedule, whatever else happens.

use std::time::{Duration, Instant};

/// A child that neither writes nor computes for so long hangs.
pub(super) const HANG: Duration = Duration::from_secs(15);
/// Less processor time than this is no computing: a hung child may still wake up now and then.
const LEAST_WORK: Duration = Duration::from_millis(10);
/// Memory is looked at as often as this when little is left of it, and as seldom as that when there is much.
const MEMORY_SOON: Duration = Duration::from_millis(10);
const MEMORY_LATER: Duration = Duration::from_millis(200);
/// The most memory that a process can take in a second: touching pages for the first time is not faster.
const TAKEN_IN_A_SECOND: u64 = 2 << 30;

/// How long each is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) child: Duration,
    pub(super) outlet: Duration,
}

/// What was seen at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Bytes of the child that were read so far.
    pub(super) taken: u64,
    /// Its processor time.
    pub(super) cpu: Option<Duration>,
    /// Its work is complete: nothing more is expected of it.
    pub(super) complete: bool,
    /// Whether bytes of the child are held back, so that it may be waiting itself.
    pub(super) held: bool,
    /// Whether the outlet has bytes, or is offered some, that it has not taken.
    pub(super) waiting: bool,
    /// What the outlet has done so far.
    pub(super) steps: u64,
}

/// Whose time is over, and how long it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    Child,
    Outlet(Duration),
}

/// When something last went on.
pub(super) struct Vigil {
    patience: Patience,
    child: Instant,
    taken: u64,
    cpu: Duration,
    outlet: Instant,
    steps: u64,
    memory: Instant,
}

impl Vigil {
    pub(super) fn begin(now: Instant, patience: Patience) -> Self {
        Self { patience, child: now, taken: 0, cpu: Duration::ZERO, outlet: now, steps: 0, memory: now }
    }

    /// Takes note of what is to be seen now, and tells whose time is over.
    pub(super) fn see(&mut self, now: Instant, seen: Seen) -> Option<Late> {
        let cpu = seen.cpu.unwrap_or(self.cpu);
        if seen.complete || seen.held || seen.taken != self.taken || cpu >= self.cpu + LEAST_WORK {
            (self.child, self.taken, self.cpu) = (now, seen.taken, cpu);
        }
        if !seen.waiting || seen.steps != self.steps {
            (self.outlet, self.steps) = (now, seen.steps);
        }
        let waited = now.duration_since(self.outlet);
        if waited >= self.patience.outlet {
            Some(Late::Outlet(waited))
        } else if now.duration_since(self.child) >= self.patience.child {
            Some(Late::Child)
        } else {
            None
        }
    }

    /// When there is something to decide at the latest, if nothing happens before.
    pub(super) fn next(&self, now: Instant) -> Duration {
        let due = [self.child + self.patience.child, self.outlet + self.patience.outlet, self.memory];
        due.into_iter().min().map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }

    pub(super) fn is_memory_due(&self, now: Instant) -> bool {
        now >= self.memory
    }

    /// Something was heard that memory is to be judged by.
    pub(super) fn look_at_memory_soon(&mut self) {
        self.memory = self.memory.min(self.child);
    }

    /// Memory was looked at: there are so many bytes more than must stay free, if that is known.
    pub(super) fn saw_memory(&mut self, now: Instant, spare_bytes: Option<u64>) {
        let spare = spare_bytes.unwrap_or(u64::MAX);
        let until_gone = Duration::from_millis(spare / (TAKEN_IN_A_SECOND / 1000));
        self.memory = now + until_gone.clamp(MEMORY_SOON, MEMORY_LATER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { child: HANG, outlet: Duration::from_secs(30) };

    /// The first moment, in seconds, at which somebody is late; within an hour.
    fn late(seen: impl Fn(u64) -> Seen) -> Option<(u64, Late)> {
        let start = Instant::now();
        let mut vigil = Vigil::begin(start, PATIENCE);
        (0..3600).find_map(|second| Some((second, vigil.see(start + Duration::from_secs(second), seen(second))?)))
    }

    #[test]
    fn a_child_that_does_nothing_hangs_and_one_that_writes_or_computes_does_not() {
        assert_eq!(late(|_| Seen::default()), Some((15, Late::Child)));
        assert_eq!(late(|second| Seen { taken: second / 14, ..Seen::default() }), None);
        assert_eq!(late(|second| Seen { cpu: Some(Duration::from_millis(second)), ..Seen::default() }), None);
        // It wakes up, but does nothing.
        let waking = |second| Seen { cpu: Some(Duration::from_micros(100 * second)), ..Seen::default() };
        assert_eq!(late(waking), Some((15, Late::Child)));
        assert_eq!(late(|_| Seen { complete: true, ..Seen::default() }), None);
    }

    #[test]
    fn an_outlet_may_be_slow_but_not_still() {
        let still = Seen { held: true, waiting: true, ..Seen::default() };
        assert_eq!(late(|_| still), Some((30, Late::Outlet(Duration::from_secs(30)))));
        assert_eq!(late(|second| Seen { steps: second / 29, ..still }), None);
        // A child that waits for its outlet does not hang, but has its own time afterwards.
        let slow = |second| Seen { held: second < 20, waiting: second < 20, ..Seen::default() };
        assert_eq!(late(slow), Some((34, Late::Child)));
    }

    #[test]
    fn memory_is_looked_at_sooner_when_there_is_less_of_it() {
        let start = Instant::now();
        let mut vigil = Vigil::begin(start, PATIENCE);
        assert!(vigil.is_memory_due(start));
        for (spare, wait) in [(Some(0), 10), (Some(100 << 20), 48), (Some(8 << 30), 200), (None, 200)] {
            vigil.saw_memory(start, spare);
            assert_eq!(vigil.next(start).as_millis(), wait);
            assert!(!vigil.is_memory_due(start));
        }
    }
}
