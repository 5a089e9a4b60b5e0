//! The push scanner: bytes of a `.heapsnapshot` in, nodes, edges and strings out, to whoever [`Receive`]s them.
//!
//! It does no I/O and never holds the file: each byte is seen once, in chunks of any size. Errors name the byte of the
//! decompressed file they are about. What a receiver gets is checked: an edge ends at a node, a type is one of the
//! header's. Whether every name is a string of the table is known only at the end, because strings come last.
//!
//! V8 writes `snapshot`, `nodes`, `edges`, the trace sections, `locations`, `strings`, in this order. The scanner needs
//! `snapshot` before the arrays and `nodes` before `edges` and `locations`; keys it does not know are passed over.

use memchr::memchr2;

use super::header::{Header, is_plain, is_word};
use super::nesting::Nesting;
use super::numbers::{Fault, Numbers, printable};
use super::receive::Receive;
use super::rows::{Counts, Rows, Taker};
use super::unescape::{TakeText, Unescape};
use crate::error::{Error, Result};

/// A generous bound on the header: V8's has some 2 KiB.
const MAX_HEADER_BYTES: usize = 4 << 20;
/// What V8 writes between the quotes of two strings, with the second one's.
const BETWEEN_STRINGS: &[u8] = b",\n\"";
/// A generous bound on the keys of the file's object.
const MAX_KEY_BYTES: usize = 1 << 10;

/// Scans a snapshot that is pushed into it.
#[derive(Debug)]
pub(crate) struct Scanner<R> {
    pub(crate) receiver: R,
    state: State,
    /// Bytes before the current chunk.
    offset: u64,
    header: Option<Header>,
    counts: Counts,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    nodes: bool,
    edges: bool,
    strings: bool,
}

#[derive(Debug)]
enum State {
    /// Before the file's `{`.
    Start,
    /// Before a key, or the file's `}`.
    Key {
        comma: bool,
    },
    InKey {
        text: Vec<u8>,
        scanner: Unescape,
    },
    Colon {
        key: Vec<u8>,
    },
    /// Before a section's `[` (or the header's `{`).
    Open(Section),
    Header {
        json: Vec<u8>,
        nesting: Nesting,
    },
    Numbers {
        rows: Rows,
        numbers: Numbers,
    },
    /// In the array of strings, between two.
    Strings(Between),
    /// After a string's opening quote.
    AtString,
    InString(Unescape),
    Skip(Nesting),
    /// After a value: `,` or `}`.
    AfterValue,
    /// After the file's `}`.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Header,
    Nodes,
    Edges,
    Locations,
    Functions,
    Strings,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    First,
    Ended,
    Comma,
}

impl<R: Receive> Scanner<R> {
    /// A scanner at the beginning of a file.
    pub(crate) fn new(receiver: R) -> Self {
        Self {
            receiver,
            state: State::Start,
            offset: 0,
            header: None,
            counts: Counts::default(),
            seen: Seen::default(),
        }
    }

