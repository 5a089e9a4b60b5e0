//! What a thread is working on, so that it can be given up in the middle.
//!
//! Work on a heap is loops over millions of nodes, many levels below whoever may give it up. Their [`checkpoint`]s ask whether the work is
//! still wanted and has memory left. Where it is not, the thread unwinds to [`Progress::run`], which answers with the error: what is half
//! done is dropped on the way, and nobody sees it. A thread that works on nothing, as in tests, goes through.

use std::cell::RefCell;
use std::sync::Arc;

use super::progress::Progress;
use crate::error::{Result, guard};

/// The nodes between two checkpoints, less one: some milliseconds at most.
const BETWEEN: u32 = (1 << 16) - 1;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Progress>>> = const { RefCell::new(None) };
}

impl Progress {
    /// Does `work` on this thread, until it is given up at a checkpoint.
    ///
    /// # Errors
    /// Those of `work`; `HEAPKIT_ERR_ABORTED`, `HEAPKIT_ERR_MEMORY`; `HEAPKIT_ERR_INTERNAL` if it panics.
    pub fn run<T>(self: &Arc<Self>, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let outcome = guard("the reading of a snapshot", || attend(Some(Arc::clone(self)), work));
        self.check_wanted()?;
        outcome
    }
}

/// What this thread works on.
pub(crate) fn current() -> Option<Arc<Progress>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Does a part of the work of another thread, or all of it.
pub(crate) fn attend<T>(progress: Option<Arc<Progress>>, work: impl FnOnce() -> T) -> T {
    struct Back(Option<Arc<Progress>>);
    impl Drop for Back {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _back = Back(CURRENT.replace(progress));
    work()
}

/// In every loop over nodes (or their numbers, or texts): unwinds if the work is given up. One in many looks.
#[inline]
pub(crate) fn checkpoint(ordinal: u32) {
    if ordinal & BETWEEN == 0 {
        look();
    }
}

#[cold]
fn look() {
    if let Some(progress) = current()
        && let Err(error) = progress.check()
    {
        error.unwind();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_thread_stops_at_the_next_checkpoint_and_only_in_its_work() {
        let progress = Arc::new(Progress::default());
        let code = |result: Result<()>| result.unwrap_err().code();
        let endless = || -> Result<()> {
            for ordinal in 0.. {
                if ordinal == 100_000 {
                    progress.cancel();
                }
                checkpoint(ordinal);
                assert!(ordinal < 200_000);
            }
            Ok(())
        };
        assert_eq!(code(progress.run(endless)), "HEAPKIT_ERR_ABORTED");
        // Not this thread's any more.
        checkpoint(0);
        // What comes too late is not wanted either; a panic is a bug.
        assert_eq!(code(progress.run(|| Ok(()))), "HEAPKIT_ERR_ABORTED");
        let other = Arc::new(Progress::default());
        assert_eq!(code(other.run(|| panic!("no"))), "HEAPKIT_ERR_INTERNAL");
        assert_eq!(code(other.run(|| Err(Error::invalid_snapshot("x", 0)))), "HEAPKIT_ERR_INVALID_SNAPSHOT");
        assert_eq!(other.run(|| Ok(5)).unwrap(), 5);
    }
}
