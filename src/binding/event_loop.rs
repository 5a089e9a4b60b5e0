//! Changes the timers of V8's inspector.
//!
//! While V8's heap profiler tracks allocations it has a repeating timer, which Node makes with libuv. The timer keeps the event
//! loop alive and is due every 50 ms, and each time the whole heap is collected and walked. heapkit keeps no process alive and stops
//! no service: lib/captures/timeline.js unreferences the timer and makes it due less often, and lib/captures/object-ids.js stops it,
//! because nobody reads its figures there. Both find it as the repeating timer that is new in this thread's loop after a call of
//! the inspector.

#![allow(unsafe_code, reason = "the loop's handles are reached through libuv only, which is C")]

use std::collections::HashSet;
use std::ffi::{c_int, c_void};
use std::time::Duration;

use libloading::Library;
use napi::{Env, Result};
use napi_derive::napi;

/// libuv's `uv_handle_t`, only ever held by pointer.
#[repr(C)]
struct Handle {
    _opaque: [u8; 0],
}

type Visit = unsafe extern "C" fn(*mut Handle, *mut c_void);
type Walk = unsafe extern "C" fn(*mut c_void, Visit, *mut c_void);
type GetType = unsafe extern "C" fn(*const Handle) -> c_int;
type GetRepeat = unsafe extern "C" fn(*const Handle) -> u64;
type SetRepeat = unsafe extern "C" fn(*mut Handle, u64);
type Unref = unsafe extern "C" fn(*mut Handle);
type TimerAgain = unsafe extern "C" fn(*mut Handle) -> c_int;
type TimerStop = unsafe extern "C" fn(*mut Handle) -> c_int;
type Now = unsafe extern "C" fn(*const c_void) -> u64;
type HighResolutionTime = unsafe extern "C" fn() -> u64;

/// `UV_TIMER` of libuv's `uv_handle_type`, part of its stable ABI.
const UV_TIMER: c_int = 13;

/// The loop's handles at one moment.
#[napi]
pub struct LoopTimers {
    before: HashSet<usize>,
    /// Those that came since, and were found.
    found: HashSet<usize>,
}

#[napi]
impl LoopTimers {
    /// Notes which handles the loop has.
    #[napi(constructor)]
    pub fn new(env: Env) -> Result<Self> {
        Ok(Self { before: handles(env)?.into_iter().map(|handle| handle.addr()).collect(), found: HashSet::new() })
    }

    /// Takes from the repeating timers that came since the right to keep the loop alive, and makes them due in so many milliseconds, and as
    /// often from then on. Answers how many there were.
    #[napi(catch_unwind)]
    pub fn pace_new(&mut self, env: Env, every_ms: u32) -> Result<u32> {
        let mut found = HashSet::new();
        let count = Self::pace(env, every_ms, |address| !self.before.contains(&address), &mut found)?;
        self.found = found;
        Ok(count)
    }

    /// The same for those that were found before: for a V8 that keeps its timer.
    #[napi(catch_unwind)]
    pub fn pace_again(&self, env: Env, every_ms: u32) -> Result<u32> {
        Self::pace(env, every_ms, |address| self.found.contains(&address), &mut HashSet::new())
    }

    /// Stops the repeating timers that came since, for good. Answers how many there were.
    #[napi(catch_unwind)]
    pub fn stop_new(&self, env: Env) -> Result<u32> {
        let Some(stop) = symbol::<TimerStop>(b"uv_timer_stop\0") else { return Ok(0) };
        for_each(
            env,
            |address| !self.before.contains(&address),
            |timer| {
                // SAFETY: `timer` is a timer and alive (for_each); stopping it leaves its owner free to close it. It cannot fail.
                unsafe { stop(timer) };
            },
        )
    }

    /// How many milliseconds this turn of the loop has lasted.
    #[napi(catch_unwind)]
    pub fn turn_ms(env: Env) -> Result<f64> {
        let Some(now) = symbol::<Now>(b"uv_now\0") else { return Ok(0.0) };
        let Some(high_resolution_time) = symbol::<HighResolutionTime>(b"uv_hrtime\0") else { return Ok(0.0) };
        let event_loop = env.get_uv_event_loop()?;
        // SAFETY: the loop is this environment's own, and napi calls come on its thread; uv_now only reads it.
        let (began, nanoseconds) = unsafe { (now(event_loop.cast()), high_resolution_time()) };
        Ok(Duration::from_nanos(nanoseconds).saturating_sub(Duration::from_millis(began)).as_secs_f64() * 1000.0)
    }
}

impl LoopTimers {
    fn pace(env: Env, every_ms: u32, is_meant: impl Fn(usize) -> bool, found: &mut HashSet<usize>) -> Result<u32> {
        let Some(unref) = symbol::<Unref>(b"uv_unref\0") else { return Ok(0) };
        let Some(set_repeat) = symbol::<SetRepeat>(b"uv_timer_set_repeat\0") else { return Ok(0) };
        let Some(again) = symbol::<TimerAgain>(b"uv_timer_again\0") else { return Ok(0) };
        for_each(env, is_meant, |timer| {
            found.insert(timer.addr());
            // SAFETY: `timer` is a timer that was started, and alive (for_each). uv_unref may be called for any handle, any number of times.
            unsafe {
                set_repeat(timer, u64::from(every_ms));
                again(timer);
                unref(timer);
            }
        })
    }
}

/// Changes the repeating timers whose addresses are meant, and answers how many there were.
fn for_each(env: Env, is_meant: impl Fn(usize) -> bool, mut change: impl FnMut(*mut Handle)) -> Result<u32> {
    let Some(get_type) = symbol::<GetType>(b"uv_handle_get_type\0") else { return Ok(0) };
    let Some(get_repeat) = symbol::<GetRepeat>(b"uv_timer_get_repeat\0") else { return Ok(0) };
    let mut count = 0;
    for handle in handles(env)? {
        if !is_meant(handle.addr()) {
            continue;
        }
        // SAFETY: `handle` was given by uv_walk in this call, on the loop's own thread: it is alive. Its repeat is asked
        // for only when it is a timer.
        if unsafe { get_type(handle) == UV_TIMER && get_repeat(handle) > 0 } {
            change(handle);
            count += 1;
        }
    }
    Ok(count)
}

/// The handles of this environment's loop; none where libuv's functions cannot be found.
fn handles(env: Env) -> Result<Vec<*mut Handle>> {
    unsafe extern "C" fn visit(handle: *mut Handle, found: *mut c_void) {
        // SAFETY: `found` is the vector below, borrowed for the walk and by nobody else.
        unsafe { (*found.cast::<Vec<*mut Handle>>()).push(handle) };
    }
    let mut found: Vec<*mut Handle> = Vec::new();
    if let Some(walk) = symbol::<Walk>(b"uv_walk\0") {
        let event_loop = env.get_uv_event_loop()?;
        // SAFETY: the loop is this environment's own, and napi calls come on its thread; `visit` changes no handle.
        unsafe { walk(event_loop.cast(), visit, (&raw mut found).cast()) };
    }
    Ok(found)
}

/// A function that the host process exports.
fn symbol<T: Copy>(name: &[u8]) -> Option<T> {
    #[cfg(unix)]
    let host: Library = libloading::os::unix::Library::this().into();
    #[cfg(windows)]
    let host: Library = libloading::os::windows::Library::this().ok()?.into();
    // SAFETY: the types above are those of libuv's uv.h, whose ABI is stable over all of libuv 1.
    let symbol = unsafe { host.get::<T>(name) }.ok()?;
    // The function outlives `host`: the host process is not unloaded.
    Some(*symbol)
}
