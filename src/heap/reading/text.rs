//! JSON strings, unescaped as they arrive, in any chunking.
//!
//! Texts are kept as WTF-8: UTF-8, except that half of a surrogate pair (JavaScript strings may hold one) has the three
//! bytes that UTF-8 would give it were it allowed. So no text is changed by being read, and texts are equal exactly if
//! their bytes are. [`lossy`] makes them printable.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::memchr2;

use super::numbers::{Fault, printable};

/// What takes the pieces of a string's text.
pub(super) trait TakeText {
    /// Some of the string's bytes, unescaped.
    fn text(&mut self, bytes: &[u8]);
}

impl TakeText for Vec<u8> {
    fn text(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Where in a string the scanner is, from after the opening `"`.
#[derive(Debug, Default)]
pub(super) struct Unescape {
    escape: Escape,
    /// The first half of a surrogate pair whose second half may follow.
    high: Option<u32>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    Backslash,
    /// After `\u`, with this many of the four digits read.
    Unicode {
        digits: u32,
        value: u32,
    },
}

impl Unescape {
    /// Takes text from `bytes` up to the closing `"`; gives the bytes used, and whether that was among them.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut impl TakeText) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if matches!(self.escape, Escape::None) {
                let plain = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                let (text, end) = rest.split_at(plain);
                if !text.is_empty() {
                    self.end_pair(out);
                    out.text(text);
                }
                let Some(&byte) = end.first() else { break };
                at += plain + 1;
                if byte == b'"' {
                    self.end_pair(out);
                    return Ok((at, true));
                }
                self.escape = Escape::Backslash;
            } else if let Some(&byte) = rest.first() {
                let step = self.escaped(byte, out);
                if let ControlFlow::Break(reason) = step {
                    return Err(Fault { at, reason });
                }
                at += 1;
            }
        }
        Ok((bytes.len(), false))
    }

    fn escaped(&mut self, byte: u8, out: &mut impl TakeText) -> ControlFlow<String> {
        if let Escape::Unicode { digits, value } = self.escape {
            let Some(digit) = char::from(byte).to_digit(16) else {
                return ControlFlow::Break(format!("a string has `\\u` and then {}", printable(byte)));
            };
            let value = value * 16 + digit;
            self.escape = if digits == 3 { Escape::None } else { Escape::Unicode { digits: digits + 1, value } };
            if digits == 3 {
                self.unit(value, out);
            }
            return ControlFlow::Continue(());
        }
        let plain = match byte {
            b'u' => {
                self.escape = Escape::Unicode { digits: 0, value: 0 };
                return ControlFlow::Continue(());
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => byte,
            _ => return ControlFlow::Break(format!("a string has `\\` and then {}", printable(byte))),
        };
        self.escape = Escape::None;
        self.end_pair(out);
        out.text(&[plain]);
        ControlFlow::Continue(())
    }

    /// One UTF-16 code unit.
    fn unit(&mut self, unit: u32, out: &mut impl TakeText) {
        match (self.high.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => encode(0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out),
            (before, _) => {
                if let Some(high) = before {
                    encode(high, out);
                }
                if (0xD800..0xDC00).contains(&unit) {
                    self.high = Some(unit);
                } else {
                    encode(unit, out);
                }
            }
        }
    }

    /// A half that nothing completes stands by itself.
    fn end_pair(&mut self, out: &mut impl TakeText) {
        if let Some(high) = self.high.take() {
            encode(high, out);
        }
    }
}

/// A code point, or half of a surrogate pair, in the manner of UTF-8.
#[allow(clippy::cast_possible_truncation, reason = "six bits each")]
fn encode(point: u32, out: &mut impl TakeText) {
    let tail = |shift: u32| 0x80 | ((point >> shift) & 0x3F) as u8;
    match point {
        0..=0x7F => out.text(&[point as u8]),
        0x80..=0x7FF => out.text(&[0xC0 | (point >> 6) as u8, tail(0)]),
        0x800..=0xFFFF => out.text(&[0xE0 | (point >> 12) as u8, tail(6), tail(0)]),
        _ => out.text(&[0xF0 | ((point >> 18) & 7) as u8, tail(12), tail(6), tail(0)]),
    }
}

