//! What V8 calls things: the kinds of nodes and edges, the names of its own objects, texts, places in source code.
//!
//! Every other room may ask here; this one knows none of them.

mod kinds;
mod location;
mod names;
mod text;
mod weak_map;

pub use kinds::{EdgeKind, NodeKind};
pub use location::Location;
pub(crate) use names::{
    ARRAY, ARRAY_BUFFER, ARRAY_BUFFER_DATA, CONSTRUCTOR, CONTEXT, DETACHED, DOCUMENT_TREES, ELEMENTS, EXTENSION,
    EXTERNAL_STRING_DATA, GENERATOR, GLOBAL_HANDLES, MAP_DESCRIPTORS, MODULE, NATIVE_CONTEXT, OBJECT, PROTO,
    SCOPE_INFO, SLOPPY_FUNCTION_MAP, SYMBOL_REGISTRY, is_detached_element, is_global, is_own, is_own_class,
    is_own_kind, is_placeholder, is_well_known_symbol,
};
pub use text::lossy;
pub(crate) use text::utf16_length;
pub(crate) use weak_map::{entry as weak_map_entry, entry_names as weak_map_entry_names};
