//! How a holder is named for people, which is what a leak hunter reads first: `MemoryStore.sessions`, `cart.js: carts`.

use super::references::{ANY, is_v8s, variable};

/// A reference on the way from a holder to what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) label: &'a str,
    /// It is one of a thing of V8's.
    pub(crate) of_internal: bool,
    /// It is one of a CommonJS module.
    pub(crate) of_module: bool,
    /// It is that to the thing itself.
    pub(crate) is_last: bool,
}

/// The way from a holder down to what it holds, as code would have it; `links` are those nearest to that first. What only V8
/// knows of is left out, and so is the entry itself.
pub(crate) fn way_text<'a>(links: impl Iterator<Item = Link<'a>>) -> String {
    let mut text = String::new();
    for Link { label, of_internal, of_module, is_last } in links {
        if is_v8s(label) || (label == ANY && (is_last || of_internal)) {
            continue;
        }
        text = match variable(label) {
            Some(variable) => format!(": {variable}{text}"),
            None if of_module && label == ".exports" => format!(": exports{text}"),
            None => format!("{label}{text}"),
        };
    }
    text
}

/// A holder with the way from it; a function's own property is `TcpSession.open (tcp.js:8)`.
pub(crate) fn holder_text(holder: &str, way: &str) -> String {
    match holder.split_once("() (") {
        Some((name, at)) if way.starts_with('.') => format!("{name}{way} ({at}"),
        _ => format!("{holder}{way}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a thing of the program's, unless it has a `*`; of a module, if it has a `^`.
    fn way(labels: &[&'static str]) -> String {
        way_text(labels.iter().enumerate().map(|(index, label)| Link {
            label: label.trim_end_matches(['*', '^']),
            of_internal: label.ends_with('*'),
            of_module: label.ends_with('^'),
            is_last: index == 0,
        }))
    }

    #[test]
    fn writes_the_way_from_a_holder_as_code_would() {
        assert_eq!(way(&[".sessions"]), ".sessions");
        assert_eq!(way(&[ANY, "{table}", ".sessions"]), ".sessions");
        assert_eq!(way(&[".data", "[…]*", "{table}", ".sessions"]), ".sessions.data");
        assert_eq!(way(&[ANY, ANY, ".rows"]), ".rows[…]");
        assert_eq!(way(&[ANY, "{table}", "→carts*"]), ": carts");
        assert_eq!(way(&[".cache", ".exports^"]), ": exports.cache");
        assert_eq!(way(&["{table}"]), "");
    }

    #[test]
    fn names_a_holder_with_the_way_from_it() {
        assert_eq!(holder_text("MemoryStore", ".sessions"), "MemoryStore.sessions");
        assert_eq!(holder_text("cart.js", ": carts"), "cart.js: carts");
        assert_eq!(holder_text("serve() (cart.js:8)", ": seen"), "serve() (cart.js:8): seen");
        assert_eq!(holder_text("Session() (tcp.js:8)", ".open"), "Session.open (tcp.js:8)");
    }
}
