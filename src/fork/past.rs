//! What the last capture of each heap has taken, of either kind: the best estimate there is of the next one.
//!
//! Plain data behind a lock, for the life of the process; the oldest goes when there are too many.

use std::mem::discriminant;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::need::Heap;

/// What is older says little: a service changes.
const FRESH: Duration = Duration::from_secs(3600);
/// How many heaps are remembered: more than a process has threads. Nobody says when one is gone.
const HEAPS: usize = 64;

static PAST: Mutex<Vec<Attempt>> = Mutex::new(Vec::new());

/// One attempt that was made.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) heap: Heap,
    /// What the child had taken when it ended.
    pub(super) took_bytes: u64,
    /// Whether that was enough; if not, it was killed there.
    pub(super) delivered: bool,
    pub(super) at: Instant,
}

/// What one attempt says about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It will take about so much.
    About(u64),
    /// It will take more than so much.
    MoreThan(u64),
    Nothing,
}

pub(super) fn keep(attempt: Attempt) {
    let mut past = PAST.lock();
    past.retain(|one| !is_of(one, &attempt.heap));
    if past.len() >= HEAPS {
        past.remove(0);
    }
    past.push(attempt);
}

pub(super) fn last(heap: &Heap) -> Option<Attempt> {
    PAST.lock().iter().find(|one| is_of(one, heap)).cloned()
}

/// A heap has two pasts: that of its snapshots and that of its profiles.
fn is_of(attempt: &Attempt, heap: &Heap) -> bool {
    attempt.heap.owner == heap.owner && discriminant(&attempt.heap.wanted) == discriminant(&heap.wanted)
}

impl Attempt {
    /// What it tells of that heap, which is the same one later.
    pub(super) fn lesson(&self, heap: &Heap, now: Instant) -> Lesson {
        let (then, is_fresh) = (&self.heap, now.saturating_duration_since(self.at) < FRESH);
        if !is_fresh || !heap.wanted.is_like(then.wanted) {
            return Lesson::Nothing;
        }
        let used = |percent: u64| then.used_bytes / 100 * percent;
        if !self.delivered {
            // A quarter more memory than it had is worth another try; so is a heap that has shrunk.
            let is_as_large = heap.used_bytes >= used(90);
            return if is_as_large { Lesson::MoreThan(self.took_bytes / 4 * 5) } else { Lesson::Nothing };
        }
        let is_alike = (used(80)..=used(125)).contains(&heap.used_bytes)
            && heap.large_bytes <= then.large_bytes / 4 * 5 + (1 << 20)
            && heap.external_bytes <= then.external_bytes / 4 * 5 + (64 << 20);
        if !is_alike {
            return Lesson::Nothing;
        }
        let percent = (heap.used_bytes.saturating_mul(100)).checked_div(then.used_bytes).unwrap_or(100).max(100);
        // A margin for what cannot be seen from outside.
        Lesson::About((self.took_bytes / 100).saturating_mul(percent + 15))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fork::need::Wanted;

    fn heap(owner: u64, used_bytes: u64) -> Heap {
        Heap { owner, used_bytes, ..Heap::default() }
    }

    fn attempt(delivered: bool) -> Attempt {
        Attempt { heap: heap(1, 1000), took_bytes: 8000, delivered, at: Instant::now() }
    }

    #[test]
    fn one_that_was_delivered_tells_about_a_heap_like_it() {
        let (past, now) = (attempt(true), Instant::now());
        assert_eq!(past.lesson(&heap(1, 1000), now), Lesson::About(9200));
        assert_eq!(past.lesson(&heap(1, 1200), now), Lesson::About(10_800));
        assert_eq!(past.lesson(&heap(1, 1300), now), Lesson::Nothing);
        assert_eq!(past.lesson(&heap(1, 700), now), Lesson::Nothing);
        assert_eq!(past.lesson(&Heap { large_bytes: 2 << 20, ..heap(1, 1000) }, now), Lesson::Nothing);
        let others = [Wanted::Snapshot { has_numbers: true }, Wanted::Profile { samples: 0 }];
        for wanted in others {
            assert_eq!(past.lesson(&Heap { wanted, ..heap(1, 1000) }, now), Lesson::Nothing);
        }
    }

    #[test]
    fn one_that_was_killed_tells_about_every_heap_as_large_for_an_hour() {
        let (past, now) = (attempt(false), Instant::now());
        assert_eq!(past.lesson(&heap(1, 5000), now), Lesson::MoreThan(10_000));
        assert_eq!(past.lesson(&heap(1, 800), now), Lesson::Nothing);
        assert_eq!(past.lesson(&heap(1, 5000), now + FRESH), Lesson::Nothing);
    }

    #[test]
    fn each_heap_has_one_past_of_each_kind_and_there_are_not_too_many() {
        let of = |owner| Attempt { heap: heap(owner, 1000), ..attempt(true) };
        let past = |owner| last(&heap(owner, 0));
        let profile = Heap { wanted: Wanted::Profile { samples: 1 }, ..heap(900, 1000) };
        keep(of(900));
        keep(Attempt { took_bytes: 1, ..of(900) });
        assert!(last(&profile).is_none());
        keep(Attempt { heap: profile.clone(), took_bytes: 2, ..of(900) });
        assert_eq!(past(900).map(|past| past.took_bytes), Some(1));
        assert_eq!(last(&profile).map(|past| past.took_bytes), Some(2));
        (1000..=1000 + HEAPS as u64).for_each(|owner| keep(of(owner)));
        assert!(past(900).is_none() && past(1000).is_none() && past(1001).is_some());
    }
}
