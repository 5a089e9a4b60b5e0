//! Columns of numbers as text: each number in as few bytes as it needs, all of them in base64.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Numbers as bytes: seven bits in each, the lowest first; the eighth says that more follow.
#[derive(Default)]
pub(super) struct Column(Vec<u8>);

impl Column {
    pub(super) fn push(&mut self, number: u64) {
        self.more(u128::from(number));
    }

    /// The lowest bit is the sign, which is known whatever the size of numbers that somebody computes with.
    pub(super) fn push_signed(&mut self, number: i64) {
        self.more(u128::from(number.unsigned_abs()) << 1 | u128::from(number < 0));
    }

    fn more(&mut self, mut rest: u128) {
        loop {
            let low = u8::try_from(rest & 0x7F).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    pub(super) fn base64(&self) -> String {
        let mut text = String::with_capacity(self.0.len().div_ceil(3) * 4);
        for three in self.0.chunks(3) {
            let bits =
                three.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
            for at in 0..4 {
                let letter = ALPHABET.get((bits >> (18 - 6 * at) & 63) as usize);
                // Of two bytes three letters are enough, of one two.
                text.push(if at > three.len() { '=' } else { letter.map_or('=', |letter| char::from(*letter)) });
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_bytes_that_they_need() {
        let mut column = Column::default();
        for number in [0, 127, 128, u64::MAX] {
            column.push(number);
        }
        assert_eq!(column.0, [0, 0x7F, 0x80, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        let mut column = Column::default();
        for number in [0, -1, 63, 64, i64::MIN] {
            column.push_signed(number);
        }
        assert_eq!(column.0, [0, 3, 126, 0x80, 1, 0x81, 128, 128, 128, 128, 128, 128, 128, 128, 2]);
    }

    #[test]
    fn base64_is_that_of_everybody() {
        let of = |text: &str| Column(text.as_bytes().to_vec()).base64();
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of), expected);
    }
}
