//! Where scripts are: V8 has the path of some and the URL of others, and tools that show sources (`pprof -list`) look for a path.

use std::borrow::Cow;

use crate::source_maps::percent_bytes;

const FILE: &str = "file://";

/// The path of a `file:` URL without a host; anything else as it is.
///
/// Source: RFC 8089; the URL Standard, 1.3, percent-encoded bytes.
pub(super) fn path(url: &str) -> Cow<'_, str> {
    let Some(path) = url.strip_prefix(FILE).filter(|path| path.starts_with('/')) else { return url.into() };
    let path = if has_drive(path) { path.trim_start_matches('/') } else { path };
    if !path.contains('%') {
        return path.into();
    }
    String::from_utf8(percent_bytes(path)).map_or_else(|_| url.into(), Cow::Owned)
}

/// Windows: `/C:/`.
fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [b'/', letter, b':', b'/', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_file_is_its_path_and_anything_else_stays() {
        for (url, expected) in [
            ("file:///srv/app.mjs", "/srv/app.mjs"),
            ("file:///srv/my%20app/%C3%A4.js", "/srv/my app/ä.js"),
            ("file:///C:/srv/app.js", "C:/srv/app.js"),
            ("file:///srv/100%.js", "/srv/100%.js"),
            ("file:///srv/%+f%2.js", "/srv/%+f%2.js"),
            ("file:///srv/%ff.js", "file:///srv/%ff.js"),
            ("file://host/share/app.js", "file://host/share/app.js"),
            ("node:fs", "node:fs"),
            ("/srv/a%20b.js", "/srv/a%20b.js"),
            ("https://example.com/app.js", "https://example.com/app.js"),
            ("", ""),
        ] {
            assert_eq!(path(url), expected);
        }
    }
}
