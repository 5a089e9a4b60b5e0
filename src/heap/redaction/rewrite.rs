//! The rewriting itself: a receiver of a scan that gives out the file again.

use sha2::{Digest, Sha256};

use super::options::RedactOptions;
use super::report::RedactReport;
use super::uses::{self, Properties, Sources, Uses};
use crate::error::{Error, Result};
use crate::heap::names::look;
use crate::heap::reading::{NodeRow, Receive, Scanner};
use crate::heap::v8::{EdgeKind, NodeKind, is_placeholder, utf16_length, weak_map_entry_value};

/// Longer strings are replaced whatever they are used for, without being held.
const HELD_BYTES: usize = 64 << 10;
/// Marks a replacement that is long enough to be marked.
const MARK: u8 = b'~';
const DIGEST_CHARACTERS: usize = 16;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Rewrites a snapshot that is pushed into it.
#[derive(Debug)]
pub struct Redactor {
    scanner: Scanner<Rewriter>,
}

impl Redactor {
    /// A redactor at the beginning of a file.
    pub fn new(options: RedactOptions) -> Self {
        Self { scanner: Scanner::new(Rewriter::new(options)) }
    }

    /// Takes the next bytes of the snapshot and appends the bytes of the copy to `out`.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT` for what is no snapshot: what is not understood is not copied.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<()> {
        std::mem::swap(&mut self.scanner.receiver.out, out);
        let pushed = self.scanner.push(chunk);
        std::mem::swap(&mut self.scanner.receiver.out, out);
        pushed
    }

    /// Ends the copy.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT` if the snapshot breaks off or contradicts itself.
    pub fn finish(self) -> Result<RedactReport> {
        self.scanner.complete().map_err(|(reason, offset)| Error::invalid_snapshot(reason, offset))?;
        Ok(self.scanner.receiver.report)
    }
}

#[derive(Debug)]
struct Rewriter {
    options: RedactOptions,
    out: Vec<u8>,
    uses: Uses,
    edges: Sources,
    properties: Properties,
    /// The place in the table of the string that is coming.
    string: usize,
    text: Vec<u8>,
    raw: Vec<u8>,
    /// The string is longer than what is held; its replacement is on its way out.
    long: Option<Long>,
    report: RedactReport,
}

#[derive(Debug)]
struct Long {
    digest: Sha256,
    bytes: u64,
}

impl Rewriter {
    fn new(options: RedactOptions) -> Self {
        Self {
            options,
            out: Vec::new(),
            uses: Uses::default(),
            edges: Sources::default(),
            properties: Properties::default(),
            string: 0,
            text: Vec::new(),
            raw: Vec::new(),
            long: None,
            report: RedactReport::default(),
        }
    }

    /// The properties of one node are complete.
    fn end_properties(&mut self) {
        let bit = if self.properties.many() { uses::DICTIONARY } else { uses::PROPERTY };
        for name in &self.properties.names {
            self.uses.mark(*name, bit);
        }
        self.properties.names.clear();
    }

    /// Decides about the string that has come, and puts it out.
    fn decide(&mut self) {
        let uses = self.uses.of(self.string);
        let text = std::mem::take(&mut self.text);
        let shown = String::from_utf8_lossy(&text);
        let extra = self.options.extra.iter().any(|pattern| pattern.is_match(&shown));
        if !extra && self.options.keep.iter().any(|pattern| pattern.is_match(&shown)) {
            self.report.kept_by_pattern += 1;
            self.out.extend_from_slice(&self.raw);
        } else if is_placeholder(&text) {
            self.out.extend_from_slice(&self.raw);
        } else if uses & uses::NAMES == 0 {
            match uses & uses::DICTIONARY {
                0 => self.report.replaced_contents += 1,
                _ => self.report.replaced_keys.dictionary += 1,
            }
            self.replace(&text);
        } else if extra {
            self.report.replaced_keys.extra += 1;
            self.replace(&text);
        } else if let Some((before, value, after)) = weak_map_entry_value(&text) {
            self.report.replaced_keys.weak_map += 1;
            self.name_part(before);
            self.replace(value);
            self.name_part(after);
        } else if let Some(look) = look(&text) {
            self.report.replaced_keys.count(look);
            self.replace(&text);
        } else {
            self.count_kept(uses);
            self.out.extend_from_slice(&self.raw);
        }
        self.text = text;
    }

