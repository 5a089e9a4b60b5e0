//! heapkit's native core: everything that must not run on a service's event loop.
//!
//! The modules, in the direction of their dependencies:
//!
//! ```text
//! binding  ->  { sink, fork -> host, heap -> { host, source_maps }, profile -> source_maps, readers, process, alarms }  ->  error
//! ```
//!
//! * [`sink`] is the background writer: for each capture a bounded queue and a thread, compression, and the discipline of files.
//! * `fork` (Linux) lets a copy-on-write twin of the process do what would stop the process itself.
//! * [`heap`] reads what was captured: who retains what, what leaks, what grew.
//! * [`source_maps`] says where a place in a script that was compiled is from.
//! * [`profile`] reads sampled profiles, writes them in other formats, and adds them up.
//! * [`readers`] are the threads that read.
//! * [`host`] is what the machine allows.
//! * [`process`] is what all threads of a process share.
//! * [`alarms`] is time that nobody tampers with.
//! * [`priority`] is that of its threads.
//! * [`error`] is every way in which the core can fail, each with a stable code.
//! * `binding` (feature `node`) is the only module that knows napi: it converts, calls, and converts back.
//!
//! Core modules do not import one another; what one needs of another is handed in by the binding as plain data or
//! as a function. Without the feature `node` the crate builds and tests as ordinary Rust.

pub mod alarms;
mod descriptors;
pub mod error;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod fork;
pub mod heap;
pub mod host;
pub mod priority;
pub mod process;
pub mod profile;
pub mod readers;
pub mod sink;
pub mod source_maps;

#[cfg(feature = "node")]
mod binding;

pub use error::{Error, ErrorKind, Result};
