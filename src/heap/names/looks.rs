//! What a name looks like that is not a name but data.

use super::addresses::{has_hardware_address, has_ip_address};
use super::tokens::has_token;

/// All that needs no digit is longer, but for e-mail addresses.
const SHORT: usize = 16;

/// A kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Email,
    Uuid,
    /// Six or more digits in a row, nine with the usual separators between, or seven after a `+`: ids, numbers of phones,
    /// cards, accounts.
    Digits,
    /// An address of the internet protocol (version 4 or 6), or of hardware.
    Address,
    /// Long and without words: keys, hashes, sessions, JSON web tokens.
    Token,
}

/// What the name looks like, if not like a name.
pub(crate) fn look(name: &[u8]) -> Option<Look> {
    // Most names are short and have neither a digit nor an `@`: none of what follows looks like that.
    if name.len() < SHORT && !name.iter().any(|byte| byte.is_ascii_digit() || *byte == b'@') {
        None
    } else if is_email(name) {
        Some(Look::Email)
    } else if has_uuid(name) {
        Some(Look::Uuid)
    } else if has_ip_address(name) || has_hardware_address(name) {
        Some(Look::Address)
    } else if has_digits(name) {
        Some(Look::Digits)
    } else if has_token(name) {
        Some(Look::Token)
    } else {
        None
    }
}

/// Whether a name looks like data rather than like a name.
pub(crate) fn looks_like_data(name: &[u8]) -> bool {
    look(name).is_some()
}

fn is_email(name: &[u8]) -> bool {
    memchr::memchr_iter(b'@', name).any(|at| {
        let (before, after) = (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default());
        let domain: Vec<u8> = after.iter().copied().take_while(|byte| is_wordy(*byte) || *byte == b'.').collect();
        let dot = memchr::memchr(b'.', &domain);
        before.last().is_some_and(|byte| is_wordy(*byte) || *byte >= 0x80)
            && dot.is_some_and(|dot| dot > 0 && domain.get(dot + 1).is_some_and(u8::is_ascii_alphabetic))
            // V8's own "Foo @123" has no domain; a package's path has a slash before its version's dot.
            && !before.contains(&b'/')
    })
}

fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+')
}

fn has_uuid(name: &[u8]) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    name.windows(36).any(|window| {
        let mut groups = window.split(|byte| *byte == b'-');
        GROUPS.iter().all(|length| {
            groups.next().is_some_and(|group| group.len() == *length && group.iter().all(u8::is_ascii_hexdigit))
        })
    })
}

fn has_digits(name: &[u8]) -> bool {
    let (mut run, mut spaced, mut is_call) = (0, 0, false);
    for byte in name {
        match byte {
            b'0'..=b'9' => {
                run += 1;
                spaced += 1;
            }
            b'+' if spaced == 0 => (run, is_call) = (0, true),
            b' ' | b'-' | b'.' | b'(' | b')' | b'+' | b'/' => run = 0,
            _ => (run, spaced, is_call) = (0, 0, false),
        }
        if run >= 6 || spaced >= if is_call { 7 } else { 9 } {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_data_from_names() {
        for (name, expected) in [
            ("ada.lovelace@example.com", Look::Email),
            ("user:jürgen@firma.de:cart", Look::Email),
            ("session:0b4f7a1e-62d1-4c1b-9f0a-5f2f6f0e7a11", Look::Uuid),
            ("192.168.10.7", Look::Address),
            ("2001:db8::8a2e:370:7334", Look::Address),
            ("[fe80::1%eth0]:443", Look::Address),
            ("::ffff:10.1.2.3", Look::Address),
            ("client-2001:0db8:85a3:0:0:8a2e:0370:7334", Look::Address),
            ("00:1b:63:84:45:e6", Look::Address),
            ("order-20431187", Look::Digits),
            ("+49 170 123 45 67", Look::Digits),
            ("+1 555-0100", Look::Digits),
            ("4111 1111 1111 1111", Look::Digits),
            ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", Look::Token),
            ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.a", Look::Token),
            ("deadbeefcafe0123beef", Look::Token),
            ("xoxb-17f3-9a2b7c-QmFzZTY0", Look::Token),
            ("AKIAIOSFODNN7EXAMPLE", Look::Token),
            ("key:ASIAIOSFODNNXEXAMPLE", Look::Token),
            ("QmFzZVNpeHR5Rm91ckVuY29kZWQ", Look::Token),
            ("QmZzZVNpeHRRmXckVuYkZWQ", Look::Token),
        ] {
            assert_eq!(look(name.as_bytes()), Some(expected), "{name}");
        }
        for name in [
            "",
            "sessions",
            "MemoryStore",
            "getUint32",
            "HTTP2_HEADER_CONTENT_TYPE",
            "node:internal/modules/cjs/loader",
            "/srv/app/node_modules/@babel/core/lib/index.js",
            "UV_UDP_IPV6ONLY",
            "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "system / FeedbackCell",
            "DH_CHECK_P_NOT_SAFE_PRIME",
            "SSL_OP_NO_TLSv1_2",
            "readBigUInt64LE",
            "TLS_AES_128_GCM_SHA256",
            "v1.2.3",
            "127.0.0",
            "node::crypto::Hash",
            "std::add::be",
            "a:b:c",
            "12:34:56",
            "dns:resolver:setServers",
            "i++",
            "UNABLETOGETISSUERCERTLOCALLY",
            "onDidChangeConfigurationWithEventOptions",
            "addEventListenerForXMLHttpRequestIsOk",
            "kIsHttp2ServerOnTlsSocketOfALPN",
        ] {
            assert_eq!(look(name.as_bytes()), None, "{name}");
        }
    }
}
