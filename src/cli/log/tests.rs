use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
    sync::{Mutex, mpsc},
};

use super::*;

/// Writes what `answer` says of the bytes at hand, and shows what was written.
struct Paper<F> {
    answer: F,
    written: Arc<Mutex<String>>,
}

impl<F: FnMut(&str) -> io::Result<usize>> io::Write for Paper<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).unwrap();
        let len = (self.answer)(text)?;
        self.written.lock().unwrap().push_str(&text[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Rig {
    queue: Arc<Queue>,
    metrics: Metrics,
    written: Arc<Mutex<String>>,
}

impl Rig {
    fn new() -> Self {
        let metrics = Metrics::new();
        Self { queue: Arc::new(Queue::new(metrics.clone())), metrics, written: Arc::default() }
    }

    /// Lets a thread write the queue to a paper that takes what `answer` says.
    fn write(&self, answer: impl FnMut(&str) -> io::Result<usize> + Send + 'static) {
        let paper = Paper { answer, written: Arc::clone(&self.written) };
        let queue = Arc::clone(&self.queue);
        let lines = Lines { is_journal: false, queue: Arc::clone(&queue) };
        let section = config::Log { format: LogFormat::Json, ..config::Log::default() };
        thread::spawn(move || {
            tracing::subscriber::with_default(subscriber(&section, lines), || {
                queue.write_to(paper);
            });
        });
    }

    fn push(&self, text: &str) {
        self.queue.push(text.as_bytes().to_owned(), false);
    }

    /// What was written, once all is.
    fn written(&self) -> String {
        self.queue.wait(Duration::from_mins(1));
        std::mem::take(&mut *self.written.lock().unwrap())
    }

    fn lost(&self, count: usize) {
        let metrics = self.metrics.render();
        let line = format!("skrynka_log_lines_lost_total {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}

/// The number that the one note in the text tells, behind what was written before it.
fn note(text: &str) -> (&str, u64) {
    let start = text.find('{').expect("there is a note");
    let (before, note) = text.split_at(start);
    let note: serde_json::Value =
        serde_json::from_str(note).expect("there is one note, at the end");
    assert_eq!(note["level"], "WARN");
    (before, note["fields"]["lines"].as_u64().unwrap())
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

#[test]
fn what_finds_no_room_is_counted_and_told_behind_what_had_room() {
    let rig = Rig::new();
    let line = format!("{}\n", "x".repeat(queue::ROOM / 4 - 1));
    for _ in 0..6 {
        rig.push(&line);
    }
    rig.lost(2);
    rig.write(|text| Ok(text.len()));
    assert_eq!(note(&rig.written()), (&*line.repeat(4), 2));
    rig.push("a\n");
    assert_eq!(rig.written(), "a\n");
    rig.lost(2);
}

#[test]
fn what_cannot_be_written_is_counted_and_told_when_writing_works_again() {
    let rig = Rig::new();
    rig.write(|text| if text.starts_with("bad") { Err(full()) } else { Ok(text.len()) });
    for _ in 0..3 {
        rig.push("bad\n");
    }
    assert_eq!(rig.written(), "");
    rig.lost(3);
    rig.push("good\n");
    assert_eq!(note(&rig.written()), ("good\n", 3));
    rig.push("bad\n");
    rig.push("good\n");
    assert_eq!(note(&rig.written()), ("good\n", 1));
    rig.lost(4);
}

#[test]
fn a_note_that_is_lost_itself_is_said_again_with_the_whole_number() {
    let rig = Rig::new();
    let mut notes = 0;
    rig.write(move |text| {
        let is_note = text.starts_with('{');
        notes += usize::from(is_note);
        if text == "bad\n" || (is_note && notes == 1) { Err(full()) } else { Ok(text.len()) }
    });
    rig.push("bad\n");
    rig.push("good\n");
    assert_eq!(rig.written(), "good\n");
    rig.lost(1);
    rig.push("bad\n");
    rig.push("good\n");
    assert_eq!(note(&rig.written()), ("good\n", 2));
    rig.lost(2);
}

#[test]
fn a_line_behind_a_torn_one_begins_anew() {
    let rig = Rig::new();
    let mut writes = 0;
    rig.write(move |text| {
        writes += 1;
        match writes {
            1 => Ok(2),
            2 => Err(full()),
            _ => Ok(text.len()),
        }
    });
    rig.push("torn\n");
    rig.push("whole\n");
    assert_eq!(note(&rig.written()), ("to\nwhole\n", 1));
}

#[test]
fn the_end_waits_for_a_reader_that_sleeps_no_longer_than_it_may() {
    let rig = Rig::new();
    let (wake, asleep) = mpsc::channel::<()>();
    rig.write(move |text| {
        let _ = asleep.recv();
        Ok(text.len())
    });
    rig.push("a\n");
    rig.queue.wait(Duration::from_millis(1));
    assert_eq!(*rig.written.lock().unwrap(), "");
    drop(wake);
    assert_eq!(rig.written(), "a\n");
}

#[test]
fn in_the_journal_every_line_has_its_priority() {
    for (level, expected) in [
        (Level::ERROR, "<3>a\n<3>b\n"),
        (Level::WARN, "<4>a\n<4>b\n"),
        (Level::INFO, "<6>a\n<6>b\n"),
        (Level::DEBUG, "<7>a\n<7>b\n"),
        (Level::TRACE, "<7>a\n<7>b\n"),
    ] {
        assert_eq!(with_priority(level, b"a\nb\n"), expected.as_bytes());
    }
}

#[test]
fn a_panic_is_a_line_and_waits_for_no_reader() {
    /// Says to this very test that it is the program that panics.
    const PANICS: &str = "SKRYNKA_TEST_PANICS";
    const NAME: &str = "cli::log::tests::a_panic_is_a_line_and_waits_for_no_reader";
    if std::env::var_os(PANICS).is_some() {
        let log = Log::start(&config::Log::default(), Metrics::new()).unwrap();
        // More than a pipe holds, and less than the queue.
        for _ in 0..200 {
            tracing::info!("{}", "x".repeat(1000));
        }
        let panicked = thread::Builder::new().name("unlucky".to_owned()).spawn(|| panic!("ouch"));
        assert!(panicked.unwrap().join().is_err());
        io::stdout().write_all(b"\nsurvived\n").unwrap();
        let _ = io::stdin().read(&mut [0]);
        return drop(log);
    }
    let (mut log, stderr) = io::pipe().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(PANICS, "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == "survived"));
    drop(child.stdin.take());
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let line = text.lines().find(|line| line.contains("a thread has panicked")).unwrap();
    for part in ["ERROR", "src/cli/log/tests.rs", "thread=\"unlucky\"", "panic=\"ouch\""] {
        assert!(line.contains(part), "{line}");
    }
}
