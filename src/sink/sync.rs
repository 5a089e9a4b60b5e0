//! The locks of lanes: parking_lot's, or, under the model checker, loom's behind the same face.
//!
//! With `--cfg heapkit_model` (`npm run test:loom`) nothing ever times out, so that a lost wake-up is a deadlock, which loom finds.

#[cfg(not(heapkit_model))]
pub(super) use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(heapkit_model)]
pub(super) use model::{Condvar, Mutex, MutexGuard};

#[cfg(heapkit_model)]
#[allow(clippy::unwrap_used, reason = "the model checker's locks")]
mod model {
    use std::ops::{Deref, DerefMut};
    use std::time::{Duration, Instant};

    #[derive(Default)]
    pub(in crate::sink) struct Mutex<T>(loom::sync::Mutex<T>);

    /// `None` only while it waits.
    pub(in crate::sink) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    pub(in crate::sink) struct Condvar(loom::sync::Condvar);

    pub(in crate::sink) struct NeverTimedOut;

    impl NeverTimedOut {
        pub(in crate::sink) fn timed_out(&self) -> bool {
            false
        }
    }

    impl<T> Mutex<T> {
        pub(in crate::sink) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(in crate::sink) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap()))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().unwrap()
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().unwrap()
        }
    }

    impl Default for Condvar {
        fn default() -> Self {
            Self(loom::sync::Condvar::new())
        }
    }

    impl Condvar {
        pub(in crate::sink) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(in crate::sink) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(in crate::sink) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().unwrap();
            guard.0 = Some(self.0.wait(inner).unwrap());
        }

        pub(in crate::sink) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) -> NeverTimedOut {
            self.wait(guard);
            NeverTimedOut
        }

        pub(in crate::sink) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> NeverTimedOut {
            self.wait(guard);
            NeverTimedOut
        }
    }
}
