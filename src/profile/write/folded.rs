//! Folded stacks: `main (app.js:1);handle (http.js:9) 512`, the outermost first, a line for each stack, in the order of their bytes.

use std::collections::BTreeMap;

use crate::profile::handles::Frame;
use crate::profile::model::{LabelValue, Profile};

/// The label that says in which thread a sample was taken.
const THREAD: &str = "thread";

pub(super) fn write(profile: &Profile, value: usize) -> Vec<u8> {
    let mut lines: BTreeMap<String, i64> = BTreeMap::new();
    for sample in profile.samples().merged().iter() {
        let number = sample.values.get(value).copied().unwrap_or(0);
        if number == 0 {
            continue;
        }
        let mut names: Vec<String> = profile.frames(sample.stack).map(|frame| name(profile, frame)).collect();
        names.extend(profile.labels(sample.labels).iter().filter_map(|label| match label.value {
            LabelValue::Text(text) if profile.text(label.key) == THREAD => Some(plain(profile.text(text))),
            _ => None,
        }));
        names.reverse();
        let sum = lines.entry(names.join(";")).or_default();
        *sum = sum.saturating_add(number);
    }
    lines.into_iter().map(|(stack, number)| format!("{stack} {number}\n")).collect::<String>().into_bytes()
}

fn name(profile: &Profile, frame: Frame) -> String {
    let function = profile.function(profile.frame(frame).function);
    let name = profile.name(&function);
    plain(&profile.place(&function).map_or_else(|| name.to_owned(), |place| format!("{name} ({place})")))
}

/// A `;` would be another frame, and a line break another stack.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character == ';' {
                ':'
            } else if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
