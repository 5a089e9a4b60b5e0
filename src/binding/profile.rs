//! Profiles that are read: the class `ProfileFile`, and a reading that opens one. All work is done on threads of the readers.

use napi::bindgen_prelude::{Buffer, Object, ObjectFinalize};
use napi::{Env, Result};
use napi_derive::napi;
use regex_lite::Regex;
use serde::Serialize;

use super::convert::{BYTES_EACH, MOST_BYTES, PageParts, format_named};
use super::crossing::{json, promise, promise_with, to_napi};
use super::heap::HeapReading;
use super::reading::{Held, Kept};
use crate::error::{Error, ErrorKind};
use crate::heap::{Progress, Source};
use crate::profile::{self, By, DiffOptions, Maker, Profile, TableOptions};
use crate::source_maps::{MapsFrom, MapsUsed, Plain};

/// What people ask first; small, whatever the profile has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About<'a> {
    types: Vec<Total<'a>>,
    default_type: &'a str,
    samples: usize,
    time_nanos: i64,
    duration_nanos: i64,
    comments: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    source_maps: Option<MapsUsed>,
}

#[derive(Serialize)]
struct Total<'a> {
    name: &'a str,
    unit: &'a str,
    total: i64,
}

/// A profile in memory.
#[napi(custom_finalize)]
pub struct ProfileFile {
    profile: Kept<Profile>,
    about: String,
}

impl ObjectFinalize for ProfileFile {
    fn finalize(mut self, env: Env) -> Result<()> {
        self.close(env);
        Ok(())
    }
}

#[napi]
impl HeapReading {
    /// Reads a profile, `-` for standard input; with folders that have source maps, an empty list for those of the scripts.
    #[napi(catch_unwind, ts_return_type = "Promise<ProfileFile>")]
    pub fn open_profile<'env>(
        &mut self,
        env: &'env Env,
        path: String,
        source_maps: Option<Vec<String>>,
    ) -> Result<Object<'env>> {
        let (reply, object) = promise_with(env, |env, (profile, about): (Held<Profile>, String)| {
            let bytes = profile.get().map_or(0, Profile::bytes);
            ProfileFile { profile: Kept::new(profile, bytes, env), about }
        })?;
        let source = Source::of(&path);
        let (sources, maps) = (vec![source.clone()], source_maps.map(MapsFrom::of));
        let task = move |progress: &Progress| {
            open(&source, maps.as_ref(), progress).map_err(|error| error.about(source.name()))
        };
        self.begin(sources, task, reply);
        Ok(object)
    }
}

/// The profile, and what there is to be said about it, as JSON.
fn open(source: &Source, maps: Option<&MapsFrom>, progress: &Progress) -> crate::Result<(Held<Profile>, String)> {
    maps.map_or(Ok(()), MapsFrom::check)?;
    let mut text = Vec::new();
    source
        .each_chunk(progress.start(source.bytes()), &mut |chunk| {
            if progress.is_cancelled() {
                return Err(ErrorKind::Aborted { reason: "the reading was given up".into() }.into());
            }
            if text.len() + chunk.len() > MOST_BYTES {
                return Err(Error::invalid_profile(format!("has more than {} MiB of text", MOST_BYTES >> 20), None));
            }
            text.extend_from_slice(chunk);
            Ok(())
        })
        .map_err(of_profile)?;
    progress.expect((text.len() as u64).saturating_mul(BYTES_EACH), "a profile")?;
    let mut profile = profile::read(&text)?;
    drop(text);
    let mut maps_used = None;
    if let Some(maps) = maps {
        let has_room = |bytes| progress.expect(bytes, "source maps").is_ok();
        let (mapped, used) = profile::originals(&profile, maps, &Plain, &has_room, &|| progress.check())?;
        (profile, maps_used) = (mapped, Some(used));
    }
    let types = profile.types();
    let default_type = types.get(profile.default_type_index()).map_or("", |one| &one.name);
    let totals =
        types.iter().zip(profile.totals()).map(|(one, total)| Total { name: &one.name, unit: &one.unit, total });
    let about = json(&About {
        types: totals.collect(),
        default_type,
        samples: profile.sample_count(),
        time_nanos: profile.time_nanos,
        duration_nanos: profile.duration_nanos,
        comments: &profile.comments,
        source_maps: maps_used,
    })?;
    Ok((Held::new(profile), about))
}

