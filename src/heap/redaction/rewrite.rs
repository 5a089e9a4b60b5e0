//! The rewriting itself: a receiver of a scan that gives out the file again.

use super::held::{Held, Item};
use super::in_source::InSource;
use super::left::{IN_NO_SOURCE, Left};
use super::options::RedactOptions;
use super::replacement::{DIGEST_CHARACTERS, Keyed, MARK};
use super::report::RedactReport;
use super::rules::{Verdict, judge, shape};
use super::uses::{self, Properties, Spans, Uses};
use crate::error::{Error, Result};
use crate::heap::reading::{NodeRow, Receive, Scanner};
use crate::heap::v8::{EdgeKind, is_placeholder, utf16_length};

/// Longer strings are replaced whatever they are used for, without being held.
const HELD_BYTES: usize = 64 << 10;
/// Names of names, `<symbol NAME>`, are not longer.
const REMEMBERED_BYTES: usize = 256;

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
        let before = out.len();
        std::mem::swap(&mut self.scanner.receiver.out, out);
        let pushed = self.scanner.push(chunk);
        std::mem::swap(&mut self.scanner.receiver.out, out);
        if self.scanner.receiver.options.left > 0 {
            out.truncate(before);
        }
        pushed
    }

    /// Ends the copy.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT` if the snapshot breaks off or contradicts itself.
    pub fn finish(self) -> Result<RedactReport> {
        self.scanner.complete().map_err(|(reason, offset)| Error::invalid_snapshot(reason, offset))?;
        let Rewriter { mut report, left, .. } = self.scanner.receiver;
        report.left = left.map(Left::names);
        Ok(report)
    }
}

#[derive(Debug)]
struct Rewriter {
    options: RedactOptions,
    out: Vec<u8>,
    uses: Uses,
    /// Edges of the nodes that have come.
    edges: u32,
    large: Spans<()>,
    properties: Properties,
    /// Where it matters whether a source has a name.
    code: Option<InSource>,
    /// The beginning of the table, while it waits.
    held: Option<Held>,
    /// The place in the table of the string that is coming.
    string: usize,
    text: Vec<u8>,
    raw: Vec<u8>,
    /// The string is longer than what is held; its replacement is on its way out.
    long: Option<Long>,
    left: Option<Left>,
    report: RedactReport,
}

#[derive(Debug)]
struct Long {
    digest: Keyed,
    bytes: u64,
}

impl Rewriter {
    fn new(options: RedactOptions) -> Self {
        let asks_sources = options.strict || options.left > 0;
        Self {
            out: Vec::new(),
            uses: Uses::default(),
            edges: 0,
            large: Spans::default(),
            properties: Properties::default(),
            code: asks_sources.then(InSource::default),
            held: asks_sources.then(Held::default),
            string: 0,
            text: Vec::new(),
            raw: Vec::new(),
            long: None,
            left: (options.left > 0).then(|| Left::new(options.left)),
            report: RedactReport { strict: options.strict, ..RedactReport::default() },
            options,
        }
    }

    /// The properties of a large object are complete.
    #[cold]
    fn end_properties(&mut self) {
        let bit = if self.properties.many() { uses::DICTIONARY } else { uses::PROPERTY };
        for name in &self.properties.names {
            self.uses.mark(*name, bit);
        }
        self.properties.names.clear();
    }

    /// A property of a large object.
    #[inline(never)]
    fn property(&mut self, name: u32) {
        match self.properties.many() {
            true => self.uses.mark(name, uses::DICTIONARY),
            false => self.properties.names.push(name),
        }
    }

    /// Decides about a string, and puts it out.
    fn decide(&mut self, string: usize, text: &[u8], raw: &[u8]) {
        let uses = self.uses.of(string);
        if let Some(code) = &mut self.code {
            code.text(string, text);
            let is_name = uses & (uses::FUNCTION | uses::VARIABLE) != 0 || code.refers_to(string);
            if is_name && text.len() <= REMEMBERED_BYTES {
                code.remember(text);
            }
        }
        let (is_extra, is_kept) = self.options.matches(text);
        if is_kept {
            self.report.kept_by_pattern += 1;
            self.keep(string, text, raw, uses);
        } else if is_placeholder(text) {
            self.out.extend_from_slice(raw);
        } else if uses & uses::NAMES == 0 {
            match uses & uses::DICTIONARY {
                0 => self.report.replaced_contents += 1,
                _ => self.report.replaced_keys.dictionary += 1,
            }
            self.replace(text);
        } else if is_extra {
            self.report.replaced_keys.extra += 1;
            self.replace(text);
        } else {
            match judge(text, string, uses, self.code.as_ref().filter(|_| self.options.strict)) {
                Verdict::Keep => {
                    self.report.kept_names.count(uses);
                    self.keep(string, text, raw, uses);
                }
                Verdict::Replace(why) => {
                    self.report.replaced_keys.count(why);
                    self.replace(text);
                }
                Verdict::ReplaceParts(why, parts) => {
                    self.report.replaced_keys.count(why);
                    let mut at = 0;
                    for part in parts {
                        self.name_part(text.get(at..part.start).unwrap_or_default());
                        self.replace(text.get(part.clone()).unwrap_or_default());
                        at = part.end;
                    }
                    self.name_part(text.get(at..).unwrap_or_default());
                }
            }
        }
    }

