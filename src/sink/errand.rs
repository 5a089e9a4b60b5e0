//! A question about a directory, answered on a thread of the sink like everything that touches a disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Reply;
use super::answer::{Answers, guard};
use super::crew::{Seat, Work};
use crate::error::{Error, ErrorKind, Result};

/// How much longer a question waits that no thread has asked yet: the crew refuses it before, and knows why.
const UNASKED: Duration = Duration::from_secs(1);

/// The question and who asked it, until it is answered.
pub(super) struct Errand<T> {
    place: PathBuf,
    patience: Duration,
    since: Instant,
    question: Mutex<Option<Question<T>>>,
    reply: Mutex<Option<Reply<T>>>,
}

type Question<T> = Box<dyn FnOnce() -> Result<T> + Send>;

impl<T: Send + 'static> Errand<T> {
    pub(super) fn new(place: PathBuf, patience: Duration, question: Question<T>, reply: Reply<T>) -> Arc<Self> {
        let (question, reply) = (Mutex::new(Some(question)), Mutex::new(Some(reply)));
        Arc::new(Self { place, patience, since: Instant::now(), question, reply })
    }

    fn answer(&self, value: Result<T>) {
        let mut answers = Answers::default();
        answers.add(self.reply.lock().take(), value);
        answers.make();
    }

    /// Answers for a disk that does not; tells when it will.
    pub(super) fn look(&self, now: Instant) -> Option<Instant> {
        if self.is_answered() {
            return None;
        }
        let is_asked = self.question.lock().is_none();
        let due = self.since + self.patience + if is_asked { Duration::ZERO } else { UNASKED };
        if now < due {
            return Some(due);
        }
        let waited = now.duration_since(self.since);
        self.answer(Err(ErrorKind::Hangs { path: self.place.clone(), waited, earlier: false }.into()));
        None
    }

    pub(super) fn is_answered(&self) -> bool {
        self.reply.lock().is_none()
    }
}

impl<T: Send + 'static> Work for Errand<T> {
    fn place(&self) -> Option<&Path> {
        Some(&self.place)
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn serve(self: Arc<Self>, seat: &Seat) {
        // Who was told that it takes too long needs no answer any more.
        let question = self.question.lock().take().filter(|_| !self.is_answered());
        if let Some(question) = question {
            let value = seat.step(|| guard(question));
            self.answer(value);
        }
    }

    fn refuse(&self, error: Error) {
        self.answer(Err(error));
    }
}
