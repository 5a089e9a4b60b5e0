//! The one record of a process, for all copies of heapkit in it.
//!
//! Two packages may each bring a copy of heapkit along. Each copy has statics of its own, so each exports its record under the same name,
//! and all use that of the copy that was loaded first. The linker lists objects in the order in which they were loaded, and appends new ones
//! at the end: whoever looks, whenever, finds the same one first. No copy is ever unloaded (napi sees to that).
//!
//! This is for Linux. Elsewhere copies share what they have in JavaScript, in each thread (`lib/shared.js`), and nothing over threads.

#![allow(unsafe_code, reason = "a static of another loaded object is found by its name")]

use std::sync::OnceLock;

use crate::process::Shared;

/// This copy's own. The number is that of the record's layout.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "it is the name of a symbol")]
pub static heapkit_process_2: Shared = Shared::new();

static FIRST: OnceLock<&'static Shared> = OnceLock::new();

pub(super) fn shared() -> &'static Shared {
    FIRST.get_or_init(|| first().unwrap_or(&heapkit_process_2))
}

#[cfg(target_os = "linux")]
fn first() -> Option<&'static Shared> {
    loaded_objects().iter().find_map(|path| exported_by(path))
}

#[cfg(not(target_os = "linux"))]
fn first() -> Option<&'static Shared> {
    None
}

/// The paths of all loaded objects, in the order in which they were loaded.
#[cfg(target_os = "linux")]
fn loaded_objects() -> Vec<std::ffi::CString> {
    use std::ffi::{CStr, CString, c_int, c_void};

    unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
        // SAFETY: the linker hands over a valid record, whose name is a string that ends; `found` is the vector below, borrowed for the walk.
        let (name, found) = unsafe { (CStr::from_ptr((*info).dlpi_name), &mut *found.cast::<Vec<CString>>()) };
        if !name.is_empty() {
            found.push(name.to_owned());
        }
        0
    }
    let mut found: Vec<CString> = Vec::new();
    // SAFETY: `visit` has the type that is asked for, and keeps nothing of what it is given.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut found).cast()) };
    found
}

/// The record of a copy of heapkit; none of any other object.
#[cfg(target_os = "linux")]
fn exported_by(path: &std::ffi::CStr) -> Option<&'static Shared> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use libloading::os::unix::{Library, RTLD_LAZY};

    let path = OsStr::from_bytes(path.to_bytes());
    // SAFETY: with RTLD_NOLOAD nothing is loaded, and no initializer runs.
    let object = unsafe { Library::open(Some(path), RTLD_LAZY | libc::RTLD_NOLOAD) }.ok()?;
    // SAFETY: whatever exports this name is a copy of heapkit, and its number stands for the layout of `Shared`.
    let record = *unsafe { object.get::<*const Shared>(b"heapkit_process_2\0") }.ok()?;
    // It stays loaded for as long as it is used from here.
    std::mem::forget(object);
    // SAFETY: a static of an object that stays loaded; all of its fields are atomics.
    unsafe { record.as_ref() }
}
