//! What V8, and who embeds it, call things of their own. A snapshot has no other mark of them, so these names are asked for
//! wherever V8's things are told from the program's.

/// How the names of V8's own objects begin.
const OWN: &str = "system / ";
/// The context of all globals.
pub(crate) const NATIVE_CONTEXT: &[u8] = b"system / NativeContext";
/// The variables of a call, or of a module.
pub(crate) const CONTEXT: &[u8] = b"system / Context";
/// The reference from a [`CONTEXT`] to what V8 keeps there for itself.
pub(crate) const EXTENSION: &[u8] = b"extension";
/// A call that was suspended: of a generator, or of an async function.
pub(crate) const GENERATOR: &[u8] = b"Generator";
/// What describes the variables of a [`CONTEXT`]: the same for all calls of a function.
pub(crate) const SCOPE_INFO: &[u8] = b"system / ScopeInfo";
/// The map of functions that a [`NATIVE_CONTEXT`] refers to.
pub(crate) const SLOPPY_FUNCTION_MAP: &[u8] = b"sloppy_function_map";
/// An array of the descriptors of properties.
pub(crate) const MAP_DESCRIPTORS: &[u8] = b"(map descriptors)";
/// The text of a string outside of V8's heap.
pub(crate) const EXTERNAL_STRING_DATA: &[u8] = b"system / ExternalStringData";
/// The content of an ArrayBuffer.
pub(crate) const ARRAY_BUFFER_DATA: &[u8] = b"system / JSArrayBufferData";
/// The reference from an array to where its elements are.
pub(crate) const ELEMENTS: &[u8] = b"elements";
/// The reference to an object's prototype, which V8 lists among the properties.
pub(crate) const PROTO: &[u8] = b"__proto__";
/// A prototype's reference to the constructor of its class.
pub(crate) const CONSTRUCTOR: &[u8] = b"constructor";
/// The constructor of plain objects.
pub(crate) const OBJECT: &[u8] = b"Object";
/// The constructor of CommonJS modules, in Node.js.
pub(crate) const MODULE: &[u8] = b"Module";
/// The constructor of arrays.
pub(crate) const ARRAY: &[u8] = b"Array";
/// The constructor of ArrayBuffers.
pub(crate) const ARRAY_BUFFER: &[u8] = b"ArrayBuffer";
/// The roots that keep what code in C++ refers to.
pub(crate) const GLOBAL_HANDLES: &str = "(Global handles)";
/// Where V8 keeps the symbols of `Symbol.for()`: a reference's name.
pub(crate) const SYMBOL_REGISTRY: &str = "public_symbol_table";
/// Chromium's root of all documents.
pub(crate) const DOCUMENT_TREES: &[u8] = b"(Document DOM trees)";
/// What a detached DOM node has before its name; DevTools writes it, and so does heapkit.
pub(crate) const DETACHED: &[u8] = b"Detached ";

/// What classes of V8's and of Node's own C++ are called by no function, but by a tag.
const OWN_CLASSES: [&[u8]; 9] = [
    b"Async-from-Sync Iterator",
    b"Array Iterator",
    b"Iterator Helper",
    b"Map Iterator",
    b"RegExp String Iterator",
    b"Segmenter String Iterator",
    b"Set Iterator",
    b"String Iterator",
    b"URLSearchParams Iterator",
];
/// What has the classes of JavaScript that are no globals.
const OWN_NAMESPACES: [&[u8]; 3] = [b"Intl.", b"Temporal.", b"WebAssembly."];

/// The symbols of the language.
const WELL_KNOWN_SYMBOLS: [&[u8]; 16] = [
    b"asyncDispose",
    b"asyncIterator",
    b"dispose",
    b"hasInstance",
    b"isConcatSpreadable",
    b"iterator",
    b"match",
    b"matchAll",
    b"metadata",
    b"replace",
    b"search",
    b"species",
    b"split",
    b"toPrimitive",
    b"toStringTag",
    b"unscopables",
];

/// The names of strings and numbers that have no content of their own here.
const PLACEHOLDERS: [&[u8]; 7] =
    [b"", b"<dummy>", b"(concatenated string)", b"(sliced string)", b"heap number", b"smi number", b"bigint"];

/// Whether it is the name of an object of V8's own.
pub(crate) fn is_own(name: &[u8]) -> bool {
    name.starts_with(OWN.as_bytes())
}

/// Whether V8 gives such names to its own objects: `system / Context`, `system / Map (String)`. A program may give a class any name.
pub(crate) fn is_own_kind(name: &[u8]) -> bool {
    let is_word = |word: &[u8]| {
        word.first().is_some_and(u8::is_ascii_uppercase)
            && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let Some(kind) = name.strip_prefix(OWN.as_bytes()) else { return false };
    match kind.strip_suffix(b")").and_then(|kind| kind.strip_prefix(b"Map (")) {
        Some(of) => is_word(of),
        None => is_word(kind),
    }
}

/// Whether it is the description of a symbol that the language has: `Symbol.iterator`.
pub(crate) fn is_well_known_symbol(description: &[u8]) -> bool {
    description.strip_prefix(b"Symbol.").is_some_and(|name| WELL_KNOWN_SYMBOLS.contains(&name))
}

/// Whether it is the name of a class that V8 has given it.
pub(crate) fn is_own_class(name: &[u8]) -> bool {
    OWN_CLASSES.contains(&name)
        || OWN_NAMESPACES.iter().any(|space| {
            name.strip_prefix(*space)
                .is_some_and(|class| !class.is_empty() && class.iter().all(u8::is_ascii_alphabetic))
        })
}

/// Whether an object of this name is a global object: `global`, `global / URL`, `global (global*)`, by V8's version.
pub(crate) fn is_global(name: &[u8]) -> bool {
    name == b"global" || name.starts_with(b"global /") || name.starts_with(b"global (")
}

/// Whether it is the name of a DOM element that is out of its document.
pub(crate) fn is_detached_element(name: &[u8]) -> bool {
    name.strip_prefix(DETACHED).is_some_and(|name| name.starts_with(b"<"))
}

/// Whether the name says only what a thing is, or nothing, and no text of the program's.
pub(crate) fn is_placeholder(name: &[u8]) -> bool {
    PLACEHOLDERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_v8s_own_things_by_name() {
        assert!(is_own(b"system / Context") && !is_own(b"system") && !is_own(b"Window"));
        assert!(is_own_class(b"Map Iterator") && is_own_class(b"Intl.Collator") && !is_own_class(b"Intl.a b"));
        for name in ["global", "global / URL", "global (global*)"] {
            assert!(is_global(name.as_bytes()), "{name}");
        }
        assert!(!is_global(b"globals") && !is_global(b"Window"));
        assert!(is_detached_element(b"Detached <div>"));
        assert!(!is_detached_element(b"Detached Window") && !is_detached_element(b"<div>"));
        assert!(is_placeholder(b"(sliced string)") && !is_placeholder(b"text"));
    }
}
