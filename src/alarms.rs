//! Time that nobody can tamper with: alarms that ring on a thread of heapkit's own.
//!
//! Test suites replace JavaScript's timers, and services patch them. A capture that waits for one of those might never end, and would
//! keep all others from beginning. Invariants:
//!
//! * an alarm rings once, or never after it was cancelled;
//! * it rings on the thread `heapkit-alarms`, without a lock, so that what rings may set another;
//! * the thread sleeps while there is nothing to do, and stays: there is one in a process.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

/// What an alarm does.
pub type Ring = Box<dyn FnOnce() + Send>;

/// Names an alarm, to cancel it: when it is due, and a number.
pub type AlarmId = (Instant, u64);

/// The alarms of a process.
#[derive(Clone, Default)]
pub struct Alarms(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    due: BTreeMap<AlarmId, Ring>,
    next: u64,
    is_running: bool,
}

impl Alarms {
    /// Makes sure of the thread. Fails where the process may have no other; once there is one, [`Alarms::set`] does not fail.
    pub fn start(&self) -> io::Result<()> {
        self.started().map(drop)
    }

    fn started(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.0.state.lock();
        if !state.is_running {
            let shared = Arc::clone(&self.0);
            std::thread::Builder::new().name(String::from("heapkit-alarms")).spawn(move || shared.run())?;
            state.is_running = true;
        }
        Ok(state)
    }

    /// Calls `ring` when `delay` is over. Fails where the process may not have the thread.
    pub fn set(&self, delay: Duration, ring: Ring) -> io::Result<AlarmId> {
        let mut state = self.started()?;
        state.next += 1;
        let now = Instant::now();
        // What no clock can count to is as good as a year.
        let at = now.checked_add(delay).unwrap_or(now + Duration::from_secs(31_536_000));
        let id = (at, state.next);
        state.due.insert(id, ring);
        self.0.changed.notify_one();
        Ok(id)
    }

    /// Takes it back. Answers whether it had not rung.
    pub fn cancel(&self, id: &AlarmId) -> bool {
        let ring = self.0.state.lock().due.remove(id);
        ring.is_some()
    }
}

impl Shared {
    fn run(&self) {
        loop {
            let ring = self.wait();
            // What rings fails alone.
            let _ = catch_unwind(AssertUnwindSafe(ring));
        }
    }

    /// The next alarm, when it is due.
    fn wait(&self) -> Ring {
        let mut state = self.state.lock();
        loop {
            let next = state.due.first_entry();
            match next {
                Some(first) if first.key().0 <= Instant::now() => return first.remove(),
                Some(first) => {
                    let at = first.key().0;
                    self.changed.wait_until(&mut state, at);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn alarms_ring_in_their_order_and_not_after_they_were_cancelled() {
        let alarms = Alarms::default();
        let (send, receive) = mpsc::channel();
        let set = |ms, name: &'static str| {
            let send = send.clone();
            alarms.set(Duration::from_millis(ms), Box::new(move || send.send(name).unwrap())).unwrap()
        };
        let late = set(400, "late");
        let cancelled = set(100, "cancelled");
        set(0, "at once");
        assert!(alarms.cancel(&cancelled));
        assert!(!alarms.cancel(&cancelled));
        assert_eq!(receive.recv().unwrap(), "at once");
        assert_eq!(receive.recv().unwrap(), "late");
        assert!(!alarms.cancel(&late));
        // One that panics is not the last.
        alarms.set(Duration::ZERO, Box::new(|| panic!("no"))).unwrap();
        set(1, "after");
        assert_eq!(receive.recv().unwrap(), "after");
    }
}
