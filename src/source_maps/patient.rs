//! A disk that may hang, as a service's captures must reckon with: it is asked on a thread of its own, and nobody waits for that longer than is said here, or than the
//! answer is wanted. A thread that hangs is left behind. There are few such threads, because where some hang no other is begun.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::PassedOver;
use super::disk::{Disk, Found, Plain};

/// One answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon it is noticed that an answer is not wanted any more.
const GLANCE: Duration = Duration::from_millis(20);
/// Where so many threads were left behind, no disk is asked any more until one of them is back.
const MOST_HANGING: usize = 2;
/// Scripts and maps that are read for one capture.
const MOST_BYTES: usize = 1 << 30;

const AND_SO_ON: &str = "it was passed over, and so was what would have been read after it";

/// The threads that were left behind and are not back.
static HANGING: AtomicUsize = AtomicUsize::new(0);

/// What becomes of a thread.
const WORKS: u8 = 0;
const ENDED: u8 = 1;
const LEFT: u8 = 2;

/// A disk, asked for somebody who may go away.
pub struct Patient<'a> {
    is_wanted: &'a dyn Fn() -> bool,
    patience: Duration,
    line: RefCell<Line>,
    left: Cell<usize>,
}

enum Line {
    /// Nothing was asked.
    New(Box<dyn Disk + Send>),
    Open(Clerk),
    /// Nothing is asked any more, and why, if anybody is to know.
    Closed(Option<PassedOver>),
}

enum Question {
    Look(PathBuf),
    Read(PathBuf),
}

enum Answer {
    Look(Option<Found>),
    Read(Result<Option<Vec<u8>>, String>),
}

impl<'a> Patient<'a> {
    /// The disk, as long as `is_wanted`.
    pub fn new(is_wanted: &'a dyn Fn() -> bool) -> Self {
        Self::of(Plain, PATIENCE, is_wanted)
    }

    fn of(disk: impl Disk + Send + 'static, patience: Duration, is_wanted: &'a dyn Fn() -> bool) -> Self {
        Self { is_wanted, patience, line: RefCell::new(Line::New(Box::new(disk))), left: Cell::new(MOST_BYTES) }
    }

    fn ask(&self, path: &Path, question: Question) -> Option<Answer> {
        let mut line = self.line.borrow_mut();
        let answer = match std::mem::replace(&mut *line, Line::Closed(None)) {
            Line::New(disk) => Clerk::begin(disk).map(|clerk| {
                let answer = clerk.ask(question, self.patience, self.is_wanted);
                (clerk, answer)
            }),
            Line::Open(clerk) => {
                let answer = clerk.ask(question, self.patience, self.is_wanted);
                Ok((clerk, answer))
            }
            closed @ Line::Closed(_) => {
                *line = closed;
                return None;
            }
        };
        let reason = match answer {
            Ok((clerk, Ok(answer))) => {
                *line = Line::Open(clerk);
                return Some(answer);
            }
            Ok((_, Err(reason))) => reason,
            Err(reason) => Some(reason),
        };
        *line = Line::Closed(reason.map(|reason| passed_over(path, &reason)));
        None
    }
}

fn passed_over(path: &Path, reason: &str) -> PassedOver {
    PassedOver { path: path.to_string_lossy().into_owned(), reason: format!("{reason}: {AND_SO_ON}") }
}

impl Disk for Patient<'_> {
    fn look(&self, path: &Path) -> Option<Found> {
        match self.ask(path, Question::Look(path.to_owned()))? {
            Answer::Look(found) => found,
            Answer::Read(_) => None,
        }
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        let Some(Answer::Read(read)) = self.ask(path, Question::Read(path.to_owned())) else { return Ok(None) };
        let bytes = read.as_ref().ok().and_then(Option::as_ref).map_or(0, Vec::len);
        let Some(left) = self.left.get().checked_sub(bytes) else {
            let reason = format!("would be more than the {} MiB that are read for one capture", MOST_BYTES >> 20);
            *self.line.borrow_mut() = Line::Closed(Some(passed_over(path, &reason)));
            return Ok(None);
        };
        self.left.set(left);
        read
    }

    fn gave_up(&self) -> Option<PassedOver> {
        match &*self.line.borrow() {
            Line::Closed(why) => why.clone(),
            _ => None,
        }
    }
}

/// The thread that asks the disk.
struct Clerk {
    questions: Sender<Question>,
    answers: Receiver<Answer>,
    fate: Arc<AtomicU8>,
}

