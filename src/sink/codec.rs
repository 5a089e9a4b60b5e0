//! Compression as the bytes pass: gzip (zlib-rs), zstd, or none, behind one writer.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

/// Which codec, and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Level 0 to 9.
    Gzip(u32),
    /// Level 1 to 19: above that the encoder alone takes hundreds of megabytes.
    Zstd(i32),
    /// The bytes as they are.
    None,
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
