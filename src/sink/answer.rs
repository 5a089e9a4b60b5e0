//! Answers that are due: collected under a lock, made without it.

use super::Reply;
use crate::error::{self, Result};

/// Replies with their values, ready to be made.
#[derive(Default)]
#[must_use = "whoever waits is told nothing before they are made"]
pub(super) struct Answers(Vec<Box<dyn FnOnce() + Send>>);

impl Answers {
    pub(super) fn add<T: Send + 'static>(&mut self, reply: Option<Reply<T>>, value: Result<T>) {
        if let Some(reply) = reply {
            self.0.push(Box::new(move || reply(value)));
        }
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// A panic in one is nobody else's failure.
    pub(super) fn make(self) {
        for answer in self.0 {
            let _ = guard(|| {
                answer();
                Ok(())
            });
        }
    }
}

/// Turns a panic into the failure of one capture.
pub(super) fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    error::guard("the writer", work)
}
