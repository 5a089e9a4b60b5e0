//! What stands for a text: as long as it, the same for the same text, and saying nothing about it.
//!
//! The characters are those of a digest with a secret key: SipHash-2-4, 128 bits of key and of digest. It is made for just this, that nobody
//! without the key can tell or try out what was digested, and for short texts, of which a snapshot has a million: it takes half the time that
//! SHA-256 takes where processors have instructions for it.

use std::hash::Hasher;

use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::heap::v8::utf16_length;

/// Marks a replacement that is long enough to be marked.
pub(super) const MARK: u8 = b'~';
pub(super) const DIGEST_CHARACTERS: usize = 16;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digests that are keyed with a salt.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyed(SipHasher24);

impl Keyed {
    pub(super) fn new(salt: [u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(Sha256::digest(salt)).for_each(|(to, from)| *to = from);
        Self(SipHasher24::new_with_key(&key))
    }

    /// More of a text that comes in pieces.
    pub(super) fn update(&mut self, text: &[u8]) {
        self.0.write(text);
    }

    pub(super) fn characters(&self) -> [u8; DIGEST_CHARACTERS] {
        shown(self.0.finish128().as_bytes())
    }

    /// Appends what stands for a text.
    pub(super) fn replace(&self, text: &[u8], out: &mut Vec<u8>) {
        let units = utf16_length(text);
        if units == 0 {
            return;
        }
        let digest = shown(self.0.hash(text).as_bytes());
        if units > 1 {
            out.push(MARK);
        }
        let end = out.len() + units - usize::from(units > 1);
        out.extend_from_slice(digest.get(..units.saturating_sub(1).max(1)).unwrap_or(&digest));
        out.resize(end, MARK);
    }
}

fn shown(digest: [u8; DIGEST_CHARACTERS]) -> [u8; DIGEST_CHARACTERS] {
    digest.map(|byte| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().unwrap_or(MARK))
}
