//! The queue of lines and the thread that writes them.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::metrics::Metrics;

/// The bytes of lines that wait, the one that is being written among them.
pub(super) const ROOM: usize = 1 << 20;

/// The target of the one event of this module, which tells of lost lines.
pub(super) const NOTE: &str = module_path!();

/// Lines on their way to where they are written.
pub(super) struct Queue {
    state: Mutex<State>,
    /// A line came.
    filled: Condvar,
    /// The last line was written.
    emptied: Condvar,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Lost lines that no note has told of.
    untold: u64,
    /// How many of them the note tells of that is on its way.
    telling: u64,
}

struct Line {
    text: Vec<u8>,
    /// It tells of lost lines, and is said anew when it is lost itself.
    is_note: bool,
}

impl Queue {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new(), metrics }
    }

    /// Takes a line without waiting for anything; without room for it, it is lost and counted.
    pub(super) fn push(&self, text: Vec<u8>, is_note: bool) {
        let mut state = self.lock();
        let bytes = state.bytes.saturating_add(text.len());
        if bytes > ROOM {
            if !is_note {
                self.lose(&mut state);
            }
            return;
        }
        state.bytes = bytes;
        state.lines.push_back(Line { text, is_note });
        self.filled.notify_one();
    }

    /// Returns when every line is written or lost, at the latest after `limit`.
    pub(super) fn wait(&self, limit: Duration) {
        let waited = self.emptied.wait_timeout_while(self.lock(), limit, |state| state.bytes > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes lines for ever. One that cannot be written is lost, and the next one is tried.
    pub(super) fn write_to(&self, output: impl Write) {
        let mut output = Output { output, is_torn: false };
        loop {
            let line = self.next();
            let is_written = output.write(&line.text);
            self.settle(&line, is_written);
        }
    }

    fn next(&self) -> Line {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                return line;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn settle(&self, line: &Line, is_written: bool) {
        if let Some(lines) = self.to_tell(line, is_written) {
            tracing::warn!(
                lines,
                "lines of the log were lost before this one: nobody read them, or they could not \
                 be written"
            );
        }
        // Last, so that who waits for the end waits for the note too.
        let mut state = self.lock();
        state.bytes -= line.text.len();
        if state.bytes == 0 {
            self.emptied.notify_all();
        }
    }

    /// How many lost lines a note is to tell of: once what had room is written.
    fn to_tell(&self, line: &Line, is_written: bool) -> Option<u64> {
        let mut state = self.lock();
        match (line.is_note, is_written) {
            (true, true) => state.untold -= state.telling,
            (false, false) => self.lose(&mut state),
            (true, false) | (false, true) => {}
        }
        let is_time = is_written && state.lines.is_empty() && state.untold > 0;
        is_time.then(|| {
            state.telling = state.untold;
            state.telling
        })
    }

    fn lose(&self, state: &mut State) {
        state.untold += 1;
        self.metrics.log_line_lost();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Output<W> {
    output: W,
    /// The last line was written in part.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    /// Whether all of `line` was written.
    fn write(&mut self, line: &[u8]) -> bool {
        if self.is_torn && self.write_some(b"\n") == 0 {
            return false;
        }
        let written = self.write_some(line);
        self.is_torn = written > 0 && written < line.len();
        written == line.len()
    }

    /// How many of the bytes were written before an error.
    fn write_some(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.output.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        written
    }
}
