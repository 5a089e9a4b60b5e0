//! Arrays of unsigned integers, in any chunking.
//!
//! Nine tenths of a snapshot are such arrays. Rows as V8 writes them are taken whole ([`window`](super::window)). Of what is
//! left, a number of up to eight digits and a comma need no branch for each digit: eight bytes are read as one word,
//! one addition finds the first byte that is not a digit (bytes above 9 carry into their top bit), and three
//! multiplications add the digits up. Everything else (ends of chunks, long numbers, white space, errors) goes
//! through [`Numbers::step`], a byte at a time.

use std::ops::ControlFlow;

/// Takes each number; the error says why it cannot be used.
pub(super) trait Take {
    /// Answers whether a row ends with it.
    fn take(&mut self, number: u64) -> Result<bool, String>;
    /// Takes whole rows from where a number begins; returns how many bytes they have.
    fn take_rows(&mut self, bytes: &[u8]) -> Result<usize, Fault>;
}

/// Where in an array the scanner is; survives the end of a chunk.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    value: u64,
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After `[`: a number or `]`.
    #[default]
    First,
    /// In the middle of a number.
    Digits,
    /// After a number and white space: `,` or `]`.
    Ended,
    /// After `,`: a number.
    Comma,
}

/// What was wrong, and how many bytes into the chunk.
#[derive(Debug)]
pub(super) struct Fault {
    pub(crate) at: usize,
    pub(super) reason: String,
}

