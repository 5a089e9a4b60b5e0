//! The only module that knows napi: converts, calls the core, converts back.
//!
//! A file for each class, or for functions about one thing. They stand on four: `environment` (who calls, the sink, the readers),
//! `crossing` (how answers and errors get to JavaScript), `reading` (what is done on threads of the readers), `copies` (the record of the process).

#![allow(unreachable_pub, reason = "napi exports what is `pub`")]
#![cfg_attr(test, allow(dead_code, reason = "napi registers nothing in tests"))]

mod artifacts;
mod convert;
mod copies;
mod crossing;
mod environment;
mod event_loop;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod fork;
mod heap;
mod process;
mod profile;
mod reading;
mod redact;
mod time;
mod writer;
