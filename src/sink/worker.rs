//! A thread at a lane: takes one task after another, each behind `catch_unwind`. A panic in a task is the failure of that capture and
//! of no other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::answer::guard;
use super::crew::{Seat, Work};
use super::lane::{Lane, Opening, Task};
use super::pipeline::Pipeline;
use crate::error::{Error, Result};

impl Work for Lane {
    fn place(&self) -> Option<&Path> {
        self.facts.place.as_deref()
    }

    fn patience(&self) -> Duration {
        self.facts.patience
    }

    fn serve(self: Arc<Self>, seat: &Seat) {
        let mut pipeline = self.sit(seat.thread);
        loop {
            if let Some(task) = self.next() {
                // What is worked out at the end takes its time, but no disk does.
                let ended = if matches!(task, Task::Finish) { end(&self, &mut pipeline) } else { Ok(()) };
                seat.step(|| step(&self, task, ended, &mut pipeline));
                continue;
            }
            match self.rise(pipeline) {
                Ok(()) => return,
                Err(back) => pipeline = back,
            }
        }
    }

    fn refuse(&self, error: Error) {
        self.refuse(error);
    }
}

fn end(lane: &Lane, pipeline: &mut Option<Box<Pipeline>>) -> Result<()> {
    guard(|| pipeline.as_mut().map_or(Ok(()), |pipeline| pipeline.end(&|| !lane.is_given_up())))
}

/// Does one task. Answers come last, so that who is answered finds the state that the answer speaks of.
fn step(lane: &Lane, task: Task, ended: Result<()>, pipeline: &mut Option<Box<Pipeline>>) {
    let bytes = task.bytes();
    let answers = match task {
        Task::Open(opening) => {
            let outcome = guard(|| open(*opening)).map(|open| *pipeline = Some(Box::new(open)));
            lane.opened(outcome)
        }
        Task::Chunk(chunk) => {
            let outcome = guard(|| match pipeline {
                Some(pipeline) => pipeline.write(&chunk),
                None => Err(Error::internal("bytes for an output that is not open")),
            });
            lane.done(bytes, outcome)
        }
        Task::Tend(pipe) => {
            let mut outcome = guard(|| pipe.tend());
            if let Err(error) = outcome {
                // Of a capture that is over only its reader can be told.
                outcome = if lane.is_concluded() {
                    pipe.fail(error);
                    Ok(())
                } else {
                    pipe.close();
                    Err(error)
                };
            }
            lane.done(bytes, outcome)
        }
        Task::Finish => {
            let committed = match pipeline.take() {
                Some(pipeline) => ended.and_then(|()| guard(|| pipeline.commit(&|| lane.is_wanted()))),
                None => Err(Error::internal("an output that is not open cannot be completed")),
            };
            let (outcome, withdraw) = match committed {
                Ok((written, withdraw)) => (Ok(written), withdraw),
                Err(error) => (Err(error), None),
            };
            let (answers, is_late) = lane.completed(outcome);
            if let Some(withdraw) = withdraw.filter(|_| is_late) {
                let _ = guard(|| {
                    withdraw();
                    Ok(())
                });
            }
            answers
        }
        Task::Discard => {
            let gone = pipeline.take();
            let _ = guard(|| {
                drop(gone);
                Ok(())
            });
            lane.discarded()
        }
    };
    answers.make();
}

fn open(opening: Opening) -> Result<Pipeline> {
    let Opening { target, transform, codec, counters } = opening;
    Pipeline::open(target, transform, codec, counters)
}
