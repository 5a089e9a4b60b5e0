//! Scripts by short names, and whose they are.

use crate::heap::v8::Location;

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// Not known, or V8's own.
    Unknown,
    /// Node.js itself.
    Node,
    /// A package in `node_modules`.
    Package,
    /// What the process was started for.
    Application,
}

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptPlace {
    /// `cart.js:7`, or `cart.js`.
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// The package, `node` for Node.js itself, or empty.
    pub(crate) home: String,
}

impl ScriptPlace {
    pub(super) fn new(script: &str, location: Option<Location>) -> Self {
        let (file, origin, home) = file(script);
        let text = match location {
            // V8 counts from 0.
            Some(at) => format!("{file}:{}", u64::from(at.line) + 1),
            None => file,
        };
        Self { text, origin, home }
    }
}

/// A script's name in short, whose it is, and the name of that package.
fn file(script: &str) -> (String, Origin, String) {
    if script.starts_with("node:") {
        return (script.to_owned(), Origin::Node, "node".to_owned());
    }
    if script.is_empty() {
        return ("(no file)".to_owned(), Origin::Unknown, String::new());
    }
    let path = script.strip_prefix("file://").unwrap_or(script).replace('\\', "/");
    let inside = path.rsplit_once("/node_modules/").map(|(_, inside)| inside);
    if let Some(inside) = inside.or_else(|| path.strip_prefix("node_modules/")) {
        return (inside.to_owned(), Origin::Package, package(inside).to_owned());
    }
    // So are sources called: what is short already.
    if !path.starts_with('/') && path.as_bytes().get(1) != Some(&b':') && !path.contains("://") {
        return (path, Origin::Application, String::new());
    }
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    // Every package has an index.
    let short = match parts.next().filter(|_| name.starts_with("index.")) {
        Some(dir) if !dir.is_empty() => format!("{dir}/{name}"),
        _ => name.to_owned(),
    };
    (short, Origin::Application, String::new())
}

/// `undici` of `undici/lib/agent.js`, `@scope/name` of `@scope/name/index.js`.
fn package(inside: &str) -> &str {
    let slashes = if inside.starts_with('@') { 2 } else { 1 };
    let end = inside.match_indices('/').nth(slashes - 1).map_or(inside.len(), |(at, _)| at);
    inside.get(..end).unwrap_or(inside)
}

/// A function by its name and its place.
pub(crate) fn function_text(name: &str, at: &ScriptPlace) -> String {
    if name.is_empty() { format!("function ({})", at.text) } else { format!("{name}() ({})", at.text) }
}

/// A class without a name by its place.
pub(crate) fn class_text(at: &ScriptPlace) -> String {
    format!("class ({})", at.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_script_by_what_tells_it_from_others() {
        let text = |script| ScriptPlace::new(script, None).text;
        assert_eq!(text("/srv/app/lib/cart.js"), "cart.js");
        assert_eq!(text("file:///srv/app/cart.mjs"), "cart.mjs");
        assert_eq!(text("C:\\app\\cart.js"), "cart.js");
        assert_eq!(text("src/cart.ts"), "src/cart.ts");
        assert_eq!(text("node_modules/@b/c/index.ts"), "@b/c/index.ts");
        assert_eq!(text("/srv/app/cart/index.js"), "cart/index.js");
        assert_eq!(text("/srv/app/node_modules/a/node_modules/@b/c/index.js"), "@b/c/index.js");
        assert_eq!(text("node:internal/timers"), "node:internal/timers");
        assert_eq!(text(""), "(no file)");
        let line = Location { script: 3, line: 6, column: 2 };
        assert_eq!(ScriptPlace::new("/cart.js", Some(line)).text, "cart.js:7");
    }

    #[test]
    fn knows_whose_a_script_is() {
        let whose = |script| {
            let ScriptPlace { origin, home, .. } = ScriptPlace::new(script, None);
            (origin, home)
        };
        assert_eq!(whose("/srv/cart.js"), (Origin::Application, String::new()));
        assert_eq!(whose("node:events"), (Origin::Node, "node".to_owned()));
        assert_eq!(whose("/srv/node_modules/undici/lib/agent.js"), (Origin::Package, "undici".to_owned()));
        assert_eq!(whose("/srv/node_modules/@scope/name/index.js"), (Origin::Package, "@scope/name".to_owned()));
        assert_eq!(whose(""), (Origin::Unknown, String::new()));
    }
}
