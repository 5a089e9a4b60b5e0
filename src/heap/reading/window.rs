//! Rows of numbers, found in 64 bytes at a time.
//!
//! A number's place depends on the lengths of all before it, so whoever reads one after another mostly waits. Here all bytes of a
//! window are looked at together, in loops that compilers turn into vector instructions: whether each may follow the one before it,
//! and which are commas. That gives the places of some rows at once, and only fields that are asked for become numbers.
//!
//! What is taken is proven to be digits, `,` and `\n,`. Everything else (white space, the ends of chunks and arrays, numbers longer
//! than V8's) is left to [`Numbers`](super::numbers::Numbers).

use super::numbers::{Fault, leading_number};

/// Bytes that are looked at together.
const WINDOW: usize = 64;
/// Numbers with so many digits are left to others, so that none is too large for 64 bits.
const LONG: usize = 16;
/// A window, and what may be read beyond it together with its last number.
type Window = [u8; WINDOW + LONG];

/// The numbers of a row, by the place of the field.
pub(super) trait Row {
    fn number(&self, field: usize) -> u64;
    /// Of a field that mostly has one digit.
    #[inline(always)]
    fn digit(&self, field: usize) -> u64 {
        self.number(field)
    }
}

/// A row in a window.
pub(super) struct Whole<'a, const WIDTH: usize> {
    window: &'a Window,
    /// Where each field begins.
    starts: [u32; WIDTH],
}

/// Takes rows as long as they are plain and whole; returns how many bytes they have.
#[inline(always)]
pub(super) fn whole_rows<const WIDTH: usize>(
    bytes: &[u8],
    mut take: impl FnMut(&Whole<'_, WIDTH>) -> Result<(), String>,
) -> Result<usize, Fault> {
    let mut at = 0;
    while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let Some(commas) = commas(window) else { break };
        let mut row = Whole { window, starts: [0; WIDTH] };
        let (mut begins, mut used) = (commas << 1, 0);
        while let Some(next) = row.find(used, &mut begins) {
            take(&row).map_err(|reason| Fault { at: at + used as usize, reason })?;
            used = next;
        }
        if used == 0 {
            break;
        }
        at += used as usize;
    }
    Ok(at)
}

/// The places of the window's commas, if it is plain from the beginning of a number on.
#[inline(always)]
fn commas(window: &Window) -> Option<u64> {
    let [first, ..] = window;
    let bytes: &[u8; WINDOW] = window.first_chunk()?;
    let next: &[u8; WINDOW] = window.get(1..)?.first_chunk()?;
    let mut odd = !first.is_ascii_digit();
    for (byte, next) in bytes.iter().zip(next) {
        // `&` and `|`: no branches.
        let digit = byte.is_ascii_digit();
        let between = ((*byte == b',') & next.is_ascii_digit()) | ((*byte == b'\n') & (*next == b','));
        odd |= !(digit | between);
    }
    let commas = places_of(b',', bytes);
    let mut run = !commas;
    for shift in [1, 2, 4, 8] {
        run &= run >> shift;
    }
    (!odd && run == 0).then_some(commas)
}

/// A bit for each byte.
#[inline(always)]
fn places_of(wanted: u8, bytes: &[u8; WINDOW]) -> u64 {
    let found = bytes.map(|byte| u8::from(byte == wanted));
    let (eights, _) = found.as_chunks();
    let mut places = 0;
    for eight in eights.iter().rev() {
        // The product's top byte has the lowest bits of all eight.
        places = places << 8 | u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    }
    places
}

impl<const WIDTH: usize> Whole<'_, WIDTH> {
    /// Finds the row that begins at `first`; returns where the next one does. `begins` are the places where numbers begin after that.
    #[inline(always)]
    fn find(&mut self, first: u32, begins: &mut u64) -> Option<u32> {
        let mut next = first;
        for start in &mut self.starts {
            *start = next;
            if *begins == 0 {
                return None;
            }
            next = begins.trailing_zeros();
            *begins &= *begins - 1;
        }
        Some(next)
    }

    /// The window from a field on.
    #[inline(always)]
    fn from(&self, field: usize) -> &[u8] {
        // Of the remainder the compiler sees that it is in the window.
        let start = self.starts.get(field).map_or(0, |start| *start as usize % WINDOW);
        self.window.get(start..).unwrap_or_default()
    }
}

