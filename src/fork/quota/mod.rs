//! Keeps heapkit within what CPU quotas leave of a control group: the child, the compressor and the watch together.
//!
//! A low priority does not help in a group with a quota: what heapkit uses, the service lacks, and the whole group stands still
//! until the next period. So heapkit measures what the group and it itself use (`budget`), tells the child its share, by a page that both
//! have, and passes bytes on no faster than the compressor's part allows. What was used beyond the budget is saved later.
//!
//! A fixed share limits the child only. Without either, nothing is held back.

mod budget;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::sys::clock;
use super::sys::share::SharePage;
use super::{CpuRule, Outlet};
use crate::host::CpuLimits;
use budget::{Budget, Used};

/// How often the budget is looked at.
const STEP: Duration = Duration::from_millis(50);
/// The child's first share of a quota, until it is known what others use.
const FIRST: f64 = 0.05;
/// What was used beyond the budget is saved within this time.
const REPAY: Duration = Duration::from_millis(200);
/// What was not used may be used later, as much as the budget is in this time.
const CREDIT: Duration = Duration::from_millis(20);
/// The most that the compressor gets at once while there is a budget: it cannot be stopped.
const QUEUED_BYTES: usize = 128 << 10;
/// Beyond so many processors nothing is held back: heapkit has three threads.
const PLENTY: f64 = 3.0;

/// How much a capture is held back, for whoever shows it.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Bits of the share of one processor that the child has.
    share: AtomicU64,
    held_back_us: AtomicU64,
}

impl Throttle {
    /// The share of one processor that the child may have now, 0 to 1.
    pub fn share(&self) -> f64 {
        f64::from_bits(self.share.load(Ordering::Relaxed))
    }

    /// How long the child has rested so far, because it was not to use more.
    pub fn held_back(&self) -> Duration {
        Duration::from_micros(self.held_back_us.load(Ordering::Relaxed))
    }
}

/// Decides what the child and the compressor may use.
pub(super) struct Governor {
    limits: Option<CpuLimits>,
    page: Arc<SharePage>,
    throttle: Arc<Throttle>,
    budget: Budget,
    /// In processors; `None` without a quota.
    allowed: Option<f64>,
    share: f64,
    /// What was used beyond the budget, in seconds; below zero it is credit.
    debt: f64,
    /// When that was counted, what had been used by then, and by the child.
    counted: Option<(Instant, Used, Duration)>,
    /// When it was looked at how long the child rested, and its processor time then.
    rested: Option<(Instant, Duration)>,
    /// The rest that it has to take for what it has used.
    owed: Duration,
    /// What the compressor and the watch use, in processors.
    carriers: f64,
    next: Instant,
}

impl Governor {
    /// Before the fork. With a fixed share there is nothing to govern later.
    pub(super) fn new(rule: CpuRule, page: Arc<SharePage>, throttle: Arc<Throttle>) -> Self {
        let limits = matches!(rule, CpuRule::Auto).then(CpuLimits::of_this_process);
        let quotas = limits.iter().flat_map(CpuLimits::read).map(|reading| reading.quota);
        let share = match rule {
            CpuRule::Share(share) => share,
            CpuRule::Auto => quotas.reduce(f64::min).map_or(1.0, |quota| quota * FIRST),
        };
        let mut governor = Self {
            limits,
            page,
            throttle,
            budget: Budget::default(),
            allowed: None,
            share,
            debt: 0.0,
            counted: None,
            rested: None,
            owed: Duration::ZERO,
            carriers: 0.0,
            next: Instant::now(),
        };
        governor.tell(share);
        governor
    }

    /// When [`Governor::step`] is due.
    pub(super) fn next(&self, now: Instant) -> Duration {
        if self.limits.is_some() { self.next.saturating_duration_since(now) } else { Duration::MAX }
    }

