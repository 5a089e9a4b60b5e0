//! What stands for a text: as long as it, the same for the same text, and saying nothing about it.

use sha2::{Digest, Sha256};

use crate::heap::v8::utf16_length;

/// Marks a replacement that is long enough to be marked.
pub(super) const MARK: u8 = b'~';
pub(super) const DIGEST_CHARACTERS: usize = 16;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends what stands for a text.
pub(super) fn replace(salted: Sha256, text: &[u8], out: &mut Vec<u8>) {
    let units = utf16_length(text);
    if units == 0 {
        return;
    }
    let digest = characters(salted.chain_update(text));
    if units > 1 {
        out.push(MARK);
    }
    let shown = digest.get(..units.saturating_sub(1).max(1)).unwrap_or(&digest);
    let end = out.len() + units - usize::from(units > 1);
    out.extend_from_slice(shown);
    out.resize(end, MARK);
}

pub(super) fn characters(digest: Sha256) -> [u8; DIGEST_CHARACTERS] {
    let mut out = [MARK; DIGEST_CHARACTERS];
    for (to, from) in out.iter_mut().zip(digest.finalize()) {
        *to = ALPHABET.get(usize::from(from) % ALPHABET.len()).copied().unwrap_or(MARK);
    }
    out
}
