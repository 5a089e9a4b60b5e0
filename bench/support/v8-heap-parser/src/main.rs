//! Reads the snapshot that its argument names, until every retained size is known, and prints what that took as JSON.
//!
//! A process of its own for each reading, like all sides of bench/heap.js.

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("which file?")?;
    let start = Instant::now();
    // Somewhat faster than its `decode_reader` on the same file.
    let graph = v8_heap_parser::decode_slice(&fs::read(file)?)?;
    // The first that is asked for works all of them out.
    let total = graph.retained_size(graph.root_index);
    let seconds = start.elapsed().as_secs_f64();
    println!(r#"{{"seconds":{seconds},"peakRss":{},"nodes":{},"total":{total}}}"#, peak_rss()?, graph.nodes().len());
    Ok(())
}

/// The most memory that the process had, in bytes.
fn peak_rss() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}