impl Clerk {
    /// # Errors
    /// Why there is no thread.
    fn begin(disk: Box<dyn Disk + Send>) -> Result<Self, String> {
        if HANGING.load(Ordering::Relaxed) >= MOST_HANGING {
            return Err("was not read, because earlier readings of maps have not come back".into());
        }
        let (questions, asked) = channel();
        let (answered, answers) = channel();
        let fate = Arc::new(AtomicU8::new(WORKS));
        let end = End(Arc::clone(&fate));
        let thread = std::thread::Builder::new().name("heapkit-maps".into());
        let spawned = thread.spawn(move || {
            let _end = end;
            for question in asked {
                let answer = match question {
                    Question::Look(path) => Answer::Look(disk.look(&path)),
                    Question::Read(path) => Answer::Read(disk.read(&path)),
                };
                if answered.send(answer).is_err() {
                    return;
                }
            }
        });
        spawned.map_err(|error| format!("was not read, because there is no thread for it ({error})"))?;
        Ok(Self { questions, answers, fate })
    }

    /// # Errors
    /// Why it is not asked again; nothing where nobody wants to know.
    fn ask(
        &self,
        question: Question,
        patience: Duration,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Answer, Option<String>> {
        let gone = || Some("was not read, because the thread that reads it has ended".to_owned());
        self.questions.send(question).map_err(|_| gone())?;
        let until = Instant::now() + patience;
        loop {
            match self.answers.recv_timeout(GLANCE) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) if !is_wanted() => {
                    self.leave();
                    return Err(None);
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= until => {
                    self.leave();
                    return Err(Some(format!("has not been read within {} s", patience.as_secs_f32())));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// It is not waited for any more.
    fn leave(&self) {
        HANGING.fetch_add(1, Ordering::Relaxed);
        if self.fate.swap(LEFT, Ordering::AcqRel) == ENDED {
            HANGING.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The end of the thread, however that comes.
struct End(Arc<AtomicU8>);

impl Drop for End {
    fn drop(&mut self) {
        if self.0.swap(ENDED, Ordering::AcqRel) == LEFT {
            HANGING.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Answers each question when it is told to.
    struct Slow(Receiver<()>);

    impl Disk for Slow {
        fn look(&self, _path: &Path) -> Option<Found> {
            self.0.recv().ok().map(|()| Found::Folder)
        }

        fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
            self.look(path);
            Ok(Some(b"text".to_vec()))
        }
    }

    fn until(what: impl Fn() -> bool) {
        while !what() {
            std::thread::yield_now();
        }
    }

    // One test, because what hangs counts for all of the process.
    #[test]
    fn what_hangs_is_left_behind_and_nothing_is_asked_until_it_is_back() {
        let (path, soon, late) = (Path::new("/maps/a.js"), Duration::from_millis(50), Duration::from_secs(3600));
        let (go, gate) = channel();
        let patient = Patient::of(Slow(gate), late, &|| true);
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!(patient.look(path), Some(Found::Folder));
        assert_eq!(patient.read(path), Ok(Some(b"text".to_vec())));
        assert_eq!(patient.gave_up(), None);

        let (hung, gate) = channel();
        let patient = Patient::of(Slow(gate), soon, &|| true);
        assert_eq!(patient.read(path), Ok(None));
        let PassedOver { path: named, reason } = patient.gave_up().unwrap();
        assert_eq!(named, "/maps/a.js");
        assert!(reason.starts_with("has not been read within 0.05 s: it was passed over, and so"), "{reason}");
        // Nothing more is asked.
        assert_eq!((patient.look(Path::new("/b.js")), patient.gave_up().unwrap().path), (None, named));

        let (unwanted, gate) = channel();
        let patient = Patient::of(Slow(gate), late, &|| false);
        assert_eq!((patient.look(path), patient.gave_up()), (None, None));

        assert_eq!(HANGING.load(Ordering::Relaxed), 2);
        let refused = Patient::new(&|| true);
        assert_eq!(refused.look(Path::new("/")), None);
        assert!(refused.gave_up().unwrap().reason.starts_with("was not read, because earlier readings"));

        drop((hung, unwanted));
        until(|| HANGING.load(Ordering::Relaxed) == 0);
        let patient = Patient::new(&|| true);
        assert_eq!(patient.look(Path::new("/")), Some(Found::Folder));
        patient.left.set(3);
        assert_eq!(patient.read(&std::env::current_exe().unwrap()), Ok(None));
        assert!(patient.gave_up().unwrap().reason.starts_with("would be more than the 1024 MiB"));
    }
}
