//! The table of strings, in one buffer.

/// The table of strings: all texts in one buffer, so that a string costs four bytes beyond its text.
#[derive(Debug, Default)]
pub(super) struct Strings {
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
    pub(super) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the string that was being read.
    pub(super) fn close(&mut self) {
        let index = self.ends.len() as u32;
        while self.bytes.len() / TURN > self.turns.len() {
            self.turns.push(index);
        }
        self.ends.push((self.bytes.len() % TURN) as u32);
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.close();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<&[u8]> {
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

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|index| self.get(index).unwrap_or_default())
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity() + (self.ends.capacity() + self.turns.capacity()) * size_of::<u32>()
    }

    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
