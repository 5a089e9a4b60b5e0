//! Locks that children found held by a thread of the service, which a child does not have.
//!
//! `fork(2)` copies a lock as it is. V8's own workers sleep when it happens (`workers`); other threads of the service may hold a lock that
//! the child needs: the queue of V8's platform, above all, where other isolates put their jobs. The child takes it over
//! (`sys::deadlock`), and reports its address. What the lock guards may be in the middle of a change, so the child may crash, and then there
//! is another attempt. The parent has the same lock at the same address, and from then on forks only while it is free.
//!
//! A word that holds anything but the state of a lock is not a lock, or no longer one.

use std::fs::File;
use std::os::unix::fs::FileExt;

use parking_lot::Mutex;

use super::sys::mutex::is_held;

/// What a child says, before the address.
pub(super) const TOOK_OVER: &str = "heapkit: the child took over a lock that a thread of the service held, at 0x";
/// What it says when it ends because it cannot have what it needs.
pub(super) const GAVE_UP: &str = "heapkit: the child would wait for ever for what a thread of the service held, at 0x";
/// How many are remembered. A process has few that matter.
const MOST: usize = 16;

/// Where children met them.
static MET: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Remembers the locks that a child told of.
pub(super) fn remember(last_words: &str) {
    let mut met = MET.lock();
    for rest in last_words.split(TOOK_OVER).skip(1) {
        let digits = rest.split(|letter: char| !letter.is_ascii_hexdigit()).next().unwrap_or_default();
        let Ok(address) = usize::from_str_radix(digits, 16) else { continue };
        if met.contains(&address) {
            continue;
        }
        if met.len() == MOST {
            met.remove(0);
        }
        met.push(address);
    }
}

/// Those that must be free when the process forks.
pub(super) struct Locks {
    memory: Option<File>,
    addresses: Vec<usize>,
}

impl Locks {
    pub(super) fn known() -> Self {
        let addresses = MET.lock().clone();
        let memory = if addresses.is_empty() { None } else { File::open("/proc/self/mem").ok() };
        Self { memory, addresses }
    }

    /// Where they are.
    pub(super) fn addresses(&self) -> &[usize] {
        &self.addresses
    }

    /// Whether none of them is locked at this moment.
    pub(super) fn are_free(&self) -> bool {
        let Some(memory) = &self.memory else { return true };
        self.addresses.iter().all(|address| !is_locked(memory, *address))
    }
}

/// Reading through a file cannot fault.
fn is_locked(memory: &File, address: usize) -> bool {
    let mut word = [0; size_of::<u32>()];
    let read = u64::try_from(address).is_ok_and(|address| memory.read_exact_at(&mut word, address).is_ok());
    read && is_held(u32::from_ne_bytes(word))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::sys::mutex::WAITED_FOR;
    use super::*;

    #[test]
    fn a_lock_that_was_told_of_must_be_free() {
        let word = AtomicU32::new(WAITED_FOR);
        let [address, other] = [&word, &AtomicU32::new(0)].map(|word| std::ptr::from_ref(word).addr());
        remember(&format!("nothing of the kind\n{GAVE_UP}{address:x}"));
        remember(&format!("something\n{TOOK_OVER}{other:x}\n{TOOK_OVER}{address:x}\nmore"));
        let locks = Locks::known();
        assert_eq!(locks.addresses(), [other, address]);
        assert!(!locks.are_free());
        word.store(0, Ordering::Relaxed);
        assert!(locks.are_free());
        // No lock any more.
        word.store(0x4000_0000, Ordering::Relaxed);
        assert!(locks.are_free());
    }
}
