//! What a name says.

mod looks;

pub(crate) use looks::{Look, look};

/// Whether a name looks like data rather than like a name.
pub(crate) fn looks_like_data(name: &[u8]) -> bool {
    looks::look(name).is_some()
}
