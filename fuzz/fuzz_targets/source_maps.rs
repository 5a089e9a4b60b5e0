//! Any bytes as a source map, and as the script that it is of: an error or answers, without panics. What is said of a place is within what the
//! map has, and the same whether it is asked first or later.

#![no_main]

use heapkit::source_maps::Mapped;
use libfuzzer_sys::fuzz_target;

const SCRIPT: &str = "/srv/shop/dist/main.js";

fuzz_target!(|data: &[u8]| {
    // The script, up to the first line that is empty, and the map.
    let at = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let (text, map) = (&data[..at], data.get(at + 2..).unwrap_or_default());
    let (Ok(with_text), Ok(alone)) = (Mapped::read(map, SCRIPT, Some(text.to_vec())), Mapped::read(map, SCRIPT, None))
    else {
        assert!(Mapped::read(map, SCRIPT, Some(text.to_vec())).is_err() && Mapped::read(map, SCRIPT, None).is_err());
        return;
    };
    let columns = u32::try_from(text.len()).expect("inputs are short") + 2;
    for (line, column) in
        (0..4).flat_map(|line| (0..columns).step_by(1 + text.len() / 256).map(move |column| (line, column)))
    {
        for name in ["e", "get e", "constructor", ""] {
            let (found, by_source) = (with_text.original(line, column, name), alone.original(line, column, name));
            // The text is asked about names alone.
            let place =
                |original: &heapkit::source_maps::Original| (original.source.clone(), original.line, original.column);
            assert_eq!(found.as_ref().map(place), by_source.as_ref().map(place));
            if let Some(found) = found {
                assert!(!found.source.is_empty());
                assert_eq!(with_text.original(line, column, name), Some(found));
            }
        }
        let (names, length) = with_text.variables(Some((line, column)));
        assert!(length <= text.len() && names.keys().all(|name| !name.is_empty()));
    }
    assert!(with_text.variables(None).1 <= text.len() && alone.variables(None).1 == 0);
});
