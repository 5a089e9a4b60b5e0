//! JSON as events, without recursion: the tree of a `.heapprofile` is as deep as the stacks in it.

use json_event_parser::{JsonEvent, JsonSyntaxError, SliceJsonParser};

use crate::error::{Error, Result};

/// The events of a text.
pub(super) struct Events<'a> {
    parser: SliceJsonParser<'a>,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { parser: SliceJsonParser::new(text) }
    }

    pub(super) fn next(&mut self) -> Result<JsonEvent<'a>> {
        self.parser.parse_next().map_err(|error: JsonSyntaxError| {
            Error::invalid_profile(
                format!("is no whole JSON: {}", error.message()),
                Some(error.location().start.offset),
            )
        })
    }

    pub(super) fn expect(&mut self, wanted: &JsonEvent<'_>, what: &str) -> Result<()> {
        if self.next()? == *wanted {
            Ok(())
        } else {
            Err(Error::invalid_profile(format!("has something else in the place of {what}"), None))
        }
    }

    /// Passes over one value.
    pub(super) fn skip(&mut self) -> Result<()> {
        let first = self.next()?;
        self.skip_rest(&first)
    }

    /// Passes over the rest of a value that began with `first`.
    pub(super) fn skip_rest(&mut self, first: &JsonEvent<'_>) -> Result<()> {
        let mut depth = usize::from(begins(first));
        while depth > 0 {
            let event = self.next()?;
            if begins(&event) {
                depth += 1;
            } else if matches!(event, JsonEvent::EndObject | JsonEvent::EndArray) {
                depth -= 1;
            }
        }
        Ok(())
    }

    /// A number that is whole.
    pub(super) fn integer(&mut self, what: &str) -> Result<i64> {
        match self.next()? {
            JsonEvent::Number(text) => {
                whole(&text).ok_or_else(|| Error::invalid_profile(format!("has {text} for {what}"), None))
            }
            _ => Err(Error::invalid_profile(format!("has no number for {what}"), None)),
        }
    }
}

fn begins(event: &JsonEvent<'_>) -> bool {
    matches!(event, JsonEvent::StartObject | JsonEvent::StartArray)
}

/// Fractions go: V8 and its tools count in whole numbers, but may write them as `1.0` or `1e3`.
#[allow(clippy::cast_possible_truncation, reason = "looked at before")]
fn whole(text: &str) -> Option<i64> {
    const LARGEST: f64 = 9e18;
    text.parse()
        .ok()
        .or_else(|| text.parse::<f64>().ok().filter(|number| number.abs() < LARGEST).map(|number| number as i64))
}

/// The keys of the object that the text is, up to the first of those that are looked for.
pub(super) fn keys_up_to(text: &[u8], wanted: &[&str]) -> Result<Vec<String>> {
    let mut events = Events::new(text);
    events.expect(&JsonEvent::StartObject, "its object")?;
    let mut keys = Vec::new();
    while let JsonEvent::ObjectKey(key) = events.next()? {
        let is_wanted = wanted.contains(&&*key);
        keys.push(key.into_owned());
        if is_wanted {
            break;
        }
        events.skip()?;
    }
    Ok(keys)
}
