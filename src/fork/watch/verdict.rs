//! How a watch ended, in words: what the caller is told, and whether another attempt may help.

use std::io;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::vigil::HANG;
use crate::error::{Error, ErrorKind, Result};
use crate::fork::child::status;
use crate::fork::twin::Ended;
use crate::fork::{Outcome, large_blocks, unsealed};

/// Why a watch ended.
#[derive(Debug)]
pub(super) enum End {
    /// The text is complete, and all of it with the outlet.
    Complete,
    /// The child closed its output, or ended.
    Silent,
    /// It neither wrote nor computed.
    Hung,
    /// Nobody wants it any more.
    Unwanted,
    /// The service comes first: too little memory is left, or the outlet takes nothing.
    GivenUp(Error),
    Failed(io::Error),
}

/// What is known of the child when the watch is over.
pub(super) struct Remains {
    /// How it ended by itself; `None` if it had to be killed.
    pub(super) ended: Option<Ended>,
    pub(super) taken: u64,
    pub(super) last_words: String,
}

/// What the caller is told.
pub(super) fn pass(end: End, remains: &Remains) -> Result<Outcome> {
    if let End::Silent = end
        && let Some(seen) = unsealed_by(remains)
    {
        return Err(unsealed(&seen));
    }
    let seen = match end {
        End::Complete => return Ok(Outcome::Delivered),
        End::Unwanted => return Ok(Outcome::Unwanted),
        End::GivenUp(error) => return Err(error),
        End::Failed(error) => return Err(Error::io("read", "the child's pipe", error)),
        End::Hung => format!("it neither wrote nor computed for {} and was killed", seconds(HANG)),
        End::Silent => describe(remains.ended),
    };
    if let (End::Silent, Some(Ended::By(by))) = (&end, remains.ended)
        && by.exit_status() == Some(status::INCOMPLETE)
    {
        large_blocks::keep_all();
    }
    let words = &remains.last_words;
    let said = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
    let detail = format!("{seen}, after {} bytes{said}", remains.taken);
    if let Some(Ended::By(status)) = remains.ended
        && let Some(cause) =
            status.terminating_signal().and_then(|signal| lasting_cause(signal, getrlimit(Resource::Cpu).current))
    {
        return Err(ErrorKind::Child { detail: format!("{detail}. {cause}") }.into());
    }
    // What was taken cannot be taken back, so only a child that wrote nothing can be replaced.
    if remains.taken == 0 { Ok(Outcome::Retry(detail)) } else { Err(ErrorKind::Child { detail }.into()) }
}

/// Why the child could not be made harmless, if that is how it ended.
fn unsealed_by(remains: &Remains) -> Option<String> {
    let Some(Ended::By(by)) = remains.ended else { return None };
    if by.exit_status() == Some(status::UNSEALED) {
        Some(remains.last_words.clone())
    } else if by.terminating_signal() == Some(libc::SIGSYS) {
        Some(String::from(
            "SIGSYS ended the child: a sandbox does not know a call that sealing takes, or native code of this process made a call of 32 bits",
        ))
    } else {
        None
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

fn describe(ended: Option<Ended>) -> String {
    let status = match ended {
        None => return String::from("it closed its output, did not end by itself, and was killed"),
        Some(Ended::Untold) => {
            return String::from("it ended, and something else in this process took its status");
        }
        Some(Ended::By(status)) => status,
    };
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => format!("signal {signal}{} ended it", name(signal)),
        (_, Some(0)) => String::from("it ended before its text was complete"),
        (_, Some(status::LOCKED)) => String::from("it ended itself rather than wait for ever"),
        (_, Some(code)) => format!("it exited with status {code}"),
        _ => String::from("it ended"),
    }
}

/// Where such a signal comes from, if another attempt would get it, too; `cpu_seconds` is what a process may use here.
fn lasting_cause(signal: i32, cpu_seconds: Option<u64>) -> Option<String> {
    let limit = cpu_seconds.map(|seconds| {
        format!("a child of this process may use {seconds} s of processor time (`ulimit -t`, RLIMIT_CPU)")
    });
    match signal {
        libc::SIGKILL => Some(format!(
            "SIGKILL comes from an operator, or from the kernel when memory runs out: see the kernel's log{}",
            limit.map(|limit| format!("; or at its limit: {limit}")).unwrap_or_default()
        )),
        libc::SIGXCPU => limit,
        _ => None,
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGTRAP => " (SIGTRAP)",
        libc::SIGKILL => " (SIGKILL)",
        libc::SIGTERM => " (SIGTERM)",
        libc::SIGINT => " (SIGINT)",
        libc::SIGXCPU => " (SIGXCPU)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_processor_time_is_named_where_it_may_have_been_the_cause() {
        assert_eq!(lasting_cause(libc::SIGXCPU, None), None);
        assert_eq!(lasting_cause(libc::SIGSEGV, Some(3)), None);
        assert!(lasting_cause(libc::SIGXCPU, Some(3)).unwrap().contains("3 s of processor time"));
        assert!(lasting_cause(libc::SIGKILL, Some(3)).unwrap().contains("RLIMIT_CPU"));
        assert!(!lasting_cause(libc::SIGKILL, None).unwrap().contains("RLIMIT_CPU"));
    }
}
