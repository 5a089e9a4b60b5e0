//! The priority of heapkit's own threads.

/// Nice value (Linux): some 3 % of a core that the service wants for itself, all of one that is idle.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// Puts the calling thread behind the service's, and with it those that it starts.
#[cfg(target_os = "linux")]
pub(crate) fn lower_priority() {
    // On Linux "no process" means the calling thread. Where it is not allowed, the thread runs as it is.
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower_priority() {}
