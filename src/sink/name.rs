//! The names of artifacts: how they are made, and how heapkit knows its own files again.
//!
//! The pattern follows Node's own diagnostic files:
//! `Heap.20261120.213000.4242.0.001.heapsnapshot.gz` is date, time (local), pid, thread id and a sequence number that is
//! unique in the process. Invariant: whatever heapkit lists, serves or deletes has passed [`ArtifactName::parse`], so a
//! name can never be a path.

use super::codec::Packing;

/// What was captured. The first part of a name, with the format, says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A heap snapshot.
    Snapshot,
    /// A sampling heap profile.
    Sampling,
    /// A heap snapshot with allocation samples over time.
    Timeline,
    /// A CPU profile.
    Cpu,
}

impl Kind {
    /// Its public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Sampling => "sampling",
            Self::Timeline => "timeline",
            Self::Cpu => "cpu",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            _ => "Heap",
        }
    }
}

/// What a file holds; each format has one extension. This is the one table of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// V8's heap snapshot.
    HeapSnapshot,
    /// V8's sampling heap profile.
    HeapProfile,
    /// V8's heap snapshot, with samples.
    HeapTimeline,
    /// V8's CPU profile.
    CpuProfile,
    /// pprof's messages.
    Pprof,
    /// Folded stacks.
    Folded,
    /// For speedscope.app.
    Speedscope,
    /// The page of a flame graph.
    Flamegraph,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::HeapSnapshot,
        Self::HeapProfile,
        Self::HeapTimeline,
        Self::CpuProfile,
        Self::Pprof,
        Self::Folded,
        Self::Speedscope,
        Self::Flamegraph,
    ];

    /// The public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HeapSnapshot => "heapsnapshot",
            Self::HeapProfile => "heapprofile",
            Self::HeapTimeline => "heaptimeline",
            Self::CpuProfile => "cpuprofile",
            Self::Pprof => "pprof",
            Self::Folded => "folded",
            Self::Speedscope => "speedscope",
            Self::Flamegraph => "flamegraph",
        }
    }

    /// What names end in, before what they are packed with: pprof's tools know `.pb.gz`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pprof => "pb",
            Self::Speedscope => "speedscope.json",
            Self::Flamegraph => "flamegraph.html",
            _ => self.as_str(),
        }
    }

    /// The captures that it can be of.
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::HeapSnapshot => &[Kind::Snapshot],
            Self::HeapProfile => &[Kind::Sampling],
            Self::HeapTimeline => &[Kind::Timeline],
            Self::CpuProfile => &[Kind::Cpu],
            Self::Pprof | Self::Folded | Self::Speedscope | Self::Flamegraph => &[Kind::Sampling, Kind::Cpu],
        }
    }
}

/// The parts of an artifact's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactName {
    /// What was captured.
    pub kind: Kind,
    /// What the file holds.
    pub format: Format,
    /// How it is packed.
    pub packing: Packing,
    /// `YYYYMMDD` in the local time of the process that wrote it.
    pub date: String,
    /// `HHMMSS`, likewise.
    pub time: String,
    /// The process that wrote it.
    pub pid: u32,
    /// The thread whose heap or CPU time it is: 0 is the main thread.
    pub thread_id: u64,
    /// Unique in the process.
    pub sequence: u32,
}

impl ArtifactName {
    /// Takes a file name apart; `None` for every name that heapkit would not have made.
    pub fn parse(name: &str) -> Option<Self> {
        let (bare, packing) = Packing::split(name);
        // The last part is the extension, whatever it has.
        let mut parts = bare.splitn(7, '.');
        let label = parts.next()?;
        let date = digits(parts.next()?, 8, 8)?;
        let time = digits(parts.next()?, 6, 6)?;
        let pid = digits(parts.next()?, 1, 10)?.parse().ok()?;
        let thread_id = digits(parts.next()?, 1, 15)?.parse().ok()?;
        let sequence = digits(parts.next()?, 3, 9)?.parse().ok()?;
        let extension = parts.next()?;
        let format = Format::ALL.into_iter().find(|format| format.extension() == extension)?;
        let kind = format.kinds().iter().copied().find(|kind| kind.label() == label)?;
        Some(Self { kind, format, packing, date: date.to_owned(), time: time.to_owned(), pid, thread_id, sequence })
    }
}

