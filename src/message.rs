//! Opens a mail: raw bytes → [`Message`], the list of everything that may be a document.
//!
//! Follows RFC 5322, MIME (RFC 2045–2049), RFC 2231 and RFC 2047 names, and what mail clients
//! make of them. Labels are hints: a part counts whatever its media type, disposition or name
//! say, forwarded messages are opened wherever they hide, and a missing end boundary or junk
//! after it loses nothing.
//!
//! Work and memory are bounded for every input. `mail-parser` reads header fields only, a few
//! short ones at a time: its own walk over the body has no limits, overflows the stack on deeply
//! forwarded mail, and re-codes text parts, which would break the signature over a document with
//! a wrong label. The walk here keeps an explicit stack and hands every byte on unchanged.
//!
//! Nothing is proved here: sender, subject, names and types are what the sender wrote.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod decode;
mod header;
mod name;
mod parts;
mod prescan;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::domain::{Finding, FindingCode, Timestamp};

/// How much work one mail may make. Passing a limit is [`MessageError::LimitExceeded`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Mentions of `message/rfc822` or `message/global` in the raw bytes. Default 32.
    pub forwarded_mentions: usize,
    /// Mentions of `multipart/` in the raw bytes. Default 100.
    pub multipart_mentions: usize,
    /// Lines that begin with `--`, as every boundary does. Default 2000.
    pub boundary_lines: usize,
    /// Bytes of one header block, of the mail or of a part. Default 256 KiB.
    pub header_bytes: usize,
    /// Lines of one header block. Default 1000.
    pub header_lines: usize,
    /// Parts altogether, those that hold other parts included. Default 1000.
    pub parts: usize,
    /// Levels of parts within parts. Default 32.
    pub nesting: usize,
    /// Levels of forwarded messages within forwarded messages. Default 8.
    pub forwarded_depth: usize,
    /// Bytes that transfer encodings may decode to, all parts together. Default 128 MiB.
    pub decoded_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            forwarded_mentions: 32,
            multipart_mentions: 100,
            boundary_lines: 2000,
            header_bytes: 256 * 1024,
            header_lines: 1000,
            parts: 1000,
            nesting: 32,
            forwarded_depth: 8,
            decoded_bytes: 128 * 1024 * 1024,
        }
    }
}

/// Why a mail cannot be opened. It is data: the share's verdict becomes `malformed`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// There is not one byte.
    #[error("the mail is empty")]
    Empty,
    /// Opening it would cost more than [`Limits`] allow.
    #[error("the mail passes the limit {limit}: {found} found, at most {max} are allowed")]
    LimitExceeded {
        /// The name of the field of [`Limits`].
        limit: &'static str,
        /// What was found up to where opening stopped.
        found: usize,
        /// What is allowed.
        max: usize,
    },
}

impl MessageError {
    /// The finding that the share is kept with.
    #[must_use]
    pub fn finding(&self) -> Finding {
        match self {
            Self::Empty => Finding::of_share(FindingCode::Unreadable).with_detail("empty"),
            Self::LimitExceeded { limit, .. } => {
                Finding::of_share(FindingCode::LimitExceeded).with_detail(*limit)
            }
        }
    }
}

/// An opened mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    id: Option<String>,
    subject: Option<String>,
    date: Option<Timestamp>,
    parts: Vec<Part>,
}

impl Message {
    /// The Message-ID without angle brackets, cut to 998 characters.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The decoded subject in one line, cut to 998 characters.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The moment that the sender's program wrote into the mail.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// Every part that holds no other parts, in the order of the mail.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// One part of a mail that holds no other parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The file name that the sender gave: path parts, control and direction characters removed,
    /// at most 255 characters. `None` when nothing is left.
    pub name: Option<String>,
    /// The media type as labelled, in lower case: `application/pdf`.
    pub media_type: String,
    /// The content, its transfer encoding undone and nothing else changed.
    pub content: Bytes,
    /// Whether this is a text that the visitor wrote: labelled text, without a file name, and
    /// without the signs of another kind of file.
    pub inline_text: bool,
}

/// Opens the mail `raw`.
///
/// # Errors
/// [`MessageError`] when the mail is empty or passes a limit; every other string of bytes is a
/// mail of at least one part.
pub fn open(raw: Bytes, limits: &Limits) -> Result<Message, MessageError> {
    if raw.is_empty() {
        return Err(MessageError::Empty);
    }
    prescan::check(&raw, limits)?;
    let (block, _) = header::split(&raw, limits)?;
    let header = header::read(&block);
    let parts = parts::collect(raw, limits)?;
    Ok(Message { id: header.message_id, subject: header.subject, date: header.date, parts })
}

/// The part of `bytes` in `range`, sharing its memory; empty when it is not inside.
fn cut(bytes: &Bytes, range: impl std::slice::SliceIndex<[u8], Output = [u8]>) -> Bytes {
    bytes.get(range).map(|part| bytes.slice_ref(part)).unwrap_or_default()
}

fn check_limit(limit: &'static str, found: usize, max: usize) -> Result<(), MessageError> {
    if found > max {
        return Err(MessageError::LimitExceeded { limit, found, max });
    }
    Ok(())
}
