//! Rows of numbers: each is one node, edge, location or function, checked and handed to the receiver.
//!
//! Whatever is used as an index later is checked here. Only indices of strings cannot be, because the table of strings comes
//! last: the greatest one is kept, and compared when the number of strings is known.

use super::header::{EdgeFields, FunctionFields, Header, LocationFields, MAX_FIELDS, NodeFields};
use super::numbers::{Fault, Take};
use super::receive::{NodeRow, Receive};
use super::window::{Row, Whole, whole_rows};
use crate::heap::v8::Location;

/// What JavaScript still counts exactly. No sum of sizes overflows below.
const MAX_BYTES: u64 = 1 << 53;

/// What has been read so far, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) nodes: u32,
    pub(super) edges: u64,
    /// Bytes that the nodes said they have.
    bytes: u64,
    /// Edges that the nodes said they have.
    pub(super) claimed: u64,
    pub(crate) strings: u64,
    /// Strings that there must be, by the greatest index, and about where in the file that was used.
    pub(super) named: u64,
    pub(super) named_at: u64,
}

/// The row of numbers that is being filled.
#[derive(Debug)]
pub(super) struct Rows {
    row: [u64; MAX_FIELDS],
    pub(super) filled: usize,
    pub(super) width: usize,
    layout: Layout,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    Nodes(NodeFields),
    Edges(EdgeFields),
    Locations(LocationFields),
    Functions(FunctionFields),
}

impl Rows {
    fn new(width: usize, layout: Layout) -> Self {
        Self { row: [0; MAX_FIELDS], filled: 0, width, layout }
    }

    pub(super) fn nodes(fields: NodeFields) -> Self {
        Self::new(fields.count, Layout::Nodes(fields))
    }

    pub(super) fn edges(fields: EdgeFields) -> Self {
        Self::new(fields.count, Layout::Edges(fields))
    }

    pub(crate) fn locations(fields: LocationFields) -> Self {
        Self::new(fields.count, Layout::Locations(fields))
    }

    pub(super) fn functions(fields: FunctionFields) -> Self {
        Self::new(fields.count, Layout::Functions(fields))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.layout {
            Layout::Nodes(_) => "`nodes`",
            Layout::Edges(_) => "`edges`",
            Layout::Locations(_) => "`locations`",
            Layout::Functions(_) => "`trace_function_infos`",
        }
    }
}

/// A row that came number by number.
impl Row for [u64; MAX_FIELDS] {
    fn number(&self, field: usize) -> u64 {
        self.get(field).copied().unwrap_or_default()
    }
}

#[inline(always)]
fn small(row: &impl Row, field: usize, what: &str) -> std::result::Result<u32, String> {
    let value = row.number(field);
    u32::try_from(value).map_err(|_| too_large(what, value))
}

// Messages have their numbers by value, out of the loops: what is only borrowed for a message has to be in memory all the time.

#[cold]
fn too_large(what: &str, value: u64) -> String {
    format!("{what} is {value}, more than 32 bits hold")
}

#[cold]
fn unknown<Kind>(what: &str, ordinal: u64, raw: u64, kinds: &[Kind]) -> String {
    format!("{what} {ordinal} is of type {raw}, and there are only {}", kinds.len())
}

#[cold]
fn claims(last: u32, number: u64, what: &str) -> String {
    format!("its first {} nodes claim {number} {what}", last + 1)
}

#[cold]
fn surplus(claimed: u64) -> String {
    format!("its nodes claim {claimed} edges, and it has more")
}

#[cold]
fn nowhere(edge: u64, place: u64, nodes: u32, fields: usize) -> String {
    format!("edge {edge} leads to place {place} of `nodes`, where no node begins ({nodes} nodes of {fields} fields)")
}

/// Checks full rows and hands them on.
pub(super) struct Taker<'a, R> {
    pub(super) rows: &'a mut Rows,
    pub(super) header: &'a Header,
    pub(crate) receiver: &'a mut R,
    pub(super) counts: &'a mut Counts,
    /// Where the chunk begins: near enough for a message about a string that does not exist.
    pub(crate) offset: u64,
}

impl<R: Receive> Take for Taker<'_, R> {
    fn take(&mut self, number: u64) -> std::result::Result<bool, String> {
        let rows = &mut *self.rows;
        if let Some(cell) = rows.row.get_mut(rows.filled) {
            *cell = number;
        }
        rows.filled += 1;
        if rows.filled < rows.width {
            return Ok(false);
        }
        rows.filled = 0;
        let row = rows.row;
        match rows.layout {
            Layout::Edges(fields) => self.edge(&row, fields),
            Layout::Nodes(fields) => self.node(&row, fields),
            Layout::Locations(fields) => self.location(&row, fields),
            Layout::Functions(fields) => self.function(&row, fields),
        }?;
        Ok(true)
    }

    fn take_rows(&mut self, bytes: &[u8]) -> std::result::Result<usize, Fault> {
        if self.rows.filled != 0 {
            return Ok(0);
        }
        // Of fields whose places are known when this is compiled, those that nobody wants cost nothing.
        const SIX: NodeFields = NodeFields::usual(6);
        const SEVEN: NodeFields = NodeFields::usual(7);
        match self.rows.layout {
            Layout::Edges(EdgeFields::USUAL) => self.whole::<3>(bytes, |taker, row| taker.edge(row, EdgeFields::USUAL)),
            Layout::Nodes(SIX) => self.whole::<6>(bytes, |taker, row| taker.node(row, SIX)),
            Layout::Nodes(SEVEN) => self.whole::<7>(bytes, |taker, row| taker.node(row, SEVEN)),
            _ => Ok(0),
        }
    }
}