impl Numbers {
    /// Takes numbers from `bytes`; returns how many bytes it used, and whether the array's `]` was among them.
    pub(crate) fn push(&mut self, bytes: &[u8], taker: &mut impl Take) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        loop {
            if matches!(self.place, Place::First | Place::Comma) {
                let before = at;
                at = self.leap(bytes, at, taker)?;
                at = self.sprint(bytes, at, taker)?;
                if at > before {
                    continue;
                }
            }
            let Some(&byte) = bytes.get(at) else { return Ok((at, false)) };
            let step = self.step(byte, taker).map_err(|reason| Fault { at, reason })?;
            at += 1;
            if step.is_break() {
                return Ok((at, true));
            }
        }
    }

    /// Takes rows as long as they are whole in the chunk; returns where it stopped.
    fn leap(&mut self, bytes: &[u8], at: usize, taker: &mut impl Take) -> Result<usize, Fault> {
        let rows = bytes.get(at..).unwrap_or_default();
        let used = taker.take_rows(rows).map_err(|fault| Fault { at: at + fault.at, ..fault })?;
        if used > 0 {
            self.place = Place::Comma;
        }
        Ok(at + used)
    }

    /// Takes numbers to the end of a row, as long as they are short and whole in the chunk; returns where it stopped.
    fn sprint(&mut self, bytes: &[u8], mut at: usize, taker: &mut impl Take) -> Result<usize, Fault> {
        // Eight digits, one more, and the separator `\n,`.
        while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<11>()) {
            let [a, b, c, d, e, f, g, h, ninth, tenth, _] = *window;
            let word = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            let (mut length, mut value) = leading_number(word);
            if length == 0 {
                break;
            }
            if length == 8 && ninth.is_ascii_digit() {
                if tenth.is_ascii_digit() {
                    break;
                }
                value = value * 10 + u64::from(ninth - b'0');
                length = 9;
            }
            let used = match (window.get(length), window.get(length + 1)) {
                (Some(b','), _) => length + 1,
                (Some(b'\n'), Some(b',')) => length + 2,
                _ => break,
            };
            let ended = taker.take(value).map_err(|reason| Fault { at, reason })?;
            at += used;
            self.place = Place::Comma;
            if ended {
                break;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8, taker: &mut impl Take) -> Result<ControlFlow<()>, String> {
        match (byte, self.place) {
            (b'0'..=b'9', Place::First | Place::Comma | Place::Digits) => {
                let digit = u64::from(byte - b'0');
                let before = if self.place == Place::Digits { self.value } else { 0 };
                self.value = before
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(digit))
                    .ok_or("a number is greater than any that V8 writes (64 bits)")?;
                self.place = Place::Digits;
            }
            (b' ' | b'\n' | b'\r' | b'\t', Place::Digits) => self.place = Place::Ended,
            (b' ' | b'\n' | b'\r' | b'\t', _) => {}
            (b',', Place::Digits | Place::Ended) => {
                taker.take(self.value)?;
                self.place = Place::Comma;
            }
            (b']', Place::Digits | Place::Ended) => {
                taker.take(self.value)?;
                return Ok(ControlFlow::Break(()));
            }
            (b']', Place::First) => return Ok(ControlFlow::Break(())),
            _ => return Err(format!("an array of whole numbers has {}", printable(byte))),
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// How many digits the word begins with (its lowest byte is the first), and the number that they make.
#[inline(always)]
pub(super) fn leading_number(word: u64) -> (usize, u64) {
    let digits = word ^ 0x3030_3030_3030_3030;
    // 10 and above carry into the byte's top bit; a carry out of a byte only disturbs those after it.
    let others = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    let length = others.trailing_zeros() / 8;
    if length == 0 {
        return (0, 0);
    }
    // Shifted so that the last digit is the top byte, and zeros lead.
    let aligned = digits << (64 - 8 * length);
    let pairs = aligned.wrapping_mul(10).wrapping_add(aligned >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    (length as usize, value)
}

/// A byte as a message shows it.
pub(super) fn printable(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct All(Vec<u64>);

    impl Take for All {
        fn take(&mut self, number: u64) -> Result<bool, String> {
            self.0.push(number);
            Ok(false)
        }

        fn take_rows(&mut self, _bytes: &[u8]) -> Result<usize, Fault> {
            Ok(0)
        }
    }

    /// The numbers after `[`, fed in pieces of `piece` bytes, and the bytes after `]`.
    fn scan(text: &str, piece: usize) -> Result<(Vec<u64>, usize), String> {
        let (mut numbers, mut all, mut used) = (Numbers::default(), All::default(), 0);
        for chunk in text.as_bytes().chunks(piece) {
            let (taken, ended) =
                numbers.push(chunk, &mut all).map_err(|fault| format!("{}: {}", used + fault.at, fault.reason))?;
            used += taken;
            if ended {
                return Ok((all.0, text.len() - used));
            }
        }
        Err("no end".into())
    }

    proptest! {
        #[test]
        fn equals_the_plain_reading(numbers in prop::collection::vec((0..20u32, any::<u64>(), 0..4usize), 0..200), piece in 1..64usize) {
            // All lengths of numbers, and the separators that V8 writes and others.
            let numbers: Vec<_> = numbers.into_iter().map(|(shift, number, space)| (number >> (shift * 3), space)).collect();
            let text: Vec<_> = numbers.iter().map(|(number, space)| format!("{number}{}", ["", "\n", " ", "\r\n\t"][*space])).collect();
            let text = text.join(",") + "]tail";
            let (read, rest) = scan(&text, piece).unwrap();
            prop_assert_eq!(read, numbers.into_iter().map(|(number, _)| number).collect::<Vec<_>>());
            prop_assert_eq!(rest, 4);
        }
    }

    #[test]
    fn refuses_what_is_no_array_of_whole_numbers() {
        for (text, message) in [
            ("1,,2]", "2: an array of whole numbers has `,`"),
            ("1,-2]", "2: an array of whole numbers has `-`"),
            ("1.5]", "1: an array of whole numbers has `.`"),
            ("1,2,]", "4: an array of whole numbers has `]`"),
            ("1 2]", "2: an array of whole numbers has `2`"),
            (",1]", "0: an array of whole numbers has `,`"),
            ("1,\u{1}", "2: an array of whole numbers has byte 0x01"),
            ("18446744073709551616]", "19: a number is greater than any that V8 writes (64 bits)"),
        ] {
            for piece in [1, 3, 100] {
                assert_eq!(scan(text, piece).unwrap_err(), message);
            }
        }
        assert_eq!(scan("]", 1).unwrap(), (vec![], 0));
        assert_eq!(scan("18446744073709551615 ]", 7).unwrap(), (vec![u64::MAX], 0));
    }
}
