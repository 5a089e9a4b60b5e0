//! The text of a script as V8 counts it: lines from 0, columns in UTF-16 code units from 0.

use memchr::memchr_iter;

/// Stands for every code unit that is not ASCII: none of them ends a name.
pub(super) const OTHER: u8 = 0xFF;

/// A script's text, a byte for each UTF-16 code unit, so that every place is found at once.
#[derive(Debug)]
pub(super) struct Text {
    units: Vec<u8>,
    /// Where each line begins.
    lines: Vec<u32>,
}

impl Text {
    /// Of a file's bytes.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let units = if bytes.is_ascii() { bytes } else { units(&String::from_utf8_lossy(&bytes)) };
        let ends = memchr_iter(b'\n', &units).chain(lone_returns(&units)).filter_map(|end| u32::try_from(end + 1).ok());
        let mut lines: Vec<u32> = [0].into_iter().chain(ends).collect();
        lines.sort_unstable();
        Self { units, lines }
    }

    pub(super) fn units(&self) -> &[u8] {
        &self.units
    }

    /// Where a place is in [`Text::units`].
    pub(super) fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let offset = *self.lines.get(line as usize)? as usize + column as usize;
        (offset < self.units.len()).then_some(offset)
    }

    /// The line and the column of an offset.
    pub(super) fn place(&self, offset: usize) -> Option<(u32, u32)> {
        let line = self.lines.partition_point(|start| *start as usize <= offset).checked_sub(1)?;
        let column = offset - *self.lines.get(line)? as usize;
        Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?))
    }

    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.units.len() + self.lines.len() * size_of::<u32>()
    }
}

fn units(text: &str) -> Vec<u8> {
    let mut units = Vec::with_capacity(text.len());
    // Node.js drops it, too.
    for char in text.strip_prefix('\u{FEFF}').unwrap_or(text).chars() {
        match char {
            // They end a line in JavaScript.
            '\u{2028}' | '\u{2029}' => units.push(b'\n'),
            _ if char.is_ascii() => units.push(u8::try_from(char).unwrap_or(OTHER)),
            _ => units.extend(std::iter::repeat_n(OTHER, char.len_utf16())),
        }
    }
    units
}

fn lone_returns(units: &[u8]) -> impl Iterator<Item = usize> {
    memchr_iter(b'\r', units).filter(|at| units.get(at + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_places_as_v8_counts_them() {
        let text = Text::new("\u{FEFF}a\r\n😀b\rc\u{2028}dé e".as_bytes().to_vec());
        let at = |line, column| text.offset(line, column).and_then(|at| text.units().get(at)).copied();
        assert_eq!([at(0, 0), at(1, 2), at(2, 0), at(3, 0), at(3, 3)], [b'a', b'b', b'c', b'd', b'e'].map(Some));
        assert_eq!((at(3, 1), at(3, 4), at(4, 0)), (Some(OTHER), None, None));
        assert_eq!(text.offset(3, 3).and_then(|at| text.place(at)), Some((3, 3)));
    }
}