    fn keep(&mut self, string: usize, text: &[u8], raw: &[u8], uses: u8) {
        self.out.extend_from_slice(raw);
        if let (Some(left), Some(code)) = (&mut self.left, &self.code) {
            let is_in_source = uses & uses::NAMES != 0 && judge(text, string, uses, Some(code)) == Verdict::Keep;
            left.add(shape(text, uses) + if is_in_source { 0 } else { IN_NO_SOURCE }, string, text, uses);
        }
    }

    /// Part of a name, as JSON.
    fn name_part(&mut self, text: &[u8]) {
        let json = serde_json::to_string(&String::from_utf8_lossy(text)).unwrap_or_default();
        self.out.extend_from_slice(json.as_bytes().get(1..json.len().saturating_sub(1)).unwrap_or_default());
    }

    fn replace(&mut self, text: &[u8]) {
        self.report.replaced_bytes += text.len() as u64;
        self.options.keyed.replace(text, &mut self.out);
    }

    /// More of a string that is too long to be held: all but the digest's length goes out as fill at once.
    fn long_text(&mut self, text: &[u8]) {
        let Some(long) = &mut self.long else { return };
        long.digest.update(text);
        long.bytes += text.len() as u64;
        self.out.resize(self.out.len() + utf16_length(text), MARK);
    }

    fn begin_long(&mut self) {
        self.release();
        let text = std::mem::take(&mut self.text);
        self.raw.clear();
        self.long = Some(Long { digest: self.options.keyed.clone(), bytes: 0 });
        // Held back: the digest's place, at the end.
        self.long_text(&text);
        self.out.truncate(self.out.len().saturating_sub(DIGEST_CHARACTERS));
        self.text = text;
        self.text.clear();
    }

    fn end_long(&mut self, long: Long) {
        let digest = long.digest.characters();
        self.out.extend_from_slice(&digest);
        self.report.replaced_bytes += long.bytes;
        match self.uses.of(self.string) & uses::NAMES {
            0 => self.report.replaced_contents += 1,
            _ => self.report.replaced_keys.long += 1,
        }
    }

    fn count_string(&mut self) {
        if self.string == 0 {
            self.end_properties();
        }
        self.report.strings += 1;
    }

    /// Puts out what was held back.
    fn release(&mut self) {
        let Some(held) = self.held.take() else { return };
        if let Some(code) = &mut self.code {
            held.strings().for_each(|(string, text)| code.text(string, text));
        }
        for item in held.items {
            match item {
                Item::Verbatim(bytes) => self.out.extend_from_slice(&bytes),
                Item::String { string, text, raw } => self.decide(string, &text, &raw),
            }
        }
    }
}

impl Receive for Rewriter {
    // A copy is of numbers as they are: which they are matters only where they say what a string is used for.
    const MEASURES: bool = false;
    // What is not understood is not copied.
    const TOLERATES: bool = false;

    #[inline]
    fn follows(&self) -> bool {
        self.code.is_some()
    }

    #[inline(always)]
    fn node(&mut self, node: NodeRow) {
        self.uses.mark(node.name, uses::of_node(node.kind));
        let edges = self.edges..node.edges_end;
        self.edges = node.edges_end;
        if uses::is_large(&edges) {
            self.large.push(edges.clone(), ());
        }
        if let Some(code) = &mut self.code {
            code.node(node.kind, node.name, edges);
        }
    }

    #[inline(always)]
    fn edge(&mut self, kind: EdgeKind, label: u32, to: u32) {
        if self.large.step() {
            self.end_properties();
        }
        if let Some(code) = &mut self.code {
            code.edge(to);
        }
        let bit = uses::of_edge(kind);
        if bit == uses::PROPERTY && self.large.current().is_some() {
            self.property(label);
        } else {
            // Without a branch for those that have no name: nothing can be foretold of them.
            self.uses.mark(if bit == 0 { 0 } else { label }, bit);
        }
    }

    fn function_name(&mut self, name: u32) {
        // Of the function or of its script.
        self.uses.mark(name, uses::CODE);
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

    fn plain_string(&mut self, text: &[u8]) {
        if self.held.is_some() || text.len() > HELD_BYTES {
            self.text(text);
            self.raw_text(text);
            return self.end_of_string();
        }
        self.count_string();
        self.decide(self.string, text, text);
        self.string += 1;
        self.out.push(b'"');
    }

    fn end_of_string(&mut self) {
        self.count_string();
        let (text, raw) = (std::mem::take(&mut self.text), std::mem::take(&mut self.raw));
        match (self.long.take(), &mut self.held) {
            (Some(long), _) => self.end_long(long),
            (None, Some(held)) => {
                held.string(self.string, text.clone(), raw.clone());
                if held.is_full() {
                    self.release();
                }
            }
            (None, None) => self.decide(self.string, &text, &raw),
        }
        (self.text, self.raw) = (text, raw);
        self.string += 1;
        self.text.clear();
        self.raw.clear();
        self.verbatim(b"\"");
    }

    fn verbatim(&mut self, bytes: &[u8]) {
        if let Some(held) = self.held.as_mut().filter(|held| held.is_begun()) {
            if bytes.first() != Some(&b']') {
                return held.verbatim(bytes);
            }
            // The table ends.
            self.release();
        }
        self.out.extend_from_slice(bytes);
    }
}
