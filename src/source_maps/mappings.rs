//! The text `mappings` of a source map: numbers in base 64, each the difference to one before (ECMA-426).

/// More places than a map of 64 MiB of text has are no help to anybody: 8 Mi, which take 192 MiB.
pub(super) const MOST: usize = 8 << 20;
/// Stands for no source, and for no name.
pub(super) const NONE: u32 = u32::MAX;

/// A place in a script, and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) source: u32,
    pub(super) source_line: u32,
    pub(super) source_column: u32,
    pub(super) name: u32,
}

/// What the numbers of one map begin with: those of a section have others before them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Base {
    pub(super) line: u32,
    /// Of the first line only.
    pub(super) column: u32,
    pub(super) source: u32,
    pub(super) sources: u32,
    pub(super) name: u32,
    pub(super) names: u32,
}

/// Adds what `text` says to `all`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode(text: &str, base: Base, all: &mut Vec<Mapping>) -> Result<(), String> {
    let mut state = State::default();
    for (line, segments) in text.split(';').enumerate() {
        let offset = if line == 0 { base.column } else { 0 };
        let line = u32::try_from(line).ok().and_then(|line| base.line.checked_add(line)).ok_or("has too many lines")?;
        state.column = 0;
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            let (source, name) = state.advance(segment)?;
            let column = within(state.column, u32::MAX)?.checked_add(offset).ok_or(OUT)?;
            let mut mapping = Mapping { line, column, source: NONE, source_line: 0, source_column: 0, name: NONE };
            if source {
                mapping.source = base.source + within(state.source, base.sources)?;
                mapping.source_line = within(state.line, u32::MAX)?;
                mapping.source_column = within(state.source_column, u32::MAX)?;
            } else if all.last().is_some_and(|last| last.line == line && last.source == NONE) {
                // One place from nowhere says as much as many.
                continue;
            }
            if name {
                mapping.name = base.name + within(state.name, base.names)?;
            }
            if all.len() == MOST {
                return Err(format!("has more than {MOST} mappings"));
            }
            all.push(mapping);
        }
    }
    Ok(())
}

const OUT: &str = "has mappings with a number that is out of range";

fn within(number: i64, end: u32) -> Result<u32, String> {
    u32::try_from(number).ok().filter(|number| *number < end).ok_or_else(|| OUT.into())
}

/// The numbers so far.
#[derive(Default)]
struct State {
    column: i64,
    source: i64,
    line: i64,
    source_column: i64,
    name: i64,
}

impl State {
    /// Takes a segment: whether it has a source, and a name.
    fn advance(&mut self, segment: &str) -> Result<(bool, bool), String> {
        let Self { column, source, line, source_column, name } = self;
        let mut fields = [column, source, line, source_column, name].into_iter();
        let mut digits = segment.bytes();
        while let Some(delta) = number(&mut digits)? {
            let field = fields.next().ok_or("has mappings with more than five numbers")?;
            // Both are bounded to some 32 bits.
            *field += delta;
            within(*field, u32::MAX)?;
        }
        match fields.len() {
            4 => Ok((false, false)),
            1 => Ok((true, false)),
            0 => Ok((true, true)),
            left => Err(format!("has mappings with {} numbers", 5 - left)),
        }
    }
}

/// The next number: five bits a digit, the lowest first, and the lowest of all is the sign.
fn number(digits: &mut impl Iterator<Item = u8>) -> Result<Option<i64>, String> {
    let Some(first) = digits.next() else { return Ok(None) };
    let (mut value, mut shift, mut digit) = (0_i64, 0, base64(first)?);
    loop {
        value |= i64::from(digit & 31) << shift;
        if digit & 32 == 0 {
            break;
        }
        shift += 5;
        if shift > 30 {
            return Err(OUT.into());
        }
        digit = base64(digits.next().ok_or("has mappings that break off")?)?;
    }
    Ok(Some(if value & 1 == 1 { -(value >> 1) } else { value >> 1 }))
}

/// What a character of base 64 stands for.
pub(super) fn base64(digit: u8) -> Result<u8, String> {
    match digit {
        b'A'..=b'Z' => Ok(digit - b'A'),
        b'a'..=b'z' => Ok(digit - b'a' + 26),
        b'0'..=b'9' => Ok(digit - b'0' + 52),
        b'+' => Ok(62),
        b'/' => Ok(63),
        _ => Err("has a character that is no digit of base 64".into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn decoded(text: &str, base: Base) -> Result<Vec<[u32; 6]>, String> {
        let mut all = Vec::new();
        decode(text, Base { sources: 2, names: 1, ..base }, &mut all)?;
        Ok(all.iter().map(|m| [m.line, m.column, m.source, m.source_line, m.source_column, m.name]).collect())
    }

    #[test]
    fn adds_differences_up() {
        let all = decoded("AAAAA,IACA;;gBCDAA,E,A", Base::default()).unwrap();
        assert_eq!(all, [[0, 0, 0, 0, 0, 0], [0, 4, 0, 1, 0, NONE], [2, 16, 1, 0, 0, 0], [2, 18, NONE, 0, 0, NONE]]);
        let base = Base { line: 5, column: 3, source: 7, name: 9, ..Base::default() };
        assert_eq!(decoded("CAAAA;CAAA", base).unwrap(), [[5, 4, 7, 0, 0, 9], [6, 1, 7, 0, 0, NONE]]);
        assert_eq!(decoded(&";".repeat(1 << 20), Base::default()).unwrap(), [[0; 6]; 0]);
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |text| decoded(text, Base::default()).unwrap_err();
        assert!(wrong("A!").contains("no digit"));
        assert!(wrong("AA").contains("2 numbers") && wrong("AAAAAA").contains("more than five"));
        assert!(wrong("g").contains("break off"));
        assert!(wrong("gggggggB").contains("out of range"));
        for out in ["D", "AEAA", "AAAAC", "AADA", "+/////D,+/////D,+/////D"] {
            assert_eq!(wrong(out), OUT, "{out}");
        }
    }
}
