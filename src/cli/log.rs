//! The log: lines on standard error that nothing waits for.
//!
//! Whoever logs puts a line into a queue and goes on; a thread of its own writes. What finds no room
//! there (the pipe is full), or cannot be written (the disk is full, the pipe is closed), is lost and counted, and a line says how many were lost once writing works again. A panic is a
//! line like any other. On standard error of systemd's journal each line says its priority
//! (`sd-daemon(3)`).

mod queue;

use std::{
    fs::File,
    io,
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
    panic::PanicHookInfo,
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, poll};
use tracing::{Level, Metadata};
use tracing_subscriber::{
    filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    config::{self, LogFormat},
    metrics::Metrics,
};
use queue::Queue;

/// How long the end of the program waits for what is queued.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same when it is to end at once.
const HASTE: Duration = Duration::from_millis(100);

/// The log of this process. When it is dropped, what is queued is written, or given up after two
/// seconds: a reader that sleeps keeps no program from its end.
pub(super) struct Log(Lines);

impl Log {
    /// Makes events and panics of this process lines on its standard error, from now on.
    ///
    /// # Errors
    /// Where the system gives no descriptor or no thread.
    ///
    /// # Panics
    /// When called a second time.
    pub(super) fn start(section: &config::Log, metrics: Metrics) -> anyhow::Result<Self> {
        let output = StandardError::open().context("standard error cannot be written to")?;
        let queue = Arc::new(Queue::new(metrics));
        let lines = Lines { is_journal: output.is_journal(), queue: Arc::clone(&queue) };
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || queue.write_to(output))
            .context("the thread of the log cannot be started")?;
        subscriber(section, lines.clone()).init();
        // The standard library's hook writes to standard error, and blocks while the pipe is full.
        std::panic::set_hook(Box::new(panicked));
        Ok(Self(lines))
    }

    /// Puts words into the queue that are no event: why the program ends, whatever the level.
    pub(super) fn complain(&self, words: &str) {
        self.0.push(Level::ERROR, format!("{words}\n").as_bytes(), false);
    }

    /// Waits a moment for what is queued, where the program is to end at once.
    pub(super) fn hurry(&self) {
        self.0.queue.wait(HASTE);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.queue.wait(PATIENCE);
    }
}

fn subscriber(section: &config::Log, lines: Lines) -> Box<dyn tracing::Subscriber + Send + Sync> {
    let filter = Targets::new()
        .with_default(section.level.level)
        .with_targets(section.level.parts.iter().cloned());
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(lines)
        // They would be written to standard error.
        .log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    match section.format {
        LogFormat::Text => Box::new(registry.with(layer)),
        LogFormat::Json => Box::new(registry.with(layer.json())),
    }
}

fn panicked(info: &PanicHookInfo<'_>) {
    use std::backtrace::{Backtrace, BacktraceStatus};
    let backtrace = Backtrace::capture();
    let is_there = backtrace.status() == BacktraceStatus::Captured;
    tracing::error!(
        at = info.location().map(tracing::field::display),
        thread = thread::current().name(),
        panic = info.payload_as_str(),
        backtrace = is_there.then(|| tracing::field::display(&backtrace)),
        "a thread has panicked"
    );
}

/// Where lines go.
#[derive(Clone)]
struct Lines {
    queue: Arc<Queue>,
    is_journal: bool,
}

impl Lines {
    fn push(&self, level: Level, text: &[u8], is_note: bool) {
        let text = if self.is_journal { with_priority(level, text) } else { text.to_owned() };
        self.queue.push(text, is_note);
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event { lines: self, level: Level::INFO, is_note: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Event<'a> {
        let is_note = event.target() == queue::NOTE;
        Event { lines: self, level: *event.level(), is_note }
    }
}

/// An event, which is written in one piece.
struct Event<'a> {
    lines: &'a Lines,
    level: Level,
    is_note: bool,
}

impl io::Write for Event<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.lines.push(self.level, text, self.is_note);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Each line with its priority before it, for the journal takes each for an entry of its own.
fn with_priority(level: Level, text: &[u8]) -> Vec<u8> {
    let priority = match level {
        Level::ERROR => &b"<3>"[..],
        Level::WARN => b"<4>",
        Level::INFO => b"<6>",
        Level::DEBUG | Level::TRACE => b"<7>",
    };
    text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| [priority, line].concat()).collect()
}

/// Standard error without the lock and the silence of the standard library's.
struct StandardError(File);

impl StandardError {
    fn open() -> io::Result<Self> {
        Ok(Self(File::from(io::stderr().as_fd().try_clone_to_owned()?)))
    }

    /// Whether `JOURNAL_STREAM` (systemd.exec(5)) names this very file.
    fn is_journal(&self) -> bool {
        let (Some(named), Ok(file)) = (std::env::var_os("JOURNAL_STREAM"), self.0.metadata())
        else {
            return false;
        };
        named == *format!("{}:{}", file.dev(), file.ino())
    }
}

impl io::Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                // Whoever shares the file has made it so; this thread has time.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None)?;
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
