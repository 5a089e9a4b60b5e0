//! What is under way, and the thread that ends waits which have taken too long.
//!
//! `heapkit-clock` lives while there is something to wait for. It touches no disk, so that no disk can stop it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::crew::Crew;
use super::errand::Errand;
use super::lane::Lane;
use crate::error::{Error, Result};

/// How soon it looks again, if nothing is due before.
const SELDOM: Duration = Duration::from_secs(1);
const OFTEN: Duration = Duration::from_millis(5);

/// What can take too long.
pub(super) trait Watched: Send + Sync {
    /// Ends what has taken too long; tells when something will have.
    fn look(&self, now: Instant) -> Option<Instant>;
    /// Nothing is left to watch.
    fn is_gone(&self) -> bool;
    fn patience(&self) -> Duration;
    /// The capture, if it is one.
    fn lane(&self) -> Option<&Arc<Lane>> {
        None
    }
}

/// A capture, watched.
pub(super) struct Capture(pub(super) Arc<Lane>);

impl Watched for Capture {
    fn look(&self, now: Instant) -> Option<Instant> {
        let due = self.0.look(now);
        // There may have been no thread that removes what is left.
        self.0.wake();
        due
    }
    fn is_gone(&self) -> bool {
        self.0.is_gone()
    }
    fn patience(&self) -> Duration {
        self.0.facts.patience
    }
    fn lane(&self) -> Option<&Arc<Lane>> {
        Some(&self.0)
    }
}

impl<T: Send + 'static> Watched for Errand<T> {
    fn look(&self, now: Instant) -> Option<Instant> {
        self.look(now)
    }
    fn is_gone(&self) -> bool {
        self.is_answered()
    }
    fn patience(&self) -> Duration {
        super::crew::Work::patience(self)
    }
}

#[derive(Default)]
struct State {
    all: Vec<Arc<dyn Watched>>,
    runs: bool,
    /// Something may be due sooner than it was at the last look.
    is_stale: bool,
}

#[derive(Default)]
pub(super) struct Watch {
    pub(super) crew: Arc<Crew>,
    state: Mutex<State>,
    /// `is_stale` was set.
    sooner: Condvar,
}

impl Watch {
    /// Watches `one` from now on; fails where the process may not have another thread.
    pub(super) fn add(self: &Arc<Self>, one: Arc<dyn Watched>) -> Result<()> {
        let mut state = self.state.lock();
        if !state.runs {
            let watch = Arc::clone(self);
            let thread = std::thread::Builder::new().name(String::from("heapkit-clock"));
            thread.spawn(move || watch.run()).map_err(|error| Error::io("pthread_create", "heapkit-sink", error))?;
            state.runs = true;
        }
        state.all.push(one);
        drop(state);
        self.look_soon();
        Ok(())
    }

    pub(super) fn look_soon(&self) {
        self.state.lock().is_stale = true;
        self.sooner.notify_one();
    }

    /// Sleeps, unless something has changed since the last look.
    fn sleep(&self, state: &mut MutexGuard<'_, State>, until: Instant) {
        while !std::mem::take(&mut state.is_stale) && !self.sooner.wait_until(state, until).timed_out() {}
    }

    /// The captures of `owner`.
    pub(super) fn lanes_of(&self, owner: u64) -> Vec<Arc<Lane>> {
        let state = self.state.lock();
        state.all.iter().filter_map(|one| one.lane()).filter(|lane| lane.facts.owner == owner).map(Arc::clone).collect()
    }

    fn run(&self) {
        loop {
            let now = Instant::now();
            let all = self.state.lock().all.clone();
            // First the crew, which knows why there was no thread.
            let of_crew = self.crew.look(now);
            let due = all.iter().filter_map(|one| one.look(now)).chain(of_crew).min();
            // A step that begins after this look is late after the patience of its capture, no sooner.
            let seldom = all.iter().map(|one| one.patience() / 4).min().unwrap_or(SELDOM).clamp(OFTEN, SELDOM);
            drop(all);
            let mut state = self.state.lock();
            state.all.retain(|one| !one.is_gone());
            if state.all.is_empty() && !self.crew.has_queue() {
                state.runs = false;
                return;
            }
            let until = now + seldom;
            self.sleep(&mut state, due.map_or(until, |due| due.clamp(now + OFTEN, until)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_while_the_clock_looks_is_looked_at_before_it_sleeps() {
        let watch = Watch::default();
        watch.look_soon();
        // Would sleep for an hour otherwise.
        watch.sleep(&mut watch.state.lock(), Instant::now() + Duration::from_secs(3600));
        assert!(!watch.state.lock().is_stale);
    }
}
