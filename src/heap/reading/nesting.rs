//! JSON values that are passed over.

/// How deep in such a value the scanner is. It is a count, so that deep nesting costs no memory.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    depth: u64,
    string: bool,
    escaped: bool,
}

impl Nesting {
    /// In an array or object whose opening bracket has passed.
    pub(super) fn inside() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// How many of `bytes` belong to the value, and whether it ended there.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.string = false,
                    _ => {}
                }
                if !self.string && self.depth == 0 {
                    return (at + 1, true);
                }
                continue;
            }
            match byte {
                b'"' => self.string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return (at, true),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                b',' if self.depth == 0 => return (at, true),
                _ => {}
            }
        }
        (bytes.len(), false)
    }
}
