//! The priority of heapkit's own threads.

use std::sync::atomic::{AtomicBool, Ordering};

/// Nice value (Linux): some 3 % of a core that the service wants for itself, all of one that is idle.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

static KEPT: AtomicBool = AtomicBool::new(false);

/// From now on threads have the process's own priority: for a process that has nothing else to do.
pub fn keep_priority() {
    KEPT.store(true, Ordering::Relaxed);
}

/// Puts the calling thread behind the service's, and with it those that it starts.
pub(crate) fn lower_priority() {
    if KEPT.load(Ordering::Relaxed) {
        return;
    }
    // On Linux "no process" means the calling thread. Where it is not allowed, the thread runs as it is.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}
