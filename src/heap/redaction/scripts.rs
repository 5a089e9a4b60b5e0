//! What of the name of a script says where it lies: paths have the names of people, customers and machines in them.

use std::ops::Range;

use memchr::memmem;

/// Node's own scripts.
const NODE: &[u8] = b"node:";
const PACKAGES: &[u8] = b"node_modules";

/// Whether it is the name of one of Node's own scripts: `node:internal/url`.
pub(super) fn is_nodes_own(name: &[u8]) -> bool {
    name.strip_prefix(NODE).is_some_and(|path| {
        !path.is_empty() && path.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-'))
    })
}

/// Whether it is an absolute path, or a URL.
pub(super) fn is_located(name: &[u8]) -> bool {
    let is_drive = matches!(name, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    is_drive || name.starts_with(b"\\\\") || (name.starts_with(b"/") && name.len() > 1) || has_scheme(name)
}

/// Whether there is a URL in it, or what follows the path of one.
pub(super) fn has_scheme(name: &[u8]) -> bool {
    memmem::find(name, b"://").is_some()
}

/// The parts of a located script's name that go: the directories above its package or, without one, above the file; and the query of a
/// URL.
pub(super) fn places(name: &[u8]) -> Vec<Range<usize>> {
    let end = name.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(name.len());
    let path = name.get(..end).unwrap_or_default();
    let start = match memmem::find(path, b"://") {
        Some(scheme) => scheme + 3,
        None => path.iter().position(|byte| matches!(byte, b'/' | b'\\')).map_or(0, |at| at + 1),
    };
    let start = start + path.get(start..).unwrap_or_default().iter().take_while(|byte| is_separator(byte)).count();
    let file = path.iter().rposition(is_separator).filter(|file| *file >= start);
    let kept = packages(path).or(file).unwrap_or(if has_scheme(path) { end } else { start }).max(start);
    [start..kept, end..name.len()].into_iter().filter(|range| !range.is_empty()).collect()
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Where the separator before the last `node_modules` is.
fn packages(path: &[u8]) -> Option<usize> {
    memmem::rfind_iter(path, PACKAGES).find_map(|at| {
        let before = at.checked_sub(1)?;
        let whole =
            path.get(before).is_some_and(is_separator) && path.get(at + PACKAGES.len()).is_some_and(is_separator);
        whole.then_some(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(name: &str) -> String {
        let mut left = name.as_bytes().to_vec();
        for range in places(name.as_bytes()) {
            for byte in left.get_mut(range).into_iter().flatten() {
                *byte = b'~';
            }
        }
        String::from_utf8_lossy(&left).into_owned()
    }

    #[test]
    fn directories_go_and_files_stay() {
        for (name, expected) in [
            ("/home/ada/shop/cart.js", "/~~~~~~~~~~~~~/cart.js"),
            ("/cart.js", "/cart.js"),
            ("/srv/shop/node_modules/express/lib/router.js", "/~~~~~~~~/node_modules/express/lib/router.js"),
            ("/srv/node_modules/a/node_modules/b/c.js", "/~~~~~~~~~~~~~~~~~~/node_modules/b/c.js"),
            ("file:///home/ada/cart.mjs?v=secret", "file:///~~~~~~~~/cart.mjs~~~~~~~~~"),
            ("https://user:pass@cdn.example/app.js?key=1#top", "https://~~~~~~~~~~~~~~~~~~~~~/app.js~~~~~~~~~~"),
            ("https://cdn.example", "https://~~~~~~~~~~~"),
            ("C:\\Users\\ada\\cart.js", "C:\\~~~~~~~~~\\cart.js"),
            ("\\\\host\\share\\cart.js", "\\\\~~~~~~~~~~\\cart.js"),
        ] {
            assert!(is_located(name.as_bytes()), "{name}");
            assert_eq!(without(name), expected, "{name}");
        }
        for name in ["cart.js", "lib/core/tree.js", "node:internal/url", "evalmachine.<anonymous>", "", "/"] {
            assert!(!is_located(name.as_bytes()), "{name}");
        }
        assert!(is_nodes_own(b"node:internal/url") && !is_nodes_own(b"node:") && !is_nodes_own(b"node:a b"));
    }
}