impl<const WIDTH: usize> Row for Whole<'_, WIDTH> {
    #[inline(always)]
    fn digit(&self, field: usize) -> u64 {
        match self.from(field) {
            [digit, b',', ..] => u64::from(digit - b'0'),
            _ => self.number(field),
        }
    }

    #[inline(always)]
    fn number(&self, field: usize) -> u64 {
        let digits = self.from(field);
        let Some(eight) = digits.first_chunk() else { return 0 };
        match leading_number(u64::from_le_bytes(*eight)) {
            (8, _) if digits.get(8).is_some_and(u8::is_ascii_digit) => long(digits),
            (_, value) => value,
        }
    }
}

#[cold]
fn long(digits: &[u8]) -> u64 {
    digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |value, byte| value * 10 + u64::from(byte - b'0'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows that are taken, and the bytes that they have.
    fn take(text: &[u8]) -> (Vec<[u64; 3]>, usize) {
        let mut rows = Vec::new();
        let used = whole_rows::<3>(text, |row| {
            assert_eq!(row.digit(0), row.number(0));
            rows.push([0, 1, 2].map(|field| row.number(field)));
            Ok(())
        });
        (rows, used.unwrap())
    }

    proptest! {
        #[test]
        fn takes_what_is_there(rows in prop::collection::vec((0..20u64, 0..30u32, any::<[u64; 2]>(), any::<bool>()), 0..60)) {
            // All lengths of numbers that are taken, and some that are not.
            let rows: Vec<_> = rows.iter().map(|(kind, shift, [a, b], line)| ([*kind, a >> (12 + shift), b >> 33], *line)).collect();
            let text: String = rows.iter().map(|([kind, a, b], line)| format!("{kind},{a},{b}{},", if *line { "\n" } else { "" })).collect();
            let (taken, used) = take(text.as_bytes());
            prop_assert!(taken.iter().eq(rows.iter().take(taken.len()).map(|(row, _)| row)));
            let begun: usize = rows.iter().take(taken.len()).map(|([kind, a, b], line)| format!("{kind},{a},{b},").len() + usize::from(*line)).sum();
            prop_assert_eq!(used, begun);
            let is_long = rows.iter().any(|([_, a, _], _)| a.to_string().len() >= LONG - 1);
            prop_assert!(is_long || text.len() - used < WINDOW + LONG);
        }

        #[test]
        fn passes_over_nothing_else(at in 0..120usize, byte in any::<u8>()) {
            let mut text = "1,22,333\n,".repeat(30).into_bytes();
            let before = std::mem::replace(&mut text[at], byte);
            let (_, used) = take(&text);
            let is_plain = text[..used].split(|byte| *byte == b',').all(|number| {
                number.is_empty() || number.strip_suffix(b"\n").unwrap_or(number).iter().all(u8::is_ascii_digit)
            });
            prop_assert!(is_plain);
            if !byte.is_ascii_digit() && !matches!(byte, b',' | b'\n') {
                prop_assert!(used <= at);
            }
            if byte == before {
                prop_assert!(used > 120);
            }
        }
    }

    #[test]
    fn leaves_what_v8_does_not_write() {
        let rest = "1,2,3,".repeat(20);
        for odd in
            ["1, 2,3,", "1,2,3\n\n,", "1,,3,", ",1,2,", "1,-2,3,", "1,2,3]", "1,2,12345678901234567890,", "\n,1,2,"]
        {
            assert_eq!(take(format!("{odd}{rest}").as_bytes()).1, 0, "{odd}");
        }
        assert_eq!(take(b"1,2,3").1, 0);
        assert_eq!(
            take(format!("7,123456789012345,8,{rest}").as_bytes()).0.first(),
            Some(&[7, 123_456_789_012_345, 8])
        );
    }
}
