//! Compression as the bytes pass: gzip (zlib-rs), zstd, or none, behind one writer.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use crate::error::{Error, ErrorKind, Result};

/// What a file is packed with. This is the one table of codecs: their names, extensions and levels are nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, `.gz`
    Gzip,
    /// Zstandard, `.zst`
    Zstd,
    /// The bytes as they are.
    None,
}

/// How hard a codec can try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// The least.
    pub min: i32,
    /// The most.
    pub max: i32,
    /// Where nobody says.
    pub usual: i32,
}

impl Packing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Zstd, Self::None];

    /// The public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }

    /// What it adds to a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::None => "",
        }
    }

    /// `None` where there is nothing to choose. On heap snapshots (bench/sink.js) gzip 4 keeps up with V8's serializer, and the levels
    /// above it save 2 % more; zstd 1 is smaller than 3 there, and faster. Above 19 zstd's encoder alone takes hundreds of megabytes.
    pub fn levels(self) -> Option<Levels> {
        match self {
            Self::Gzip => Some(Levels { min: 0, max: 9, usual: 4 }),
            Self::Zstd => Some(Levels { min: 1, max: 19, usual: 1 }),
            Self::None => None,
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.as_str() == name)
    }

    /// Takes its extension off a file's name.
    pub fn split(file_name: &str) -> (&str, Self) {
        let packed = |packing: Self| Some((file_name.strip_suffix(packing.extension())?, packing));
        [Self::Gzip, Self::Zstd].into_iter().find_map(packed).unwrap_or((file_name, Self::None))
    }
}

/// Which codec, and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// With its level.
    Gzip(u32),
    /// With its level.
    Zstd(i32),
    /// The bytes as they are.
    None,
}

impl Codec {
    /// The codec of this name and level. A name or level that does not exist is refused, never taken for another.
    pub fn named(name: &str, level: i32) -> Result<Self> {
        let wrong = |option, reason| Error::from(ErrorKind::InvalidOption { option, reason });
        let Some(packing) = Packing::named(name) else {
            let names = Packing::ALL.map(|packing| format!("'{}'", packing.as_str())).join(" or ");
            return Err(wrong("compression", format!("must be {names}; got '{name}'")));
        };
        if let Some(Levels { min, max, .. }) =
            packing.levels().filter(|levels| level < levels.min || level > levels.max)
        {
            return Err(wrong(
                "level",
                format!("must be an integer from {min} to {max} with compression '{name}'; got {level}"),
            ));
        }
        Ok(match packing {
            Packing::Gzip => Self::Gzip(level.unsigned_abs()),
            Packing::Zstd => Self::Zstd(level),
            Packing::None => Self::None,
        })
    }
}

/// An encoder that owns the writer behind it and gives it back when the stream is ended.
pub(super) enum Encoder<W: Write> {
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    None(W),
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(codec: Codec, out: W) -> io::Result<Self> {
        Ok(match codec {
            Codec::Gzip(level) => Self::Gzip(GzEncoder::new(out, Compression::new(level.min(9)))),
            Codec::Zstd(level) => Self::Zstd(zstd::stream::write::Encoder::new(out, level.clamp(1, 19))?),
            Codec::None => Self::None(out),
        })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zstd(encoder) => encoder.write_all(bytes),
            Self::None(out) => out.write_all(bytes),
        }
    }

    /// Writes the codec's trailer and gives the writer back.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
            Self::None(out) => Ok(out),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read;

    use super::*;
    use proptest::prelude::*;

    fn encode(codec: Codec, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut encoder = Encoder::new(codec, Vec::new()).unwrap();
        for piece in pieces {
            encoder.write_all(piece).unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn an_unknown_name_or_level_is_refused_and_not_taken_for_another() {
        for (name, level, option) in [
            ("lz4", 0, "compression"),
            ("", 0, "compression"),
            ("gzip", 10, "level"),
            ("gzip", -1, "level"),
            ("zstd", 0, "level"),
        ] {
            let error = Codec::named(name, level).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::InvalidOption { option: named, .. } if *named == option),
                "{error}"
            );
        }
        for packing in Packing::ALL {
            let usual = packing.levels().map_or(0, |levels| levels.usual);
            assert!(Codec::named(packing.as_str(), usual).is_ok());
            assert_eq!(Packing::split(&format!("a{}", packing.extension())), ("a", packing));
        }
    }

    proptest! {
        #[test]
        fn any_chunking_comes_back(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..500), 0..20)) {
            let whole = pieces.concat();
            for level in [0, 1, 3, 6, 9] {
                let mut text = Vec::new();
                flate2::read::GzDecoder::new(&encode(Codec::Gzip(level), &pieces)[..]).read_to_end(&mut text).unwrap();
                prop_assert_eq!(&text, &whole);
            }
            prop_assert_eq!(&zstd::decode_all(&encode(Codec::Zstd(3), &pieces)[..]).unwrap(), &whole);
            prop_assert_eq!(&encode(Codec::None, &pieces), &whole);
        }
    }
}