/// The source speaks of snapshots when a file's compression is damaged.
fn of_profile(error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidSnapshot { reason, offset, .. } => {
            Error::invalid_profile(format!("breaks off: {reason}"), Some(*offset))
        }
        _ => error,
    }
}

/// What is added up; validated by `lib/options.js`.
#[napi(object)]
pub struct ProfileQuestion {
    /// `function`, `file` or `package`.
    pub by: String,
    /// The place of a type.
    pub value: u32,
    /// A regular expression of functions and files: only samples with one of them.
    pub focus: Option<String>,
    /// Without samples that have one of these.
    pub ignore: Option<String>,
    /// Rows at most.
    pub top: u32,
}

#[napi]
impl ProfileFile {
    /// What it has, as JSON.
    #[napi(getter)]
    pub fn about(&self) -> String {
        self.about.clone()
    }

    /// Gives its memory back, as soon as nothing is asked any more.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: Env) {
        self.profile.close(env);
    }

    /// Adds up.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn table<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        question: ProfileQuestion,
    ) -> Result<Object<'env>> {
        let ProfileQuestion { by, value, focus, ignore, top } = question;
        let options = TableOptions {
            by: rows(&by),
            value: value as usize,
            focus: pattern("focus", focus)?,
            ignore: pattern("ignore", ignore)?,
            top: top as usize,
        };
        let profile = self.profile.hold().map_err(|error| to_napi(&error))?;
        let (reply, object) = promise(env, |answer: String| answer)?;
        let task = move |progress: &Progress| json(&profile::table(profile.get()?, &options, &|| progress.check())?);
        reading.begin(Vec::new(), task, reply);
        Ok(object)
    }

    /// What grew since an earlier profile.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn diff<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        base: &ProfileFile,
        by: String,
        value: u32,
        top: u32,
    ) -> Result<Object<'env>> {
        let options = DiffOptions { by: rows(&by), value: value as usize, top: top as usize };
        let [profile, base] = [self, base].map(|file| file.profile.hold().map_err(|error| to_napi(&error)));
        let (profile, base) = (profile?, base?);
        let (reply, object) = promise(env, |answer: String| answer)?;
        let task = move |progress: &Progress| {
            json(&profile::diff(profile.get()?, base.get()?, &options, &|| progress.check())?)
        };
        reading.begin(Vec::new(), task, reply);
        Ok(object)
    }

    /// The bytes of the page of a flame graph: the data is between its parts.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn flamegraph<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        base: Option<&ProfileFile>,
        value: u32,
        page: PageParts,
    ) -> Result<Object<'env>> {
        let profile = self.profile.hold().map_err(|error| to_napi(&error))?;
        let base = base.map(|base| base.profile.hold()).transpose().map_err(|error| to_napi(&error))?;
        let (reply, object) = promise_with(env, |_, bytes: Vec<u8>| Buffer::from(bytes))?;
        let task = move |progress: &Progress| {
            let base = base.as_ref().map(Held::get).transpose()?;
            profile::flamegraph(profile.get()?, base, value as usize, page.page(), &|| progress.check())
        };
        reading.begin(Vec::new(), task, reply);
        Ok(object)
    }

    /// The bytes of a file in another format.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn write<'env>(
        &self,
        env: &'env Env,
        reading: &mut HeapReading,
        format: String,
        value: u32,
        maker: String,
    ) -> Result<Object<'env>> {
        let format = format_named(&format);
        let profile = self.profile.hold().map_err(|error| to_napi(&error))?;
        let (reply, object) = promise_with(env, |_, bytes: Vec<u8>| Buffer::from(bytes))?;
        let task = move |progress: &Progress| {
            profile::write(profile.get()?, format, value as usize, Maker(&maker), &|| progress.check())
        };
        reading.begin(Vec::new(), task, reply);
        Ok(object)
    }
}

fn rows(by: &str) -> By {
    match by {
        "file" => By::File,
        "package" => By::Package,
        "thread" => By::Thread,
        _ => By::Function,
    }
}

fn pattern(option: &'static str, text: Option<String>) -> Result<Option<Regex>> {
    let compiled = text.map(|text| Regex::new(&text)).transpose();
    compiled.map_err(|error| {
        to_napi(
            &ErrorKind::InvalidOption { option, reason: format!("is no regular expression that can be used: {error}") }
                .into(),
        )
    })
}
