//! Another format while a capture is written: the rule as it comes from JavaScript, and `profile` at work in the `sink`. V8's text is collected there, and
//! at its end becomes a profile and that the other format, on the capture's own thread.

use std::cell::Cell;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::crossing::json;
use crate::error::{Error, ErrorKind};
use crate::host::{MemoryLimits, mebibytes};
use crate::profile::{self, Format, Maker, Page, Profile, ValueType};
use crate::sink;
use crate::source_maps::{MapsFrom, Patient};

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

/// What comes before and after the data of a page; made by `lib/page/index.js`.
#[napi(object)]
pub struct PageParts {
    /// Before it.
    pub head: String,
    /// After it.
    pub tail: String,
}

impl PageParts {
    pub(super) fn page(&self) -> Page<'_> {
        Page { head: &self.head, tail: &self.tail }
    }
}

/// What a capture becomes, and what V8's own format does not say; made by `lib/captures/conversion.js`.
#[napi(object)]
pub struct ConversionRule {
    /// The name of a format of `profile`.
    pub format: String,
    /// The page of a flame graph instead.
    pub page: Option<PageParts>,
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
    /// What was read of the same session before V8 began anew, in V8's own format, and is added.
    pub plus: Vec<Uint8Array>,
    /// Folders that have source maps, an empty list for those of the scripts: it is of the sources then.
    pub source_maps: Option<Vec<String>>,
}

impl ConversionRule {
    /// The rule at work.
    pub(super) fn transform(mut self) -> Box<dyn sink::Transform> {
        let wanted = match (self.page.take(), self.format.as_str()) {
            (Some(page), _) => Wanted::Page(page),
            // Whatever compresses the artifact compresses this.
            (None, "pprof") => Wanted::File(Format::Proto),
            (None, name) => Wanted::File(format_named(name)),
        };
        let base = self.base.as_ref().map(|base| base.to_vec());
        let plus = self.plus.iter().map(|text| text.to_vec()).collect();
        let maps = self.source_maps.take().map(MapsFrom::of);
        Box::new(Conversion {
            rule: Facts::of(self),
            wanted,
            base,
            plus,
            maps,
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
        "heapprofile" => Format::HeapProfile,
        _ => Format::Pprof,
    }
}

/// What is made of a profile.
enum Wanted {
    File(Format),
    Page(PageParts),
}

struct Conversion {
    rule: Facts,
    wanted: Wanted,
    base: Option<Vec<u8>>,
    plus: Vec<Vec<u8>>,
    maps: Option<MapsFrom>,
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
        let others = self.base.iter().chain(&self.plus).map(Vec::len).sum::<usize>();
        let bytes = self.text.len() + others;
        // With maps there are two of it for a moment.
        let profiles = if self.maps.is_some() { 2 } else { 1 };
        room.expect((bytes as u64).saturating_mul(BYTES_EACH * profiles))?;
        let mut profile = self.profile()?;
        let check = || {
            if !is_wanted() {
                return Err(ErrorKind::Aborted { reason: "it was given up while it was converted".into() }.into());
            }
            room.look()
        };
        let mut report = None;
        if let Some(maps) = &self.maps {
            let (disk, has_room) = (Patient::new(is_wanted), |bytes| room.expect(bytes).is_ok());
            let (mapped, used) = profile::originals(&profile, maps, &disk, &has_room, &check)?;
            (profile, report) = (mapped, Some(json(&used)?));
            // Who went away while a disk was waited for wants none of it.
            check()?;
        }
        let value = profile.default_type_index();
        *out = match &self.wanted {
            Wanted::File(format) => profile::write(&profile, *format, value, Maker(&self.rule.maker), &check)?,
            Wanted::Page(parts) => profile::flamegraph(&profile, None, value, parts.page(), &check)?,
        };
        Ok(report)
    }
}

impl Conversion {
    fn profile(&mut self) -> crate::Result<Profile> {
        // The texts go before anything is written.
        let mut profile = profile::read(&std::mem::take(&mut self.text))?;
        for text in std::mem::take(&mut self.plus) {
            profile = profile::more(profile, &profile::read(&text)?)?;
        }
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
            page: None,
            value: Some("alloc_space".into()),
            started_at_ms: 1.7e12,
            elapsed_ms: 2000.0,
            period_name: "space".into(),
            period_unit: "bytes".into(),
            period: 1024,
            comments: vec!["Node.js".into()],
            maker: "heapkit".into(),
            base: None,
            plus: Vec::new(),
            source_maps: None,
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
    fn what_was_read_before_v8_began_anew_is_added_and_a_base_taken_off() {
        let mut conversion = Conversion {
            rule: Facts::of(rule("heapprofile")),
            wanted: Wanted::File(Format::HeapProfile),
            base: Some(heap(30)),
            plus: vec![heap(200), heap(40)],
            maps: None,
            began: Instant::now(),
            text: heap(500),
            lasted: None,
        };
        let profile = conversion.profile().unwrap();
        let text = profile::write(&profile, Format::HeapProfile, 0, Maker("heapkit"), &|| Ok(())).unwrap();
        assert!(text.starts_with(br#"{"valueType":"alloc_space","head":"#));
        let again = profile::read(&text).unwrap();
        assert_eq!((again.types(), again.totals()), (&[ValueType::new("alloc_space", "bytes")][..], vec![710]));
    }

    #[test]
    fn a_page_has_its_data_between_what_is_given() {
        let page = Some(PageParts { head: "<p>".into(), tail: "</p>".into() });
        let bytes = converted(ConversionRule { page, ..rule("flamegraph") }.transform(), true).unwrap();
        let data = std::str::from_utf8(&bytes).unwrap().strip_prefix("<p>{").unwrap().strip_suffix("}</p>").unwrap();
        assert!(data.contains(r#""types":[{"name":"alloc_space""#), "{data}");
    }

    #[test]
    fn with_maps_it_is_of_the_sources_and_says_what_became_of_the_maps() {
        let dirs = [std::env::temp_dir().join("heapkit-no-such-folder").to_string_lossy().into_owned()];
        let mut conversion = ConversionRule { source_maps: Some(dirs.to_vec()), ..rule("folded") }.transform();
        let mut out = Vec::new();
        conversion.push(&heap(500), &mut out).unwrap();
        let report = conversion.finish(&mut out, &|| true).unwrap();
        assert_eq!(out, b"f 500\n");
        let expected =
            serde_json::json!({ "scripts": 0, "passedOver": [{ "path": dirs[0], "reason": "is no folder" }] });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&report.unwrap()).unwrap(), expected);
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_written() {
        let error = converted(rule("folded").transform(), false).unwrap_err();
        assert_eq!(error.code(), "HEAPKIT_ERR_ABORTED");
        // Also where there is nothing to be mapped.
        let mut conversion = ConversionRule { source_maps: Some(Vec::new()), ..rule("folded") }.transform();
        let empty = br#"{"head":{"callFrame":{"functionName":"(root)","url":""},"selfSize":0,"children":[]}}"#;
        conversion.push(empty, &mut Vec::new()).unwrap();
        let error = conversion.finish(&mut Vec::new(), &|| false).unwrap_err();
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
