//! Another format while a capture is written: the rule as it comes from JavaScript, and `profile` at work in the `sink`. V8's text is collected there, and
//! at its end becomes a profile and that the other format, on the capture's own thread.

use std::cell::Cell;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::error::{Error, ErrorKind};
use crate::host::{MemoryLimits, mebibytes};
use crate::profile::{self, Format, Maker, Profile, ValueType};
use crate::sink;

/// Of a text without compression: V8's profiles have some megabytes.
pub(super) const MOST_BYTES: usize = 256 << 20;
/// What a profile takes in memory while it is read, for each byte of its text.
pub(super) const BYTES_EACH: u64 = 8;

/// What stays free for the service, as of a snapshot.
const RESERVE: u64 = 64 << 20;
/// How often the memory is looked at while a file is written.
const SELDOM: Duration = Duration::from_millis(100);
const ADVICE: &str =
    "V8's own format (leave out `format`) needs none of this, and `heapkit convert` makes others of it elsewhere";

/// What a capture becomes, and what V8's own format does not say; made by `lib/captures/conversion.js`.
#[napi(object)]
pub struct ConversionRule {
    /// The name of a format of `profile`.
    pub format: String,
    /// What the values of V8's heap profiles are.
    pub value: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: f64,
    /// How long that is ago.
    pub elapsed_ms: f64,
    /// What lies between two samples: a name, and what it is counted in.
    pub period_name: String,
    /// See above.
    pub period_unit: String,
    /// So much of it.
    pub period: i64,
    /// What else there is to be said.
    pub comments: Vec<String>,
    /// Who writes it.
    pub maker: String,
    /// What was read earlier of the same session, in V8's own format, and is taken off.
    pub base: Option<Uint8Array>,
}

impl ConversionRule {
    /// The rule at work.
    pub(super) fn transform(self) -> Box<dyn sink::Transform> {
        let format = match self.format.as_str() {
            // Whatever compresses the artifact compresses this.
            "pprof" => Format::Proto,
            name => format_named(name),
        };
        let base = self.base.as_ref().map(|base| base.to_vec());
        Box::new(Conversion {
            rule: Facts::of(self),
            format,
            base,
            began: Instant::now(),
            text: Vec::new(),
            lasted: None,
        })
    }
}

/// The rule without what belongs to JavaScript.
struct Facts {
    value: Option<String>,
    time_nanos: i64,
    elapsed_nanos: i64,
    period: (ValueType, i64),
    comments: Vec<String>,
    maker: String,
}

impl Facts {
    fn of(rule: ConversionRule) -> Self {
        let ConversionRule {
            value, started_at_ms, elapsed_ms, period_name, period_unit, period, comments, maker, ..
        } = rule;
        Self {
            value,
            time_nanos: nanos(started_at_ms),
            elapsed_nanos: nanos(elapsed_ms),
            period: (ValueType::new(&period_name, &period_unit), period),
            comments,
            maker,
        }
    }
}

/// A float has no room for the nanoseconds since 1970.
#[allow(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
fn nanos(milliseconds: f64) -> i64 {
    (milliseconds.trunc() as i64).saturating_mul(1_000_000).saturating_add((milliseconds.fract() * 1e6) as i64)
}

/// The format of a name that `lib/options.js` has let through.
pub(super) fn format_named(name: &str) -> Format {
    match name {
        "folded" => Format::Folded,
        "speedscope" => Format::Speedscope,
        "text" => Format::Text,
        _ => Format::Pprof,
    }
}

struct Conversion {
    rule: Facts,
    format: Format,
    base: Option<Vec<u8>>,
    began: Instant,
    text: Vec<u8>,
    /// From `began` until V8 had stopped.
    lasted: Option<Duration>,
}

impl sink::Transform for Conversion {
    fn push(&mut self, raw: &[u8], _out: &mut Vec<u8>) -> crate::Result<()> {
        self.lasted.get_or_insert_with(|| self.began.elapsed());
        if self.text.len() + raw.len() > MOST_BYTES {
            let reason = format!("has more than {} MiB of text. {ADVICE}", MOST_BYTES >> 20);
            return Err(Error::invalid_profile(reason, None));
        }
        self.text.extend_from_slice(raw);
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>, is_wanted: &dyn Fn() -> bool) -> crate::Result<Option<String>> {
        let room = Room::new();
        let bytes = self.text.len() + self.base.as_ref().map_or(0, Vec::len);
        room.expect((bytes as u64).saturating_mul(BYTES_EACH))?;
        let profile = self.profile()?;
        let check = || {
            if !is_wanted() {
                return Err(ErrorKind::Aborted { reason: "it was given up while it was converted".into() }.into());
            }
            room.look()
        };
        *out = profile::write(&profile, self.format, profile.default_type_index(), Maker(&self.rule.maker), &check)?;
        Ok(None)
    }
}

