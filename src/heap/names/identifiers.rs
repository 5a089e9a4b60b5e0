//! What JavaScript takes for the name of a variable or a property.

use std::borrow::Cow;

/// Whether the text is an identifier, or `#` and one: the name of a private field.
pub(crate) fn is_identifier(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"#").unwrap_or(text);
    match String::from_utf8_lossy(text) {
        Cow::Borrowed(text) => {
            let mut chars = text.chars();
            chars.next().is_some_and(|first| first.is_alphabetic() || matches!(first, '$' | '_'))
                && chars.all(|char| char.is_alphanumeric() || matches!(char, '$' | '_' | '\u{200C}' | '\u{200D}'))
        }
        // Half of a surrogate pair.
        Cow::Owned(_) => false,
    }
}

/// Whether the text is identifiers with dots between: `Intl.Collator`.
pub(crate) fn is_dotted(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'.').all(is_identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_identifiers() {
        for name in ["a", "$", "_id", "#secret", "userName2", "größe", "ключ", "名前"] {
            assert!(is_identifier(name.as_bytes()) && is_dotted(name.as_bytes()), "{name}");
        }
        for name in ["", "#", "2nd", "content-type", "a b", "/srv", "a.b", "ada@home", "50%", "\u{1F600}", "##a"] {
            assert!(!is_identifier(name.as_bytes()), "{name}");
        }
        assert!(!is_identifier(b"a\xED\xA0\xBD"));
        assert!(is_dotted(b"Intl.Collator") && !is_dotted(b"a..b") && !is_dotted(b".a"));
    }
}
