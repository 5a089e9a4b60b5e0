//! How the bytes of an input are understood: pieces, kind, rest.
//!
//! The first byte says in which pieces the file arrives: `0` whole, everything else at random places that it seeds. The
//! second is `S` for a snapshot that the rest describes ([`crate::shape`]), and anything else for a rest that is the file
//! itself. Both are characters, so that the corpus can be read and written by people.

use crate::shape;

/// A file, and the pieces in which it arrives.
pub struct Input {
    pub file: Vec<u8>,
    /// Built by [`shape`]: a valid snapshot with [`shape::MARKER`] in the contents of strings and nowhere else.
    pub shaped: bool,
    seed: u8,
}

impl Input {
    /// `None` if there are not even the first two bytes.
    pub fn of(data: &[u8]) -> Option<Self> {
        let [seed, kind, rest @ ..] = data else { return None };
        let shaped = *kind == b'S';
        let file = if shaped { shape::snapshot(rest) } else { rest.to_vec() };
        Some(Self { file, shaped, seed: seed.wrapping_sub(b'0') })
    }

    /// The file in its pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.file.as_slice();
        let mut state = u64::from(self.seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // From one byte at a time to pieces that nothing small fills.
        let most = 1 << (self.seed % 13);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let size = if self.seed == 0 { rest.len() } else { 1 + (state % most) as usize };
            let (piece, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            Some(piece)
        })
    }
}

/// What went wrong, without the place: that of a string that does not exist is known to the chunk only.
pub fn complaint(error: &heapkit::Error) -> String {
    let text = error.to_string();
    text.split(" (byte").next().unwrap_or_default().to_owned()
}
