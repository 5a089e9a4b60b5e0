//! Texts as JavaScript has them.
//!
//! They are kept as WTF-8: UTF-8, except that half of a surrogate pair (JavaScript strings may hold one) has the three
//! bytes that UTF-8 would give it were it allowed. So no text is changed by being read, and two texts are equal exactly if
//! their bytes are.

use std::borrow::Cow;

/// The text as it can be printed: what is no UTF-8 becomes U+FFFD.
pub fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

/// The length JavaScript would give the text: UTF-16 code units.
pub(crate) fn utf16_length(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    // Every byte but those that continue a character; four bytes are a surrogate pair.
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + text.iter().filter(|byte| **byte >= 0xF0).count()
}
