//! The beginning of the table of strings, held back until it is known what the names in it mean.

/// How much text waits: the names that matter were found within the first 10 KB, from V8 11 to 14.
const BYTES: usize = 64 << 10;

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) items: Vec<Item>,
    bytes: usize,
}

#[derive(Debug)]
pub(super) enum Item {
    /// What goes out as it is.
    Verbatim(Vec<u8>),
    /// A string, as it is and as it stands in the file.
    String { string: usize, text: Vec<u8>, raw: Vec<u8> },
}

impl Held {
    pub(super) fn string(&mut self, string: usize, text: Vec<u8>, raw: Vec<u8>) {
        self.bytes += raw.len() + 1;
        self.items.push(Item::String { string, text, raw });
    }

    pub(super) fn verbatim(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        match self.items.last_mut() {
            Some(Item::Verbatim(last)) => last.extend_from_slice(bytes),
            _ => self.items.push(Item::Verbatim(bytes.to_vec())),
        }
    }

    pub(super) fn strings(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.items.iter().filter_map(|item| match item {
            Item::String { string, text, .. } => Some((*string, text.as_slice())),
            Item::Verbatim(_) => None,
        })
    }

    /// Whether the table has begun.
    pub(super) fn is_begun(&self) -> bool {
        !self.items.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= BYTES
    }
}
