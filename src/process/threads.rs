//! Which worker threads listen to the main thread (`lib/captures/threads.js`): who waits for their answers must learn that one of them has ended, also when it
//! was terminated and could say nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Shared;

/// More threads than that are not waited for. A process has a few for each processor.
const MOST: usize = 1024;
/// No thread. The main thread, which has this number, is never in the list.
const NONE: u32 = 0;

/// The part of the record that says it.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Threads([AtomicU32; MOST]);

impl Threads {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU32::new(NONE) }; MOST])
    }
}

/// A worker thread listens, until this is dropped.
#[derive(Debug)]
pub struct Presence(&'static AtomicU32);

impl Presence {
    /// Of the thread with this id, as JavaScript knows it; none for the main thread, and where there are too many.
    pub fn of(shared: &'static Shared, thread_id: u32) -> Option<Self> {
        let take = |place: &&AtomicU32| {
            thread_id != NONE && place.compare_exchange(NONE, thread_id, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        shared.threads.0.iter().find(take).map(Self)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.store(NONE, Ordering::Release);
    }
}

impl Shared {
    /// The ids of the threads that listen now.
    pub fn listening_threads(&self) -> Vec<u32> {
        self.threads.0.iter().map(|place| place.load(Ordering::Acquire)).filter(|id| *id != NONE).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_listed_until_they_end() {
        static SHARED: Shared = Shared::new();
        assert!(Presence::of(&SHARED, 0).is_none());
        let first = Presence::of(&SHARED, 7).unwrap();
        let second = Presence::of(&SHARED, 9).unwrap();
        assert_eq!(SHARED.listening_threads(), [7, 9]);
        drop(first);
        assert_eq!(SHARED.listening_threads(), [9]);
        let third = Presence::of(&SHARED, 11).unwrap();
        assert_eq!(SHARED.listening_threads(), [11, 9]);
        drop((second, third));
        assert!(SHARED.listening_threads().is_empty());
    }

    #[test]
    fn where_there_are_too_many_the_rest_is_not_listed() {
        static SHARED: Shared = Shared::new();
        let all: Vec<_> = (1..=1024).map(|id| Presence::of(&SHARED, id).unwrap()).collect();
        assert!(Presence::of(&SHARED, 1025).is_none());
        drop(all);
        assert!(Presence::of(&SHARED, 1025).is_some());
    }
}
