//! How answers cross to JavaScript: as JSON, by promises and callbacks; errors as one line of JSON in the reason, which
//! `lib/native.js` turns into a `HeapkitError`.

use napi::bindgen_prelude::{FnArgs, Function, Object, ToNapiValue};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, JsDeferred, Result};
use serde::Serialize;

use crate::error::Error;
use crate::sink::Reply;

/// An answer of the core, as it crosses.
pub(super) fn json(answer: &impl Serialize) -> crate::Result<String> {
    serde_json::to_string(answer).map_err(|error| Error::internal(format!("an answer could not be written: {error}")))
}

/// An error of the core, as it crosses.
pub(super) fn to_napi(error: &Error) -> napi::Error {
    napi::Error::from_reason(error.to_json())
}

/// Is called with an error, as one line of JSON, or with a value.
pub(super) type Callback<'a, J> = Function<'a, FnArgs<(Option<String>, Option<J>)>, ()>;

/// A reply that calls `callback(error, value)`, and unlike a promise does not keep the process alive.
pub(super) fn weak_reply<T, J>(
    callback: &Callback<'_, J>,
    convert: impl FnOnce(T) -> J + Send + 'static,
) -> Result<Reply<T>>
where
    T: Send + 'static,
    J: ToNapiValue + Send + 'static,
{
    let function =
        callback.build_threadsafe_function::<FnArgs<(Option<String>, Option<J>)>>().weak::<true>().build()?;
    Ok(Box::new(move |result: crate::Result<T>| {
        let answer = match result {
            Ok(value) => (None, Some(convert(value))),
            Err(error) => (Some(error.to_json()), None),
        };
        function.call(answer.into(), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// A promise that is not settled yet. One that is never settled would keep the process alive, so dropping this settles it.
struct Pending<D: ToNapiValue + 'static, R: FnOnce(Env) -> Result<D> + Send + 'static>(Option<JsDeferred<D, R>>);

impl<D: ToNapiValue + 'static, R: FnOnce(Env) -> Result<D> + Send + 'static> Drop for Pending<D, R> {
    fn drop(&mut self) {
        if let Some(deferred) = self.0.take() {
            deferred.reject(to_napi(&Error::internal("nobody answered")));
        }
    }
}

/// A promise, and the reply that settles it from any thread. The caller must return the promise to JavaScript: one that fails
/// unseen is an unhandled rejection.
pub(super) fn promise<T, J>(env: &Env, convert: impl FnOnce(T) -> J + Send + 'static) -> Result<(Reply<T>, Object<'_>)>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    promise_with(env, |_, value| convert(value))
}

/// The same where the conversion, on JavaScript's thread, needs its environment.
pub(super) fn promise_with<T, J>(
    env: &Env,
    convert: impl FnOnce(Env, T) -> J + Send + 'static,
) -> Result<(Reply<T>, Object<'_>)>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    let (deferred, object) = env.create_deferred()?;
    let mut pending = Pending(Some(deferred));
    let reply = move |result: crate::Result<T>| {
        let Some(deferred) = pending.0.take() else { return };
        match result {
            Ok(value) => deferred.resolve(move |env| Ok(convert(env, value))),
            Err(error) => deferred.reject(to_napi(&error)),
        }
    };
    Ok((Box::new(reply), object))
}