fn digits(text: &str, least: usize, most: usize) -> Option<&str> {
    let right = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then_some(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_names() {
        let name = ArtifactName::parse("Heap.20261120.213000.4242.3.007.heapsnapshot.gz").unwrap();
        assert_eq!(name.format, Format::HeapSnapshot);
        assert_eq!(name.packing, Packing::Gzip);
        assert_eq!((name.date.as_str(), name.time.as_str()), ("20261120", "213000"));
        assert_eq!((name.pid, name.thread_id, name.sequence), (4242, 3, 7));
        let name = ArtifactName::parse("CPU.20261120.213000.1.0.1000.cpuprofile").unwrap();
        assert_eq!((name.format, name.packing, name.sequence), (Format::CpuProfile, Packing::None, 1000));
        assert!(ArtifactName::parse("Heap.20261120.213000.1.0.001.heapprofile.zst").is_some());
        for (name, kind, format, packing) in [
            ("Heap.20261120.213000.1.0.001.pb.gz", Kind::Sampling, Format::Pprof, Packing::Gzip),
            ("CPU.20261120.213000.1.0.001.pb", Kind::Cpu, Format::Pprof, Packing::None),
            ("CPU.20261120.213000.1.0.001.folded.zst", Kind::Cpu, Format::Folded, Packing::Zstd),
            ("Heap.20261120.213000.1.0.001.speedscope.json.gz", Kind::Sampling, Format::Speedscope, Packing::Gzip),
            ("CPU.20261120.213000.1.0.001.flamegraph.html", Kind::Cpu, Format::Flamegraph, Packing::None),
            ("Heap.20261120.213000.1.0.001.flamegraph.html.gz", Kind::Sampling, Format::Flamegraph, Packing::Gzip),
        ] {
            let parsed = ArtifactName::parse(name).unwrap();
            assert_eq!((parsed.kind, parsed.format, parsed.packing), (kind, format, packing));
        }
    }

    #[test]
    fn refuses_everything_else() {
        for name in [
            "",
            "..",
            "../etc/passwd",
            "Heap.20261120.213000.4242.0.001.heapsnapshot.gz.partial",
            "Heap.20261120.213000.4242.0.001.heapsnapshot.gz/..",
            "Heap.20261120.213000.4242.0.001.txt",
            "Heap.20261120.213000.4242.0.01.heapsnapshot",
            "Heap.20261120.213000.+242.0.001.heapsnapshot",
            "Heap.20261120.213000.99999999999.0.001.heapsnapshot",
            "CPU.20261120.213000.4242.0.001.heapsnapshot",
            "heap.20261120.213000.4242.0.001.heapsnapshot",
            "Heap.20261120.213000.4242.0.001.heapsnapshot.gz.gz",
            "Heap.20261120.213000.4242.0.001.heapsnapshot\0",
            "Heap.20261120.213000.4242.0.001.json",
            "Heap.20261120.213000.4242.0.001.speedscope",
            "Heap.20261120.213000.4242.0.001.html",
            "Heap.20261120.213000.4242.0.001.flamegraph",
            "Heap.20261120.213000.4242.0.001.flamegraph.html.html",
            "Heap.20261120.213000.4242.0.001.speedscope.json.json",
            "Heap.20261120.213000.4242.0.001.pprof",
            "pb.20261120.213000.4242.0.001.pb",
        ] {
            assert_eq!(ArtifactName::parse(name), None, "{name:?}");
        }
    }
}
