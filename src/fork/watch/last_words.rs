//! What a child says on its standard error: the end of it is kept.

use std::borrow::Cow;
use std::os::fd::OwnedFd;

/// How much is kept.
const BYTES: usize = 2048;
/// How many of its lines an error quotes.
const LINES: usize = 3;

pub(super) struct LastWords {
    pipe: OwnedFd,
    text: Vec<u8>,
    over: bool,
}

impl LastWords {
    pub(super) fn new(pipe: OwnedFd) -> Self {
        Self { pipe, text: Vec::new(), over: false }
    }

    /// Where more may come from; `None` when nobody can write to it any more.
    pub(super) fn pipe(&self) -> Option<&OwnedFd> {
        (!self.over).then_some(&self.pipe)
    }

    /// Takes what there is; never waits.
    pub(super) fn read(&mut self) {
        let mut buffer = [0; BYTES];
        loop {
            match rustix::io::read(&self.pipe, &mut buffer) {
                Ok(0) => return self.over = true,
                Ok(length) => self.keep(buffer.get(..length).unwrap_or_default()),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => return self.over = true,
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
        let surplus = self.text.len().saturating_sub(BYTES);
        self.text.drain(..surplus);
    }

    /// All that is kept; lines that are no words of it can be taken out.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    pub(super) fn whole(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The last lines, on one.
    pub(super) fn quote(&self) -> String {
        let text = self.whole();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join(" | ")
    }
}