impl<R: Receive> Taker<'_, R> {
    #[inline(always)]
    fn whole<const WIDTH: usize>(
        &mut self,
        bytes: &[u8],
        take: impl Fn(&mut Taker<'_, R>, &Whole<'_, WIDTH>) -> std::result::Result<(), String>,
    ) -> std::result::Result<usize, Fault> {
        // Counts of this loop's own, which can stay in registers.
        let mut counts = *self.counts;
        let mut taker = Taker {
            rows: self.rows,
            header: self.header,
            receiver: self.receiver,
            counts: &mut counts,
            offset: self.offset,
        };
        let used = whole_rows(bytes, |row| take(&mut taker, row));
        *self.counts = counts;
        used
    }

    #[inline(always)]
    fn node(&mut self, row: &impl Row, fields: NodeFields) -> std::result::Result<(), String> {
        let ordinal = self.counts.nodes;
        if ordinal >= u32::MAX - 1 {
            return Err("it has more than 2^32 nodes".into());
        }
        let raw = row.number(fields.kind);
        let known = u8::try_from(raw).ok().and_then(|raw| Some((raw, *self.header.node_kinds.get(usize::from(raw))?)));
        let Some((raw_kind, kind)) = known else {
            return Err(unknown("node", ordinal.into(), raw, &self.header.node_kinds));
        };
        let name = self.name(row, fields.name, "a node's name")?;
        let (id, self_size, attachment) = if R::MEASURES { self.measures(row, fields)? } else { (0, 0, 0) };
        self.counts.claimed = self.counts.claimed.saturating_add(row.number(fields.edge_count));
        let Some(edges_end) = u32::try_from(self.counts.claimed).ok().filter(|end| *end < u32::MAX) else {
            return Err(claims(ordinal, self.counts.claimed, "edges; at most 2^32 are supported"));
        };
        self.receiver.node(NodeRow { kind, raw_kind, name, id, self_size, edges_end, attachment });
        self.counts.nodes += 1;
        Ok(())
    }

    /// The id, the size, and whether it is attached.
    #[inline(always)]
    fn measures(&mut self, row: &impl Row, fields: NodeFields) -> std::result::Result<(u32, u64, u8), String> {
        let self_size = row.number(fields.self_size);
        self.counts.bytes = self.counts.bytes.saturating_add(self_size);
        if self.counts.bytes > MAX_BYTES {
            return Err(claims(self.counts.nodes, self.counts.bytes, "bytes, more than any machine has"));
        }
        let attachment = fields.detachedness.map_or(0, |field| (row.number(field) & 3).try_into().unwrap_or_default());
        Ok((small(row, fields.id, "a node's id")?, self_size, attachment))
    }

    #[inline(always)]
    fn edge(&mut self, row: &impl Row, fields: EdgeFields) -> std::result::Result<(), String> {
        let raw = row.digit(fields.kind);
        let kind = usize::try_from(raw).ok().and_then(|raw| self.header.edge_kinds.get(raw)).copied();
        let Some(kind) = kind else { return Err(unknown("edge", self.counts.edges, raw, &self.header.edge_kinds)) };
        let label = small(row, fields.name, "an edge's name or index")?;
        // Without a branch that cannot be foretold: string 0 is there in any case.
        self.used(if kind.has_name() { label } else { 0 });
        if self.counts.edges >= self.counts.claimed {
            return Err(surplus(self.counts.claimed));
        }
        let to = if self.receiver.follows() { self.end(row.number(fields.to))? } else { 0 };
        self.receiver.edge(kind, label, to);
        self.counts.edges += 1;
        Ok(())
    }

    /// The node that an edge leads to.
    #[inline(always)]
    fn end(&self, place: u64) -> std::result::Result<u32, String> {
        self.node_at(place)
            .ok_or_else(|| nowhere(self.counts.edges, place, self.counts.nodes, self.header.node_fields.count))
    }

    fn location(&mut self, row: &impl Row, fields: LocationFields) -> std::result::Result<(), String> {
        let place = row.number(fields.object);
        let Some(node) = self.node_at(place) else {
            return Err(format!("a location is of place {place} of `nodes`, where no node begins"));
        };
        let location = Location {
            script: small(row, fields.script, "a location's script")?,
            line: small(row, fields.line, "a location's line")?,
            column: small(row, fields.column, "a location's column")?,
        };
        self.receiver.location(node, location);
        Ok(())
    }

    fn function(&mut self, row: &impl Row, fields: FunctionFields) -> std::result::Result<(), String> {
        for field in [fields.name, fields.script] {
            let name = self.name(row, field, "a function's name")?;
            self.receiver.function_name(name);
        }
        Ok(())
    }

    /// A field that is a place in the table of strings.
    #[inline(always)]
    fn name(&mut self, row: &impl Row, field: usize, what: &str) -> std::result::Result<u32, String> {
        let index = small(row, field, what)?;
        self.used(index);
        Ok(index)
    }

    /// A place in the table of strings is used.
    #[inline(always)]
    fn used(&mut self, index: u32) {
        if u64::from(index) >= self.counts.named {
            self.counts.named = u64::from(index) + 1;
            self.counts.named_at = self.offset;
        }
    }

    /// The ordinal of the node whose first field is at `place` of `nodes`.
    #[inline]
    fn node_at(&self, place: u64) -> Option<u32> {
        // 32 bits divide faster, and no array of nodes that fits in memory is longer.
        let place = u32::try_from(place).ok()?;
        let fields = u32::try_from(self.header.node_fields.count).ok()?;
        let ordinal = place.checked_div(fields)?;
        (ordinal * fields == place && ordinal < self.counts.nodes).then_some(ordinal)
    }
}
