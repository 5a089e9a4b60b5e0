//! Folded stacks: `main (app.js:1);handle (http.js:9) 512`, the outermost first, a line for each stack, in the order of their bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::bounded::{has_room, too_large};
use crate::error::Result;
use crate::profile::Check;
use crate::profile::handles::Frame;
use crate::profile::model::{FunctionRow, NOWHERE, Profile};

/// What a line has besides its frames, about.
const LINE: usize = 64;
pub(super) fn write(profile: &Profile, value: usize, check: Check<'_>) -> Result<Vec<u8>> {
    let names: Vec<String> = profile.all_functions().iter().map(|function| name(profile, function)).collect();
    let of = |frame: Frame| names.get(profile.frame(frame).function.index()).map_or("", String::as_str);
    let mut lines: BTreeMap<String, i64> = BTreeMap::new();
    let mut bytes = 0;
    for sample in profile.samples().merged().iter() {
        check()?;
        let number = sample.values.get(value).copied().unwrap_or(0);
        if number == 0 {
            continue;
        }
        let threads = profile.threads(sample.labels).map(|thread| plain(profile.text(thread)));
        let mut stack: Vec<Cow<'_, str>> = Vec::new();
        for frame in profile.frames(sample.stack) {
            let name = of(frame);
            bytes += name.len() + 1;
            if !has_room(bytes, LINE) {
                return Err(too_large());
            }
            stack.push(Cow::Borrowed(name));
        }
        if stack.is_empty() {
            stack.push(Cow::Borrowed(NOWHERE));
        }
        stack.extend(threads.map(Cow::Owned));
        stack.reverse();
        let sum = lines.entry(stack.join(";")).or_default();
        *sum = sum.saturating_add(number);
        bytes += LINE;
    }
    Ok(lines.into_iter().map(|(stack, number)| format!("{stack} {number}\n")).collect::<String>().into_bytes())
}

fn name(profile: &Profile, function: &FunctionRow) -> String {
    let name = profile.name(function);
    plain(&profile.place(function).map_or_else(|| name.to_owned(), |place| format!("{name} ({place})")))
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
