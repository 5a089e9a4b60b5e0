//! What the sources of a map are called: by paths that people know, `src/cart.ts`, whatever the bundler writes.

/// The name of a source, with the map's `sourceRoot`; empty if it has none.
///
/// Schemes, hosts and webpack's namespaces go, and so do steps up: a map is in a folder beside the sources. Of an absolute path goes what the
/// script's has as well. What is of a package stays there: `node_modules/lru-cache/src/index.ts`.
pub(super) fn shown(source: &str, root: &str, script: &str) -> String {
    if source.is_empty() {
        return String::new();
    }
    let joined = if root.is_empty() || is_absolute(source) || scheme(source).is_some() {
        source.to_owned()
    } else {
        format!("{}/{source}", root.trim_end_matches('/'))
    };
    let path = without_scheme(&joined.replace('\\', "/"));
    let own = without_scheme(&script.replace('\\', "/"));
    let relative = if is_absolute(&path) { without_common(&path, &own) } else { normal(&path) };
    match package(&own) {
        Some(package) if !relative.contains("node_modules/") => {
            format!("{package}/{}", relative.trim_start_matches('/'))
        }
        _ => relative,
    }
}

/// `webpack:` of `webpack://shop/./src/cart.ts`, but no drive.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme =
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(scheme)
}

/// The path of a URL; everything else as it is.
fn without_scheme(text: &str) -> String {
    let Some(scheme) = scheme(text) else { return text.to_owned() };
    let rest = text.get(scheme.len() + "://".len()..).unwrap_or_default();
    // The host, or the name that webpack has for the build.
    let (_, path) = rest.split_once('/').unwrap_or(("", rest));
    if scheme.eq_ignore_ascii_case("file") {
        let path = percent_decoded(path.split(['?', '#']).next().unwrap_or_default());
        return if is_drive(&path) { path } else { format!("/{path}") };
    }
    // webpack tells files of the same name from one another so.
    path.split('?').next().unwrap_or_default().to_owned()
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || is_drive(path)
}

/// `C:/`.
fn is_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.get(1) == Some(&b':')
        && matches!(bytes.get(2), Some(b'/' | b'\\'))
}

/// A relative path without steps that lead nowhere, and without those up at its beginning.
fn normal(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    steps.join("/")
}

/// An absolute path from the folder on that it has in common with the script.
fn without_common(path: &str, script: &str) -> String {
    let normal = normal(path);
    let mut steps: Vec<&str> = normal.split('/').collect();
    let common =
        steps.iter().zip(script.split('/').filter(|step| !step.is_empty())).take_while(|(a, b)| *a == b).count();
    // On Windows the drive alone says nothing, and the file's own name is always said.
    if common > usize::from(is_drive(path)) && common < steps.len() {
        return steps.split_off(common).join("/");
    }
    if is_drive(path) { normal } else { format!("/{normal}") }
}

/// `node_modules/NAME` of a script in there.
fn package(script: &str) -> Option<String> {
    let (_, inside) = script.rsplit_once("/node_modules/")?;
    let steps = if inside.starts_with('@') { 2 } else { 1 };
    let name: Vec<&str> = inside.split('/').take(steps).collect();
    Some(format!("node_modules/{}", name.join("/")))
}

/// `a b` of `a%20b`; what is no such sign stays.
pub(super) fn percent_decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_bytes(text)).into_owned()
}

/// The same, whatever the bytes are.
pub(crate) fn percent_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

/// The path of a script's name: of a file URL that of its file. Of other URLs it is the part behind the host.
pub(super) fn path_of(script: &str) -> String {
    without_scheme(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_sources_by_the_paths_that_people_know() {
        let of = |source, root, script| shown(source, root, script);
        let app = |source| of(source, "", "/srv/app/dist/main.js");
        assert_eq!(app("../src/cart.ts"), "src/cart.ts");
        assert_eq!(app("../../packages/shop/./src/../cart.ts"), "packages/shop/cart.ts");
        assert_eq!(app("webpack://shop/./src/cart.ts?a1b2"), "src/cart.ts");
        assert_eq!(app("webpack:///./src/cart.ts"), "src/cart.ts");
        assert_eq!(app("webpack:///src/cart.ts"), "src/cart.ts");
        assert_eq!(app("https://cdn.example/static/cart.ts"), "static/cart.ts");
        assert_eq!(app("file:///srv/app/src/a%20cart.ts"), "src/a cart.ts");
        assert_eq!(app("/srv/app/src/cart.ts"), "src/cart.ts");
        assert_eq!(app("webpack:////srv/app/src/cart.ts"), "src/cart.ts");
        assert_eq!(app("/build/src/cart.ts"), "/build/src/cart.ts");
        assert_eq!(app("..\\src\\cart.ts"), "src/cart.ts");
        assert_eq!(app("../node_modules/lru-cache/dist/index.js"), "node_modules/lru-cache/dist/index.js");
        assert_eq!(app(""), "");
        let windows = |source, script| of(source, "", script);
        assert_eq!(windows("C:\\app\\src\\cart.ts", "C:\\app\\dist\\main.js"), "src/cart.ts");
        assert_eq!(windows("file:///C:/app/src/cart.ts", "file:///C:/app/dist/main.mjs"), "src/cart.ts");
        assert_eq!(windows("D:\\src\\cart.ts", "C:\\app\\main.js"), "D:/src/cart.ts");
        assert_eq!(of("cart.ts", "../src/", "/a/main.js"), "src/cart.ts");
        assert_eq!(of("cart.ts", "webpack://shop/src", "/a/main.js"), "src/cart.ts");
        assert_eq!(of("/a/src/cart.ts", "/root", "/a/dist/main.js"), "src/cart.ts");
    }

    #[test]
    fn leaves_sources_of_a_package_in_it() {
        let of = |source, script| shown(source, "", script);
        let lru = "/srv/app/node_modules/lru-cache/dist/index.js";
        assert_eq!(of("../src/index.ts", lru), "node_modules/lru-cache/src/index.ts");
        assert_eq!(of("/home/ci/src/index.ts", lru), "node_modules/lru-cache/home/ci/src/index.ts");
        assert_eq!(of("../src/a.ts", "file:///x/node_modules/@b/c/d.mjs"), "node_modules/@b/c/src/a.ts");
    }

    #[test]
    fn decodes_urls() {
        assert_eq!(percent_decoded("a%20b%2x%C3%A9%"), "a b%2xé%");
        assert_eq!(path_of("file:///srv/a%20b/main.mjs?v=1"), "/srv/a b/main.mjs");
        assert_eq!(path_of("https://cdn.example/js/main.js?v=1"), "js/main.js");
        assert_eq!(path_of("C:\\app\\main.js"), "C:\\app\\main.js");
    }
}
