//! JSON strings, unescaped as they arrive, in any chunking. What comes out is WTF-8, as `v8` says.

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
    /// Takes text from `bytes` up to the closing `"`; returns how many bytes it used, and whether that was among them.
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::heap::v8::{lossy, utf16_length};
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
}