/// The text as it can be printed: what is no UTF-8 becomes U+FFFD.
pub fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

/// The length JavaScript would give the text: UTF-16 code units.
pub(crate) fn utf16_length(text: &[u8]) -> usize {
    // Every byte but those that continue a character; four bytes are a surrogate pair.
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + text.iter().filter(|byte| **byte >= 0xF0).count()
}

/// The table of strings: all texts in one buffer, so that a string costs four bytes beyond its text.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    /// Where each text ends, in 32 bits; `turns` has the strings at which those began anew.
    ends: Vec<u32>,
    turns: Vec<u32>,
}

const TURN: usize = 1 << 32;

#[allow(
    clippy::cast_possible_truncation,
    reason = "the scanner reads at most 2^32 strings; ends are cut to 32 bits on purpose"
)]
impl Strings {
    /// The string that is being read.
    pub(crate) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the string that was being read.
    pub(crate) fn close(&mut self) {
        let index = self.ends.len() as u32;
        while self.bytes.len() / TURN > self.turns.len() {
            self.turns.push(index);
        }
        self.ends.push((self.bytes.len() % TURN) as u32);
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.close();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: u32) -> Option<&[u8]> {
        let end = self.end(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.end(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    fn end(&self, index: u32) -> Option<usize> {
        let low = *self.ends.get(index as usize)? as usize;
        let turns = self.turns.iter().take_while(|turn| **turn <= index).count();
        Some(turns * TURN + low)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|index| self.get(index).unwrap_or_default())
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unescape(json: &str, piece: usize) -> Result<Vec<u8>, String> {
        let (mut scanner, mut out) = (Unescape::default(), Vec::new());
        for chunk in json.as_bytes().chunks(piece) {
            match scanner.push(chunk, &mut out) {
                Ok((_, true)) => return Ok(out),
                Ok((_, false)) => {}
                Err(fault) => return Err(fault.reason),
            }
        }
        Err("no end".into())
    }

    proptest! {
        #[test]
        fn equals_serde_json(text in any::<String>(), ascii in any::<bool>(), piece in 1..20usize) {
            let mut json = serde_json::to_string(&text).unwrap();
            if ascii {
                json = json.chars().map(|c| if c.is_ascii() { c.to_string() } else {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect()
                }).collect();
            }
            let read = unescape(&json[1..], piece).unwrap();
            prop_assert_eq!(lossy(&read), text.clone());
            prop_assert_eq!(utf16_length(&read), text.encode_utf16().count());
        }
    }

    #[test]
    fn keeps_halves_of_surrogate_pairs_apart() {
        for piece in 1..8 {
            assert_eq!(unescape(r#"\ud83d"#.to_owned().as_str(), piece).unwrap_err(), "no end");
            assert_eq!(unescape(r#"a\ud83d""#, piece).unwrap(), b"a\xED\xA0\xBD");
            assert_eq!(unescape(r#"\ud83dx""#, piece).unwrap(), b"\xED\xA0\xBDx");
            assert_eq!(unescape(r#"\ude00\ud83d\n""#, piece).unwrap(), b"\xED\xB8\x80\xED\xA0\xBD\n");
            assert_eq!(
                unescape(r#"\ud83d\ud83d\ude00""#, piece).unwrap(),
                "\u{1F600}".as_bytes().iter().fold(b"\xED\xA0\xBD".to_vec(), |mut all, byte| {
                    all.push(*byte);
                    all
                })
            );
        }
        assert_eq!(unescape(r#"\q""#, 1).unwrap_err(), r"a string has `\` and then `q`");
        assert_eq!(unescape(r#"\u12g""#, 1).unwrap_err(), r"a string has `\u` and then `g`");
    }

    #[test]
    fn the_table_gives_back_what_it_took() {
        let mut strings = Strings::default();
        for text in ["", "a", "", "bc"] {
            strings.push(text.as_bytes());
        }
        assert_eq!(strings.iter().collect::<Vec<_>>(), [&b""[..], b"a", b"", b"bc"]);
        assert_eq!(
            (strings.get(1), strings.get(2), strings.get(3), strings.get(4)),
            (Some(&b"a"[..]), Some(&b""[..]), Some(&b"bc"[..]), None)
        );
    }
}
