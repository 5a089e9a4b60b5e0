//! Finds the end of a JSON text in a stream of bytes.
//!
//! After the last byte V8 takes seconds to free its copy of the heap's graph. Whoever sees that the text is complete need not wait for
//! that, nor for the child at all.

/// Follows one JSON object, whatever the pieces in which it comes.
#[derive(Debug, Default)]
pub(super) struct JsonEnd {
    depth: u32,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl JsonEnd {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.escaped {
                self.escaped = false;
            } else if self.in_string {
                match byte {
                    b'"' => self.in_string = false,
                    b'\\' => self.escaped = true,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        self.complete |= self.depth == 0;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whether the object's closing brace was there.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_the_last_brace_and_no_earlier_however_it_is_cut() {
        let text = br#"{"a":[1,{"b":"}]\"\\"}],"c\\":"]}"}"#;
        for size in 1..=text.len() {
            let mut end = JsonEnd::default();
            let mut fed = 0;
            for piece in text.chunks(size) {
                assert!(!end.is_complete(), "{fed} bytes of {size} each");
                end.feed(piece);
                fed += piece.len();
            }
            assert!(end.is_complete());
        }
        assert!(!JsonEnd::default().is_complete());
    }
}
