//! Rows of numbers: each is one node, edge, location or function, checked and handed to the receiver.
//!
//! Whatever is used as an index later is checked here. Only indices of strings cannot be, because the table of strings comes
//! last: the greatest one is kept, and compared when the number of strings is known.

use super::header::{EdgeFields, FunctionFields, Header, LocationFields, MAX_FIELDS, NodeFields};
use super::numbers::Take;
use super::receive::{NodeRow, Receive};
use crate::heap::v8::Location;

/// What JavaScript still counts exactly. No sum of sizes overflows below.
const MAX_BYTES: u64 = 1 << 53;

/// What has been read so far, in numbers.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) nodes: u32,
    pub(super) edges: u64,
    /// Bytes that the nodes said they have.
    bytes: u64,
    /// Edges that the nodes said they have.
    pub(super) claimed: u64,
    pub(crate) strings: u64,
    /// The greatest index of a string, and about where in the file it was used.
    pub(super) last_name: Option<(u32, u64)>,
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

    /// A field of the full row.
    fn get(&self, field: usize) -> u64 {
        self.row.get(field).copied().unwrap_or_default()
    }

    fn small(&self, field: usize, what: &str) -> std::result::Result<u32, String> {
        let value = self.get(field);
        u32::try_from(value).map_err(|_| format!("{what} is {value}, more than 32 bits hold"))
    }
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
    #[inline]
    fn take(&mut self, number: u64) -> std::result::Result<(), String> {
        let rows = &mut *self.rows;
        if let Some(cell) = rows.row.get_mut(rows.filled) {
            *cell = number;
        }
        rows.filled += 1;
        if rows.filled < rows.width {
            return Ok(());
        }
        rows.filled = 0;
        match rows.layout {
            Layout::Edges(fields) => self.edge(fields),
            Layout::Nodes(fields) => self.node(fields),
            Layout::Locations(fields) => self.location(fields),
            Layout::Functions(fields) => self.function(fields),
        }
    }
}

impl<R: Receive> Taker<'_, R> {
    fn node(&mut self, fields: NodeFields) -> std::result::Result<(), String> {
        let ordinal = self.counts.nodes;
        if ordinal >= u32::MAX - 1 {
            return Err("it has more than 2^32 nodes".into());
        }
        let raw = self.rows.get(fields.kind);
        let known = u8::try_from(raw).ok().and_then(|raw| Some((raw, *self.header.node_kinds.get(usize::from(raw))?)));
        let Some((raw_kind, kind)) = known else {
            return Err(format!(
                "node {ordinal} is of type {raw}, and there are only {}",
                self.header.node_kinds.len()
            ));
        };
        let name = self.name(fields.name, "a node's name")?;
        self.counts.bytes = self.counts.bytes.saturating_add(self.rows.get(fields.self_size));
        if self.counts.bytes > MAX_BYTES {
            return Err(format!(
                "its first {} nodes claim {} bytes, more than any machine has",
                ordinal + 1,
                self.counts.bytes
            ));
        }
        self.counts.claimed = self.counts.claimed.saturating_add(self.rows.get(fields.edge_count));
        let edges_end = u32::try_from(self.counts.claimed).ok().filter(|end| *end < u32::MAX).ok_or_else(|| {
            format!("its first {} nodes claim {} edges; at most 2^32 are supported", ordinal + 1, self.counts.claimed)
        })?;
        self.receiver.node(NodeRow {
            kind,
            raw_kind,
            name,
            id: self.rows.small(fields.id, "a node's id")?,
            self_size: self.rows.get(fields.self_size),
            edges_end,
            attachment: fields
                .detachedness
                .map_or(0, |field| (self.rows.get(field) & 3).try_into().unwrap_or_default()),
        });
        self.counts.nodes += 1;
        Ok(())
    }

    #[inline]
    fn edge(&mut self, fields: EdgeFields) -> std::result::Result<(), String> {
        let raw = self.rows.get(fields.kind);
        let kind = usize::try_from(raw).ok().and_then(|raw| self.header.edge_kinds.get(raw)).copied();
        let Some(kind) = kind else {
            let types = self.header.edge_kinds.len();
            return Err(format!("edge {} is of type {raw}, and there are only {types}", self.counts.edges));
        };
        let label = if kind.has_name() {
            self.name(fields.name, "an edge's name")?
        } else {
            self.rows.small(fields.name, "an edge's index")?
        };
        if self.counts.edges >= self.counts.claimed {
            return Err(format!("its nodes claim {} edges, and it has more", self.counts.claimed));
        }
        let place = self.rows.get(fields.to);
        let Some(to) = self.node_at(place) else {
            return Err(format!(
                "edge {} leads to place {place} of `nodes`, where no node begins ({} nodes of {} fields)",
                self.counts.edges, self.counts.nodes, self.header.node_fields.count
            ));
        };
        self.receiver.edge(kind, label, to);
        self.counts.edges += 1;
        Ok(())
    }

    fn location(&mut self, fields: LocationFields) -> std::result::Result<(), String> {
        let place = self.rows.get(fields.object);
        let Some(node) = self.node_at(place) else {
            return Err(format!("a location is of place {place} of `nodes`, where no node begins"));
        };
        let location = Location {
            script: self.rows.small(fields.script, "a location's script")?,
            line: self.rows.small(fields.line, "a location's line")?,
            column: self.rows.small(fields.column, "a location's column")?,
        };
        self.receiver.location(node, location);
        Ok(())
    }

    fn function(&mut self, fields: FunctionFields) -> std::result::Result<(), String> {
        for field in [fields.name, fields.script] {
            let name = self.name(field, "a function's name")?;
            self.receiver.function_name(name);
        }
        Ok(())
    }

    /// A field that is a place in the table of strings.
    #[inline]
    fn name(&mut self, field: usize, what: &str) -> std::result::Result<u32, String> {
        let index = self.rows.small(field, what)?;
        if self.counts.last_name.is_none_or(|(last, _)| index > last) {
            self.counts.last_name = Some((index, self.offset));
        }
        Ok(index)
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
