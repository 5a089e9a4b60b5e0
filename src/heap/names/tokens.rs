//! Keys, hashes and sessions in names: characters of an encoding, and no words.

/// How the ids of Amazon's access keys begin.
const KEY_IDS: [&[u8]; 8] = [b"AKIA", b"ASIA", b"AROA", b"AIDA", b"AGPA", b"ANPA", b"ANVA", b"AIPA"];

/// 16 or more characters of an encoding in a row in which letters and digits, or small and capital ones, alternate as they do
/// in no word, or all hexadecimal.
pub(super) fn has_token(name: &[u8]) -> bool {
    name.len() >= 16
        && name
            .split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'+' | b'/' | b'='))
            .any(|part| part.len() >= 16 && (alternates(part) || is_capital(part) || has_humps(part)))
}

fn alternates(part: &[u8]) -> bool {
    let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let hexadecimal = part.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let turns = pairs(part)
        .filter(|(a, b)| {
            a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && a.is_ascii_digit() != b.is_ascii_digit()
        })
        .count();
    (hexadecimal == part.len() && digits >= 4)
        || (digits >= 3 && turns >= 4)
        || (part.len() >= 32 && digits >= 3 && turns >= 3)
}

/// An id of an access key, or anything else of capital letters with digits among them and no `_` between words.
fn is_capital(part: &[u8]) -> bool {
    let capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    part.iter().all(capital) && (part.iter().any(u8::is_ascii_digit) || KEY_IDS.iter().any(|id| part.starts_with(id)))
}

/// Small letters turn to capital ones more often than two in seven characters.
fn has_humps(part: &[u8]) -> bool {
    let humps = pairs(part).filter(|(a, b)| !a.is_ascii_uppercase() && b.is_ascii_uppercase()).count();
    part.iter().all(u8::is_ascii_alphanumeric) && humps * 7 > part.len() * 2
}

fn pairs(part: &[u8]) -> impl Iterator<Item = (u8, u8)> + '_ {
    part.iter().copied().zip(part.iter().copied().skip(1))
}
