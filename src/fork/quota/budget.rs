//! What the control groups' quotas leave for heapkit: the pure arithmetic, which reads no clock and no file.
//!
//! A group's quota, less the most that everybody else in it uses in a period, less a reserve, is what heapkit may use in all. If the kernel
//! throttles the group all the same, heapkit gives half of it back at once, and takes it again little by little.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::host::CpuReading;

/// The part of a quota that stays unused, for bursts of the service that are seen too late.
const RESERVE: f64 = 0.1;
/// And at least this, in processors: the kernel hands a quota out to processors in slices of 5 ms (`sched_cfs_bandwidth_slice_us`), and what is
/// left of one lies idle there. Of a small quota two of them are much: a tenth of half a processor was too little (bench/quota.js).
const LEAST_RESERVE: f64 = 0.1;
/// What heapkit takes of a quota whatever others use, so that it gets through at all.
const LEAST: f64 = 0.05;
/// The use of others is the most of what they used within such a window, as long as the usual period,
const WINDOW: Duration = Duration::from_millis(100);
/// and so far back.
const MEMORY: Duration = Duration::from_millis(800);
/// How much of its part heapkit gets back in a second after it was halved.
const RECOVERY: f64 = 0.4;

/// What one group has shown so far.
#[derive(Default)]
struct Group {
    /// What others had used at a time.
    others: VecDeque<(Instant, Duration)>,
    throttled: Option<u64>,
    /// Below 1 after the group was throttled.
    caution: f64,
}

#[derive(Default)]
pub(super) struct Budget {
    groups: HashMap<usize, Group>,
    last: Option<Instant>,
}

/// What was used so far, at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    /// By heapkit: the child, the compressor, the watch.
    pub(super) own: Duration,
    /// By the rest of this process: for groups that do not count.
    pub(super) service: Duration,
}

impl Budget {
    /// How many processors' worth of time heapkit may use from now on; `None` without a quota.
    pub(super) fn step(&mut self, now: Instant, used: Used, readings: &[CpuReading]) -> Option<f64> {
        let passed = self.last.replace(now).map_or(Duration::ZERO, |last| now.duration_since(last));
        self.groups.retain(|index, _| readings.iter().any(|reading| reading.group == *index));
        let budgets = readings.iter().map(|reading| {
            let group = self.groups.entry(reading.group).or_insert_with(|| Group { caution: 1.0, ..Group::default() });
            let others = reading.used.map_or(used.service, |all| all.saturating_sub(used.own));
            group.note(now, others, reading.throttled, passed);
            let quota = reading.quota;
            let reserve = (quota * RESERVE).max(LEAST_RESERVE);
            let left = group.busiest().map_or(0.0, |others| (quota - others - reserve) * group.caution);
            left.max(quota * LEAST)
        });
        budgets.reduce(f64::min)
    }
}

impl Group {
    fn note(&mut self, now: Instant, others: Duration, throttled: u64, passed: Duration) {
        self.others.push_back((now, others));
        while self.others.front().is_some_and(|(at, _)| now.duration_since(*at) > MEMORY) {
            self.others.pop_front();
        }
        if self.throttled.replace(throttled).is_some_and(|before| throttled > before) {
            self.caution /= 2.0;
        } else {
            self.caution = (self.caution + RECOVERY * passed.as_secs_f64()).min(1.0);
        }
    }

    /// The most that others used in a window; `None` before there was one.
    fn busiest(&self) -> Option<f64> {
        let rates = self.others.iter().enumerate().filter_map(|(index, (start, before))| {
            let (end, after) = self.others.iter().skip(index).find(|(at, _)| at.duration_since(*start) >= WINDOW)?;
            Some(after.saturating_sub(*before).as_secs_f64() / end.duration_since(*start).as_secs_f64())
        });
        rates.reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(50);

    fn reading(quota: f64, used: Option<Duration>, throttled: u64) -> Vec<CpuReading> {
        vec![CpuReading { group: 0, quota, used, throttled }]
    }

    #[test]
    fn without_a_quota_there_is_no_budget() {
        assert_eq!(Budget::default().step(Instant::now(), Used::default(), &[]), None);
    }

    #[test]
    fn is_what_others_leave_less_a_reserve_and_never_nothing() {
        let start = Instant::now();
        for (service, quota, expected) in [(0.4, 1.0, 0.5), (0.2, 0.5, 0.2), (0.0, 4.0, 3.6), (0.97, 1.0, 0.05)] {
            let mut budget = Budget::default();
            let mut last = None;
            for step in 0..20_u32 {
                let at = STEP * step;
                let own = at.mul_f64(0.3);
                let used = Used { own, service: Duration::ZERO };
                last = budget.step(start + at, used, &reading(quota, Some(own + at.mul_f64(service)), 0));
                if step < 2 {
                    assert!((last.unwrap() - quota * LEAST).abs() < 1e-9, "nothing is known yet");
                }
            }
            assert!((last.unwrap() - expected).abs() < 1e-6, "{service} of {quota}: {last:?}");
        }
    }

    #[test]
    fn the_nearest_of_several_groups_counts_and_one_that_does_not_count_is_taken_for_this_process_alone() {
        let start = Instant::now();
        let mut budget = Budget::default();
        let mut last = None;
        for step in 0..20_u32 {
            let at = STEP * step;
            let used = Used { own: Duration::ZERO, service: at.mul_f64(0.1) };
            let of = |group, quota, used| CpuReading { group, quota, used, throttled: 0 };
            last = budget.step(start + at, used, &[of(0, 0.5, None), of(3, 2.0, Some(at.mul_f64(1.7)))]);
        }
        // 2.0 - 1.7 - 0.2, not 0.5 - 0.1 - 0.1.
        assert!((last.unwrap() - 0.1).abs() < 1e-6, "{last:?}");
    }

    #[test]
    fn a_group_that_stands_still_costs_half_at_once_and_it_comes_back_slowly() {
        let start = Instant::now();
        let mut budget = Budget::default();
        let mut at = |step: u32, throttled| {
            budget.step(start + STEP * step, Used::default(), &reading(1.0, Some(Duration::ZERO), throttled)).unwrap()
        };
        for step in 0..10 {
            at(step, 5);
        }
        assert!((at(10, 5) - 0.9).abs() < 1e-6);
        assert!((at(11, 6) - 0.45).abs() < 1e-6);
        assert!((at(12, 7) - 0.225).abs() < 1e-6);
        assert!(at(22, 7) < 0.45);
        for step in 23..60 {
            at(step, 7);
        }
        assert!((at(60, 7) - 0.9).abs() < 1e-6);
    }

    #[test]
    fn a_burst_of_others_is_remembered_for_a_while_and_a_new_quota_holds_at_once() {
        let start = Instant::now();
        let mut budget = Budget::default();
        let mut others = Duration::ZERO;
        let mut at = |step: u32, rate: f64, quota: f64| {
            others += STEP.mul_f64(rate);
            budget.step(start + STEP * step, Used::default(), &reading(quota, Some(others), 0)).unwrap()
        };
        for step in 0..10 {
            at(step, 0.1, 1.0);
        }
        at(10, 0.8, 1.0);
        assert!((at(11, 0.8, 1.0) - 0.1).abs() < 1e-6);
        assert!((at(12, 0.1, 1.0) - 0.1).abs() < 1e-6);
        assert!((at(13, 0.1, 2.0) - 1.0).abs() < 1e-6);
        for step in 14..40 {
            at(step, 0.1, 1.0);
        }
        assert!((at(40, 0.1, 1.0) - 0.8).abs() < 1e-6);
    }
}
