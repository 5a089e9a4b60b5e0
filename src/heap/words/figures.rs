//! Numbers and places, and texts that are too long.

use crate::heap::graph::Graph;
use crate::heap::v8::{Location, lossy};

/// At most `length` characters, with the last one saying that there were more.
pub(crate) fn shortened(text: &str, length: usize) -> String {
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}

/// A share, 0 to 1, as `12.5 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// 48000 as `48,000`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A place as `script:line:column`, the last two from 1; the script is V8's number of it, or a source.
pub(crate) fn location_text(graph: &Graph, location: Location) -> String {
    let source = graph.source_text(location.script).map(lossy);
    let script = source.unwrap_or_else(|| location.script.to_string().into());
    format!("{script}:{}:{}", u64::from(location.line) + 1, u64::from(location.column) + 1)
}