impl Conversion {
    fn profile(&mut self) -> crate::Result<Profile> {
        // The texts go before anything is written.
        let mut profile = profile::read(&std::mem::take(&mut self.text))?;
        if let Some(base) = self.base.take() {
            profile = profile::less(profile, &profile::read(&base)?)?;
        }
        if let Some(value) = &self.rule.value {
            profile.call(value);
        }
        let lasted = self.lasted.and_then(|lasted| i64::try_from(lasted.as_nanos()).ok()).unwrap_or(0);
        profile.time_nanos = self.rule.time_nanos;
        if profile.duration_nanos == 0 {
            profile.duration_nanos = self.rule.elapsed_nanos.saturating_add(lasted);
        }
        profile.period = Some(self.rule.period.clone());
        profile.comments.splice(..0, std::mem::take(&mut self.rule.comments));
        Ok(profile)
    }
}

/// The memory that a conversion may take.
struct Room {
    limits: MemoryLimits,
    next: Cell<Instant>,
}

impl Room {
    fn new() -> Self {
        Self { limits: MemoryLimits::of_this_process(), next: Cell::new(Instant::now()) }
    }

    /// Whether there is enough for so many bytes more.
    fn expect(&self, bytes: u64) -> crate::Result<()> {
        let Some(room) = self.limits.headroom() else { return Ok(()) };
        if bytes.saturating_add(RESERVE) <= room.available_bytes {
            return Ok(());
        }
        let reason = format!(
            "it needs about {}, and {} are to stay free; {} are available of the {} that {} allows. {ADVICE}",
            mebibytes(bytes),
            mebibytes(RESERVE),
            mebibytes(room.available_bytes),
            mebibytes(room.limit_bytes),
            room.source
        );
        Err(ErrorKind::Memory { purpose: "to convert a profile", reason }.into())
    }

    /// Whether there is any left, if it is time to look.
    fn look(&self) -> crate::Result<()> {
        let now = Instant::now();
        if now < self.next.get() {
            return Ok(());
        }
        self.next.set(now + SELDOM);
        self.expect(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sink::Transform;

    fn rule(format: &str) -> ConversionRule {
        ConversionRule {
            format: format.into(),
            value: Some("alloc_space".into()),
            started_at_ms: 1.7e12,
            elapsed_ms: 2000.0,
            period_name: "space".into(),
            period_unit: "bytes".into(),
            period: 1024,
            comments: vec!["Node.js".into()],
            maker: "heapkit".into(),
            base: None,
        }
    }

    fn heap(bytes: u64) -> Vec<u8> {
        let root = r#""callFrame":{"functionName":"(root)","url":""},"selfSize":0"#;
        format!(r#"{{"head":{{{root},"children":[{{"callFrame":{{"functionName":"f","url":""}},"selfSize":{bytes},"children":[]}}]}}}}"#).into_bytes()
    }

    fn converted(mut conversion: Box<dyn Transform>, is_wanted: bool) -> crate::Result<Vec<u8>> {
        let mut out = Vec::new();
        for piece in heap(500).chunks(10) {
            conversion.push(piece, &mut out)?;
        }
        assert!(out.is_empty());
        assert!(conversion.finish(&mut out, &|| is_wanted)?.is_none());
        Ok(out)
    }

    #[test]
    fn the_text_becomes_a_profile_that_says_what_v8_does_not() {
        let profile = profile::read(&converted(rule("pprof").transform(), true).unwrap()).unwrap();
        assert_eq!((profile.types(), profile.totals()), (&[ValueType::new("alloc_space", "bytes")][..], vec![500]));
        assert_eq!(profile.time_nanos, 1_700_000_000_000_000_000);
        assert!(profile.duration_nanos >= 2_000_000_000);
        assert_eq!(profile.period, Some((ValueType::new("space", "bytes"), 1024)));
        assert_eq!(profile.comments, ["Node.js", "heapkit"]);
        assert_eq!(converted(rule("folded").transform(), true).unwrap(), b"f 500\n");
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_written() {
        let error = converted(rule("folded").transform(), false).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_ABORTED");
    }

    #[test]
    fn more_text_or_memory_than_there_may_be_is_refused_with_what_to_do() {
        let error = rule("pprof").transform().push(&vec![0; MOST_BYTES + 1], &mut Vec::new()).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_INVALID_PROFILE");
        assert!(error.to_string().contains("more than 256 MiB of text. V8's own format"), "{error}");
        let error = Room::new().expect(1 << 60).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_MEMORY");
        assert!(error.to_string().contains("to convert a profile: it needs about 1099511627776 MiB"), "{error}");
    }
}