    /// The header, as soon as it was read.
    pub(crate) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Bytes pushed so far, or the place of the error.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INVALID_SNAPSHOT`, with the byte's offset. Nothing can be pushed afterwards.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let mut at = 0;
        while let Some(bytes) = chunk.get(at..).filter(|rest| !rest.is_empty()) {
            let in_string = self.in_string();
            match self.step(bytes, at) {
                Ok(used) => {
                    if !in_string {
                        self.receiver.verbatim(bytes.get(..used).unwrap_or_default());
                    }
                    at += used;
                }
                Err(fault) => {
                    let offset = self.offset + (at + fault.at) as u64;
                    self.offset = offset;
                    return Err(Error::invalid_snapshot(fault.reason, offset));
                }
            }
        }
        self.offset += chunk.len() as u64;
        Ok(())
    }

    /// One token, or as much of it as there is.
    fn step(&mut self, bytes: &[u8], before: usize) -> std::result::Result<usize, Fault> {
        let fault = |at: usize, reason: String| Fault { at, reason };
        let first = bytes.first().copied().unwrap_or_default();
        let blank = matches!(first, b' ' | b'\n' | b'\r' | b'\t');
        match &mut self.state {
            State::Start => match first {
                b'{' => self.state = State::Key { comma: false },
                _ if blank => {}
                0xEF | 0xBB | 0xBF if self.offset + (before as u64) < 3 => {}
                0x1F => return Err(fault(0, "this is compressed, and not as its name says".into())),
                _ => return Err(fault(0, format!("it does not begin with `{{` but with {}", printable(first)))),
            },
            State::Key { comma } => match first {
                b'"' => self.state = State::InKey { text: Vec::new(), scanner: Unescape::default() },
                b'}' if !*comma => self.state = State::End,
                _ if blank => {}
                _ => return Err(fault(0, format!("a key was expected, not {}", printable(first)))),
            },
            State::InKey { text, scanner } => {
                let (used, ended) = scanner.push(bytes, text)?;
                if text.len() > MAX_KEY_BYTES {
                    return Err(fault(used, format!("a key is longer than {MAX_KEY_BYTES} bytes")));
                }
                if ended {
                    self.state = State::Colon { key: std::mem::take(text) };
                }
                return Ok(used);
            }
            State::Colon { key } => match first {
                b':' if !R::TOLERATES && (!is_word(key) || key.contains(&b' ')) => {
                    return Err(fault(0, "it has a member whose name is no word, and cannot be copied".into()));
                }
                b':' => self.state = State::Open(section(key)),
                _ if blank => {}
                _ => return Err(fault(0, format!("`:` was expected, not {}", printable(first)))),
            },
            State::Open(_) if blank => {}
            State::Open(section) => {
                let section = *section;
                self.state = self.open(section, first).map_err(|reason| fault(0, reason))?;
                // These two read their own first byte.
                return Ok(usize::from(!matches!(section, Section::Header | Section::Other)));
            }
            State::Header { json, nesting } => {
                let (used, ended) = nesting.push(bytes);
                json.extend_from_slice(bytes.get(..used).unwrap_or_default());
                if json.len() > MAX_HEADER_BYTES {
                    return Err(fault(used, format!("its header is longer than {MAX_HEADER_BYTES} bytes")));
                }
                if ended {
                    let header = Header::parse(json).map_err(|reason| fault(used, format!("its header {reason}")))?;
                    if !R::TOLERATES && !is_plain(json) {
                        let reason = "its header has more than numbers and lists of words, and cannot be copied";
                        return Err(fault(used, reason.into()));
                    }
                    self.header = Some(header);
                    self.state = State::AfterValue;
                }
                return Ok(used);
            }
            State::Numbers { rows, numbers } => {
                let Some(header) = self.header.as_ref() else { return Err(fault(0, "it has no header".into())) };
                let mut taker = Taker {
                    rows,
                    header,
                    receiver: &mut self.receiver,
                    counts: &mut self.counts,
                    offset: self.offset + before as u64,
                };
                let (used, ended) = numbers.push(bytes, &mut taker)?;
                if ended {
                    if rows.filled != 0 {
                        return Err(fault(
                            used,
                            format!("the last row of {} has {} of {} fields", rows.name(), rows.filled, rows.width),
                        ));
                    }
                    self.state = State::AfterValue;
                }
                return Ok(used);
            }
            State::Strings(between) => match (first, *between) {
                (b',', Between::Ended) if bytes.starts_with(BETWEEN_STRINGS) => {
                    self.state = State::AtString;
                    return Ok(BETWEEN_STRINGS.len());
                }
                (b'"', Between::First | Between::Comma) => self.state = State::AtString,
                (b',', Between::Ended) => *between = Between::Comma,
                (b']', Between::First | Between::Ended) => self.state = State::AfterValue,
                _ if blank => {}
                _ => return Err(fault(0, format!("an array of strings has {}", printable(first)))),
            },
            State::AtString => {
                let end = memchr2(b'"', b'\\', bytes).filter(|end| bytes.get(*end) == Some(&b'"'));
                let Some(text) = end.and_then(|end| bytes.get(..end)) else {
                    self.state = State::InString(Unescape::default());
                    return Ok(0);
                };
                self.receiver.plain_string(text);
                self.end_string()?;
                return Ok(text.len() + 1);
            }
            State::InString(scanner) => {
                let (used, ended) = scanner.push(bytes, &mut Text(&mut self.receiver))?;
                // Without the closing quote.
                self.receiver.raw_text(bytes.get(..used - usize::from(ended)).unwrap_or_default());
                if ended {
                    self.receiver.end_of_string();
                    self.end_string()?;
                }
                return Ok(used);
            }
            State::Skip(nesting) => {
                let (used, ended) = nesting.push(bytes);
                if let Some(at) = bytes.iter().take(used).position(|byte| !R::TOLERATES && !is_of_numbers(*byte)) {
                    let byte = printable(bytes.get(at).copied().unwrap_or_default());
                    return Err(fault(
                        at,
                        format!("a member that nobody reads has {byte} where only numbers can be copied"),
                    ));
                }
                if ended {
                    self.state = State::AfterValue;
                }
                return Ok(used);
            }
            State::AfterValue => match first {
                b',' => self.state = State::Key { comma: true },
                b'}' => self.state = State::End,
                _ if blank => {}
                _ => return Err(fault(0, format!("`,` or `}}` was expected, not {}", printable(first)))),
            },
            State::End if blank => {}
            State::End => return Err(fault(0, format!("it goes on after its end, with {}", printable(first)))),
        }
        Ok(1)
    }

    fn end_string(&mut self) -> std::result::Result<(), Fault> {
        self.counts.strings += 1;
        if self.counts.strings > u64::from(u32::MAX) {
            return Err(Fault { at: 0, reason: "it has more than 2^32 strings".into() });
        }
        self.state = State::Strings(Between::Ended);
        Ok(())
    }

    fn open(&mut self, section: Section, first: u8) -> std::result::Result<State, String> {
        if section == Section::Other {
            return Ok(State::Skip(Nesting::default()));
        }
        let opening = if section == Section::Header { b'{' } else { b'[' };
        if first != opening {
            return Err(format!("`{}` was expected, not {}", char::from(opening), printable(first)));
        }
        let header = self.header.as_ref();
        if section == Section::Header {
            return match header {
                None => Ok(State::Header { json: Vec::new(), nesting: Nesting::default() }),
                Some(_) => Err("it has two headers".into()),
            };
        }
        let Some(header) = header else {
            return Err("its `snapshot` does not come first; is this a heap snapshot?".into());
        };
        let seen = &mut self.seen;
        let again = |was: &mut bool, name: &str| match std::mem::replace(was, true) {
            true => Err(format!("it has `{name}` twice")),
            false => Ok(()),
        };
        let rows = match section {
            Section::Nodes => {
                again(&mut seen.nodes, "nodes")?;
                Rows::nodes(header.node_fields)
            }
            Section::Edges if !seen.nodes => return Err("its `edges` come before its `nodes`".into()),
            Section::Edges => {
                again(&mut seen.edges, "edges")?;
                Rows::edges(header.edge_fields)
            }
            Section::Locations => match header.location_fields {
                Some(fields) => Rows::locations(fields),
                None => return Ok(State::Skip(Nesting::inside())),
            },
            Section::Functions => match header.function_fields {
                Some(fields) => Rows::functions(fields),
                None => return Ok(State::Skip(Nesting::inside())),
            },
            _ => {
                again(&mut seen.strings, "strings")?;
                return Ok(State::Strings(Between::First));
            }
        };
        Ok(State::Numbers { rows, numbers: Numbers::default() })
    }

    pub(crate) fn take_header(&mut self) -> Option<Header> {
        self.header.take()
    }

    /// Whether the file ended, and everything that its header announced was there; if not, what is missing and where.
    pub(crate) fn complete(&self) -> std::result::Result<(), (String, u64)> {
        let here = |reason: String| Err((reason, self.offset));
        let Some(header) = &self.header else {
            return here(match self.state {
                State::Start => "it is empty".into(),
                State::End => "it has no header; is this a heap snapshot?".into(),
                _ => "it breaks off before its header ends".into(),
            });
        };
        let Counts { nodes, edges, claimed, strings, named, named_at, .. } = self.counts;
        if !matches!(self.state, State::End) {
            return here(format!(
                "it breaks off, with {nodes} of {} nodes, {edges} of {} edges and {strings} strings",
                header.node_count, header.edge_count
            ));
        }
        for (name, there, said) in [("nodes", nodes.into(), header.node_count), ("edges", edges, header.edge_count)] {
            if there != said {
                return here(format!("its header says {said} {name}, and it has {there}"));
            }
        }
        if nodes == 0 {
            return here("it has no nodes".into());
        }
        if claimed != edges {
            return here(format!("its nodes claim {claimed} edges, and it has {edges}"));
        }
        if named > strings {
            return Err((format!("string {} is used, and there are only {strings}", named - 1), named_at));
        }
        Ok(())
    }

    /// Whether a string is begun and not ended.
    pub(crate) fn in_string(&self) -> bool {
        matches!(self.state, State::AtString | State::InString(_))
    }
}

struct Text<'a, R>(&'a mut R);

impl<R: Receive> TakeText for Text<'_, R> {
    fn text(&mut self, bytes: &[u8]) {
        self.0.text(bytes);
    }
}

/// Whether arrays of numbers have such bytes.
fn is_of_numbers(byte: u8) -> bool {
    byte.is_ascii_digit() || b",[] \n\r\t".contains(&byte)
}

fn section(key: &[u8]) -> Section {
    match key {
        b"snapshot" => Section::Header,
        b"nodes" => Section::Nodes,
        b"edges" => Section::Edges,
        b"locations" => Section::Locations,
        b"trace_function_infos" => Section::Functions,
        b"strings" => Section::Strings,
        _ => Section::Other,
    }
}
