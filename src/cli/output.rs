//! Writing to the terminal: the one place that does.

use std::{
    io::{self, ErrorKind, Write as _},
    sync::OnceLock,
};

/// Why standard output lost what was said, the first time that it did.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// A line on standard output. What becomes of it is asked at the end, of [`said`].
pub(super) fn say(line: &str) {
    let mut stdout = io::stdout();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        LOST.get_or_init(|| error);
    }
}

/// Whether everything that was said is out.
pub(super) fn said() -> anyhow::Result<()> {
    match LOST.get() {
        None => Ok(()),
        Some(error) => anyhow::bail!("standard output cannot be written: {error}"),
    }
}

/// The same for a command that is done: a reader that went away (`| head`) has seen enough.
pub(super) fn said_or_left() -> anyhow::Result<()> {
    match LOST.get() {
        Some(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        _ => said(),
    }
}

/// A line on standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A question on standard error, with its answer behind it.
pub(super) fn ask(question: &str) {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question}");
    let _ = stderr.flush();
}

/// Writes over the last progress line on standard error; nothing when that is not a terminal.
pub(super) fn progress(text: &str) {
    use io::IsTerminal as _;
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[2K{text}");
        let _ = stderr.flush();
    }
}

/// Columns of text, each as wide as its widest cell.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(String::as_str)
            .chain(header.get(column).copied())
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(header.to_vec())];
    lines.push(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}