    /// Measures, and sets what is allowed from now on. `child` is the child's processor time.
    pub(super) fn step(&mut self, now: Instant, child: Option<Duration>, outlet: &dyn Outlet, bytes_wait: bool) {
        self.note_rest(now, child);
        let Some(limits) = self.limits.as_ref().filter(|_| now >= self.next) else { return };
        self.next = now + STEP;
        let carriers = carriers(outlet);
        let used = self.used(child, carriers);
        self.allowed = self.budget.step(now, used, &limits.read());
        self.count(now, used, carriers);
        let Some(allowed) = self.allowed.filter(|allowed| *allowed < PLENTY) else { return self.tell(1.0) };
        let mut share = allowed - self.carriers - self.debt.max(0.0) / REPAY.as_secs_f64();
        if bytes_wait {
            // What the child has written must be passed on.
            share = share.min(allowed / 2.0);
        }
        self.tell(share.max(allowed * FIRST));
    }

    /// Whether the next piece may go to the compressor now.
    pub(super) fn may_pass(&mut self, now: Instant, child: Option<Duration>, outlet: &dyn Outlet) -> bool {
        if self.allowed.is_none_or(|allowed| allowed >= PLENTY) {
            return true;
        }
        let carriers = carriers(outlet);
        let used = self.used(child, carriers);
        self.count(now, used, carriers);
        self.debt <= 0.0 && outlet.look().queued_bytes < QUEUED_BYTES
    }

    fn used(&self, child: Option<Duration>, carriers: Duration) -> Used {
        let child = child.or(self.counted.map(|(_, _, child)| child)).unwrap_or_default();
        let process = clock::process_cpu_time().unwrap_or_default();
        Used { own: child + carriers, service: process.saturating_sub(carriers) }
    }

    /// Adds what was used since the last time to the debt, and takes the budget off.
    fn count(&mut self, now: Instant, used: Used, carriers: Duration) {
        let child = used.own.saturating_sub(carriers);
        let Some((last, before, child_before)) = self.counted.replace((now, used, child)) else { return };
        let passed = now.duration_since(last).as_secs_f64();
        let Some(allowed) = self.allowed else { return self.debt = 0.0 };
        let own = used.own.saturating_sub(before.own).as_secs_f64();
        self.debt = (self.debt + own - allowed * passed).max(-allowed * CREDIT.as_secs_f64());
        let by_carriers = (own - child.saturating_sub(child_before).as_secs_f64()).max(0.0);
        // An average over about five steps.
        let weight = (passed / (5.0 * STEP.as_secs_f64())).min(1.0);
        if passed > 0.0 {
            self.carriers += (by_carriers / passed - self.carriers) * weight;
        }
    }
}

impl Governor {
    fn tell(&mut self, share: f64) {
        self.share = share.clamp(0.0, 1.0);
        self.page.set(self.share);
        self.throttle.share.store(self.share.to_bits(), Ordering::Relaxed);
    }

    /// Of the time that passed, it rested for what it owed; that it waited for others is no rest.
    fn note_rest(&mut self, now: Instant, child: Option<Duration>) {
        let Some(child) = child else { return self.rested = None };
        let Some((last, before)) = self.rested.replace((now, child)) else { return };
        let (passed, used) = (now.duration_since(last), child.saturating_sub(before));
        if self.share >= 1.0 {
            return self.owed = Duration::ZERO;
        }
        self.owed += used.mul_f64((1.0 - self.share) / self.share.max(FIRST / 10.0));
        let rest = passed.saturating_sub(used).min(self.owed);
        self.owed -= rest;
        let micros = u64::try_from(rest.as_micros()).unwrap_or(0);
        self.throttle.held_back_us.fetch_add(micros, Ordering::Relaxed);
    }
}

/// What the compressor and this thread have used.
fn carriers(outlet: &dyn Outlet) -> Duration {
    let outlet = outlet.thread().and_then(clock::cpu_time_of_thread);
    outlet.unwrap_or_default() + clock::thread_cpu_time().unwrap_or_default()
}
