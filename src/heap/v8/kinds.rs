//! The kinds of nodes and edges, by the names that V8 has for them. The numbers of kinds differ from version to version;
//! a file's header says which are its own.

/// What a node is, by the name of its type in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "V8's own names")]
pub enum NodeKind {
    Hidden,
    Array,
    String,
    Object,
    Code,
    Closure,
    RegExp,
    Number,
    Native,
    Synthetic,
    ConsString,
    SlicedString,
    Symbol,
    BigInt,
    ObjectShape,
    /// A type that this version of heapkit does not know.
    Other,
}

impl NodeKind {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "hidden" => Self::Hidden,
            "array" => Self::Array,
            "string" => Self::String,
            "object" => Self::Object,
            "code" => Self::Code,
            "closure" => Self::Closure,
            "regexp" => Self::RegExp,
            "number" => Self::Number,
            "native" => Self::Native,
            "synthetic" => Self::Synthetic,
            "concatenated string" => Self::ConsString,
            "sliced string" => Self::SlicedString,
            "symbol" => Self::Symbol,
            "bigint" => Self::BigInt,
            "object shape" => Self::ObjectShape,
            _ => Self::Other,
        }
    }

    /// Whether V8 keeps other things in such nodes, and a program does not know of them. A node of another kind may still
    /// be V8's own: its name says so then.
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Hidden | Self::Array | Self::Code | Self::Synthetic | Self::ObjectShape)
    }

    /// A string of any make.
    pub fn is_string(self) -> bool {
        matches!(self, Self::String | Self::ConsString | Self::SlicedString)
    }
}

/// How one object refers to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "V8's own names")]
pub enum EdgeKind {
    Context,
    Element,
    Property,
    Internal,
    /// Also every type that this version of heapkit does not know: it retains, and its name is a number.
    Hidden,
    Shortcut,
    Weak,
    Invisible,
}

impl EdgeKind {
    /// The kinds, at the place of their number.
    pub(crate) const ALL: [Self; 8] = [
        Self::Context,
        Self::Element,
        Self::Property,
        Self::Internal,
        Self::Hidden,
        Self::Shortcut,
        Self::Weak,
        Self::Invisible,
    ];

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "context" => Self::Context,
            "element" => Self::Element,
            "property" => Self::Property,
            "internal" => Self::Internal,
            "shortcut" => Self::Shortcut,
            "weak" => Self::Weak,
            "invisible" => Self::Invisible,
            _ => Self::Hidden,
        }
    }

    /// Whether the edge's name is a string of the table; otherwise it is an index.
    pub fn has_name(self) -> bool {
        !matches!(self, Self::Element | Self::Hidden)
    }

    /// What the file calls the kind.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Element => "element",
            Self::Property => "property",
            Self::Internal => "internal",
            Self::Hidden => "hidden",
            Self::Shortcut => "shortcut",
            Self::Weak => "weak",
            Self::Invisible => "invisible",
        }
    }
}
