//! Says in words why there is no memory for a child: what it would have needed, what there is, what to do.

use std::time::Duration;

use super::MemoryRule;
use super::need::Count;
use super::past::Attempt;
use crate::error::{Error, ErrorKind};
use crate::host::{Headroom, mebibytes};

pub(super) struct Shortage<'a> {
    pub(super) rule: &'a MemoryRule,
    /// The room there was before the child took anything, and the room there is.
    pub(super) start: &'a Headroom,
    pub(super) now: &'a Headroom,
    /// What the child has taken.
    pub(super) took: u64,
    pub(super) why: Why<'a>,
}

pub(super) enum Why<'a> {
    /// Not even the least fits.
    LeastIsTooMuch { bytes: u64 },
    /// The last one took so much that this one would not fit.
    LastTook { bytes: u64, past: &'a Attempt, ago: Duration },
    /// The last one was killed, and there is no more for this one.
    LastWasKilled { past: &'a Attempt, ago: Duration },
    /// The child has counted.
    Counted { bytes: u64, count: Count, longest: u64 },
    /// The reserve was reached, before that.
    GoneWhileCounting,
    /// The reserve was reached.
    Gone { needs: Option<u64> },
}

impl From<Shortage<'_>> for Error {
    fn from(shortage: Shortage<'_>) -> Self {
        ErrorKind::Memory { purpose: "for a forked capture", reason: shortage.reason() }.into()
    }
}

impl Shortage<'_> {
    fn reason(&self) -> String {
        let heap = mebibytes(self.rule.heap.used_bytes);
        let (took, reserve) = (mebibytes(self.took), mebibytes(self.rule.reserve_bytes));
        let needs = match &self.why {
            Why::Gone { needs } => {
                let needs =
                    needs.map_or_else(String::new, |needs| format!(" of about {} that it needs", mebibytes(needs)));
                return format!(
                    "only {} were left of the {} that {} allows, so the child was killed to keep the service's reserve of {reserve} \
                     (`memory.reserveBytes`); nothing was kept. It had taken {took}{needs}, for {heap} of heap in use. Give the service \
                     more memory, or capture on a replica that has it",
                    mebibytes(self.now.available_bytes),
                    mebibytes(self.now.limit_bytes),
                    self.now.source,
                );
            }
            Why::LeastIsTooMuch { bytes } => format!("at least {} for the {heap} of heap in use", mebibytes(*bytes)),
            Why::LastTook { bytes, past, ago } => format!(
                "about {} for the {heap} of heap in use, because the last one, {} ago, took {} for {}",
                mebibytes(*bytes),
                age(*ago),
                mebibytes(past.took_bytes),
                mebibytes(past.heap.used_bytes)
            ),
            Why::LastWasKilled { past, ago } => format!(
                "more than {} for the {heap} of heap in use, because the last one, {} ago, was killed when it had taken that for {}",
                mebibytes(past.took_bytes),
                age(*ago),
                mebibytes(past.heap.used_bytes)
            ),
            Why::Counted { bytes, count, longest } => {
                let objects = if count.objects == 0 { String::new() } else { format!("{} objects in ", count.objects) };
                format!(
                    "about {} for the {objects}{} of heap in use (up to {longest} of them in one array)",
                    mebibytes(*bytes),
                    mebibytes(count.used_bytes)
                )
            }
            Why::GoneWhileCounting => {
                format!(
                    "more than {took} for the {heap} of heap in use, which were gone before its objects were even counted"
                )
            }
        };
        format!(
            "it needs {needs}, and {reserve} are to stay free; {} are available of the {} that {} allows. Give the service more \
             memory, capture on a replica that has it, or try all the same with `memory: {{ force: true }}`: the child is \
             killed before memory runs out",
            mebibytes(self.start.available_bytes),
            mebibytes(self.start.limit_bytes),
            self.start.source
        )
    }
}

fn age(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}