    fn count_kept(&mut self, uses: u8) {
        let kept = &mut self.report.kept_names;
        for (bit, count) in [
            (uses::CONSTRUCTOR, &mut kept.constructors),
            (uses::FUNCTION, &mut kept.functions),
            (uses::PROPERTY, &mut kept.properties),
            (uses::VARIABLE, &mut kept.variables),
            (uses::INTERNAL, &mut kept.internals),
        ] {
            *count += u64::from(uses & bit != 0);
        }
    }

    /// Part of a name, as JSON.
    fn name_part(&mut self, text: &[u8]) {
        let json = serde_json::to_string(&String::from_utf8_lossy(text)).unwrap_or_default();
        self.out.extend_from_slice(json.as_bytes().get(1..json.len().saturating_sub(1)).unwrap_or_default());
    }

    fn replace(&mut self, text: &[u8]) {
        self.report.replaced_bytes += text.len() as u64;
        let units = utf16_length(text);
        let digest = characters(self.keyed().chain_update(text));
        match units {
            0 => {}
            1 => self.out.extend(digest.iter().take(1)),
            _ => {
                self.out.push(MARK);
                let shown = digest.len().min(units - 1);
                self.out.extend(digest.iter().take(shown));
                self.out.resize(self.out.len() + units - 1 - shown, MARK);
            }
        }
    }

    fn keyed(&self) -> Sha256 {
        Sha256::new_with_prefix(self.options.salt)
    }

    /// More of a string that is too long to be held: all but the digest's length goes out as fill at once.
    fn long_text(&mut self, text: &[u8]) {
        let Some(long) = &mut self.long else { return };
        long.digest.update(text);
        long.bytes += text.len() as u64;
        self.out.resize(self.out.len() + utf16_length(text), MARK);
    }

    fn begin_long(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.raw.clear();
        self.long = Some(Long { digest: self.keyed(), bytes: 0 });
        // Held back: the digest's place, at the end.
        self.long_text(&text);
        self.out.truncate(self.out.len().saturating_sub(DIGEST_CHARACTERS));
        self.text = text;
        self.text.clear();
    }

    fn end_long(&mut self, long: Long) {
        let digest = characters(long.digest);
        self.out.extend_from_slice(&digest);
        self.report.replaced_bytes += long.bytes;
        match self.uses.of(self.string) & uses::NAMES {
            0 => self.report.replaced_contents += 1,
            _ => self.report.replaced_keys.long += 1,
        }
    }
}

fn characters(digest: Sha256) -> [u8; DIGEST_CHARACTERS] {
    let mut out = [MARK; DIGEST_CHARACTERS];
    for (to, from) in out.iter_mut().zip(digest.finalize()) {
        *to = ALPHABET.get(usize::from(from) % ALPHABET.len()).copied().unwrap_or(MARK);
    }
    out
}

impl Receive for Rewriter {
    fn node(&mut self, node: NodeRow) {
        let bit = match node.kind {
            NodeKind::String
            | NodeKind::ConsString
            | NodeKind::SlicedString
            | NodeKind::RegExp
            | NodeKind::Number
            | NodeKind::BigInt => uses::CONTENT,
            NodeKind::Object => uses::CONSTRUCTOR,
            NodeKind::Closure => uses::FUNCTION,
            _ => uses::INTERNAL,
        };
        self.uses.mark(node.name, bit);
        self.edges.push(node.edges_end);
    }

    fn edge(&mut self, kind: EdgeKind, label: u32, _to: u32) {
        if self.edges.step() {
            self.end_properties();
        }
        match kind {
            EdgeKind::Property if self.properties.many() => self.uses.mark(label, uses::DICTIONARY),
            EdgeKind::Property => self.properties.names.push(label),
            EdgeKind::Context => self.uses.mark(label, uses::VARIABLE),
            kind if kind.has_name() => self.uses.mark(label, uses::INTERNAL),
            _ => {}
        }
    }

    fn function_name(&mut self, name: u32) {
        self.uses.mark(name, uses::FUNCTION);
    }

    fn text(&mut self, text: &[u8]) {
        if self.long.is_some() {
            self.long_text(text);
            return;
        }
        self.text.extend_from_slice(text);
        if self.text.len() > HELD_BYTES {
            self.begin_long();
        }
    }

    fn raw_text(&mut self, raw: &[u8]) {
        if self.long.is_none() {
            self.raw.extend_from_slice(raw);
        }
    }

    fn end_of_string(&mut self) {
        if self.string == 0 {
            self.end_properties();
        }
        self.report.strings += 1;
        match self.long.take() {
            Some(long) => self.end_long(long),
            None => self.decide(),
        }
        self.string += 1;
        self.text.clear();
        self.raw.clear();
        self.out.push(b'"');
    }

    fn verbatim(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}
