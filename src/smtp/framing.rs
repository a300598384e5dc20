//! Cutting what a client sends into command lines and a message (RFC 5321 §2.3.8, §4.1.1.4,
//! §4.5.2).
//!
//! Lines end with CRLF and with nothing else. A bare LF is a [`Defect`] that the connection does
//! not survive; a bare CR is data. How the bytes are spread over reads makes no difference.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use bytes::{Buf as _, BytesMut};

/// The greatest length of a command, with its CRLF, in bytes.
///
/// RFC 5321 §4.5.3.1.4 asks for 512 and extensions for more; nothing that we offer needs 2048.
pub(super) const MAX_LINE_LEN: usize = 2048;

/// How much of an overlong line is read in search of its end before the connection is closed.
const MAX_SKIPPED_LEN: usize = 64 * 1024;

/// A breach of the framing rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// A line feed without a carriage return before it: what SMTP smuggling is made of.
    BareLineFeed,
    /// An overlong line that goes on and on.
    EndlessLine,
    /// A line over [`MAX_LINE_LEN`]; told once, and the line is skipped.
    LongLine,
}

/// Cuts command lines.
#[derive(Debug, Default)]
pub(super) struct LineFramer {
    /// Within an overlong line: how much of it is skipped, and its latest byte.
    skipping: Option<(usize, u8)>,
}

impl LineFramer {
    /// Takes the next whole line off `input`, without its CRLF; `None` when more must be read.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Option<Result<BytesMut, Defect>> {
        if let Some((skipped, last)) = self.skipping
            && let Some(defect) = self.skip(input, skipped, last)
        {
            return Some(Err(defect));
        }
        if self.skipping.is_some() {
            return None;
        }
        let window = head(input, MAX_LINE_LEN);
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() < MAX_LINE_LEN {
                return None;
            }
            self.skipping = Some((0, last_of(window, 0)));
            input.advance(MAX_LINE_LEN);
            return Some(Err(Defect::LongLine));
        };
        let mut line = input.split_to(end.saturating_add(1));
        line.truncate(end);
        if line.last() != Some(&b'\r') {
            return Some(Err(Defect::BareLineFeed));
        }
        line.truncate(end.saturating_sub(1));
        Some(Ok(line))
    }

    fn skip(&mut self, input: &mut BytesMut, skipped: usize, last: u8) -> Option<Defect> {
        let window = head(input, MAX_SKIPPED_LEN.saturating_sub(skipped));
        if let Some(end) = memchr::memchr(b'\n', window) {
            let before = last_of(head(window, end), last);
            input.advance(end.saturating_add(1));
            self.skipping = None;
            return (before != b'\r').then_some(Defect::BareLineFeed);
        }
        let len = window.len();
        let skipped = skipped.saturating_add(len);
        self.skipping = Some((skipped, last_of(window, last)));
        input.advance(len);
        (skipped >= MAX_SKIPPED_LEN).then_some(Defect::EndlessLine)
    }
}

/// Finds the end of a message and removes the dots that protect its lines.
#[derive(Debug)]
pub(super) struct MessageFramer {
    line_len: usize,
    longest_line: usize,
    position: Position,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All input is used up, the message goes on.
    Partial,
    /// The final dot was read; what is left of the input is the next command's.
    Ended,
    /// A bare line feed was read.
    Broken,
}

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug)]
enum Position {
    /// After CRLF, or at the message's first byte.
    Start,
    /// After the dot at a line's start.
    Dot,
    /// After a dot and CR at a line's start.
    DotReturn,
    /// Further on in a line.
    Within { after_return: bool },
}

impl MessageFramer {
    pub(super) fn new() -> Self {
        Self { line_len: 0, longest_line: 0, position: Position::Start }
    }

    /// The length of the longest line so far, with its CRLF and without the dot that protects it
    /// (RFC 5321 §4.5.3.1.6).
    pub(super) fn longest_line(&self) -> usize {
        self.longest_line
    }

    /// Takes what belongs to the message off `input` and hands it to `keep` piece by piece: as
    /// many lines at a time as stand in `input` without a dot between them that must go.
    pub(super) fn feed(&mut self, input: &mut BytesMut, mut keep: impl FnMut(&[u8])) -> Progress {
        let (mut kept, mut at) = (0, 0);
        let progress = loop {
            let Some(&byte) = input.get(at) else { break Progress::Partial };
            self.position = match (self.position, byte) {
                (Position::DotReturn, b'\n') => {
                    at = at.saturating_add(1);
                    kept = at;
                    break Progress::Ended;
                }
                (Position::Start | Position::Dot, b'\n') => break Progress::Broken,
                (Position::Start, b'.') => {
                    keep(between(input, kept, at));
                    at = at.saturating_add(1);
                    kept = at;
                    Position::Dot
                }
                (Position::Dot, b'\r') => {
                    at = at.saturating_add(1);
                    kept = at;
                    Position::DotReturn
                }
                (Position::DotReturn, _) => {
                    // The line begins with a dot and CR and goes on: the dot protected it, and
                    // the CR belongs to the message.
                    keep(b"\r");
                    self.lengthen(1);
                    Position::Within { after_return: true }
                }
                (Position::Start | Position::Dot, _) => Position::Within { after_return: false },
                (Position::Within { after_return }, _) => {
                    let rest = between(input, at, input.len());
                    let Some(end) = memchr::memchr(b'\n', rest) else {
                        self.lengthen(rest.len());
                        let after_return = rest.last() == Some(&b'\r');
                        at = input.len();
                        self.position = Position::Within { after_return };
                        break Progress::Partial;
                    };
                    let before = last_of(head(rest, end), if after_return { b'\r' } else { 0 });
                    if before != b'\r' {
                        break Progress::Broken;
                    }
                    let line = end.saturating_add(1);
                    self.lengthen(line);
                    self.line_len = 0;
                    at = at.saturating_add(line);
                    Position::Start
                }
            };
        };
        if kept < at {
            keep(between(input, kept, at));
        }
        input.advance(at);
        progress
    }

    fn lengthen(&mut self, more: usize) {
        self.line_len = self.line_len.saturating_add(more);
        self.longest_line = self.longest_line.max(self.line_len);
    }
}

fn head(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(..len).unwrap_or(bytes)
}

fn between(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

fn last_of(bytes: &[u8], otherwise: u8) -> u8 {
    bytes.last().copied().unwrap_or(otherwise)
}

#[cfg(test)]
mod tests;
