//! Addresses of machines in names.

use std::net::Ipv6Addr;

/// An address of the internet protocol.
pub(super) fn has_ip_address(name: &[u8]) -> bool {
    has_version_4(name) || has_version_6(name)
}

fn has_version_4(name: &[u8]) -> bool {
    name.split(|byte| !byte.is_ascii_digit() && *byte != b'.').any(|part| {
        let mut numbers = part.split(|byte| *byte == b'.');
        part.len() >= 7
            && (0..4).all(|_| numbers.next().is_some_and(|number| (1..=3).contains(&number.len())))
            && numbers.next().is_none()
    })
}

/// With a digit, because `add::be` is a name of C++.
fn has_version_6(name: &[u8]) -> bool {
    memchr::memchr(b':', name).is_some()
        && name.split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b':' | b'.')).any(|part| {
            part.iter().any(u8::is_ascii_digit)
                && part.iter().filter(|byte| **byte == b':').count() >= 2
                && std::str::from_utf8(part).is_ok_and(|part| part.parse::<Ipv6Addr>().is_ok())
        })
}

/// Six pairs of hexadecimal digits: what network cards have.
pub(super) fn has_hardware_address(name: &[u8]) -> bool {
    name.split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b':' | b'-')).any(|part| {
        [b':', b'-'].into_iter().any(|separator| {
            let mut pairs = part.split(|byte| *byte == separator);
            part.len() == 17
                && (0..6)
                    .all(|_| pairs.next().is_some_and(|pair| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit)))
                && pairs.next().is_none()
        })
    })
}
