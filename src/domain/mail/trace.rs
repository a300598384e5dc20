//! The trace that a mail is kept with: `Return-Path:` and `Received:` (RFC 5321 §4.4).
//!
//! The spool keeps a mail as it was sent; [`Envelope::stamp`] puts the trace before it, and
//! [`without_trace`] takes it off again, so that a mail is judged by the same bytes each time.
//! Nothing that the client said can end a field or begin another one.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::{fmt::Write as _, net::IpAddr};

use super::Envelope;
use crate::domain::{MailAddress, MailId};

/// Stands between the trace and a message that begins with white space, which would otherwise
/// read as more of the last field (RFC 5322 §2.2.3); and before one that begins with itself, so
/// that it can be told which of the two it is.
const FENCE: &str = "X-Unfolded: the mail begins with white space\r\n";

const RETURN_PATH: &str = "Return-Path:";
const RECEIVED: &str = "Received:";

/// The greatest length of a client's name for itself in the trace, in bytes: that of a domain.
const MAX_NAME_LEN: usize = MailAddress::MAX_DOMAIN_LEN;

impl Envelope {
    /// The mail `id` as it is kept: the trace, then `message`. `hostname` is our own name.
    ///
    /// `for` stands there only when there is one recipient: with several, each would learn of the
    /// others (RFC 5321 §7.2).
    #[must_use]
    pub fn stamp(&self, id: MailId, hostname: &str, message: &[u8]) -> Vec<u8> {
        let mut trace = self.trace(id, hostname);
        if message.first().copied().is_some_and(is_space) || message.starts_with(FENCE.as_bytes()) {
            trace.push_str(FENCE);
        }
        let mut kept = trace.into_bytes();
        kept.extend_from_slice(message);
        kept
    }

    fn trace(&self, id: MailId, hostname: &str) -> String {
        let sender = self.sender.as_ref().map(MailAddress::to_string).unwrap_or_default();
        let recipient = match self.recipients.as_slice() {
            [only] => format!("\r\n\tfor <{only}>"),
            _ => String::new(),
        };
        let peer = self.peer.map(|peer| format!(" ({})", literal(peer))).unwrap_or_default();
        let mut trace = String::new();
        let written = write!(
            trace,
            "{RETURN_PATH} <{sender}>\r\n\
             {RECEIVED} from {}{peer}\r\n\
             \tby {} with {} id {id}{recipient};\r\n\
             \t{}\r\n",
            name(&self.helo),
            name(hostname),
            self.protocol.as_str(),
            self.received_at.mail_date(),
        );
        written.expect("writing to a string cannot fail");
        trace
    }
}

/// The mail as it was sent, of one that [`Envelope::stamp`] stamped. One that does not begin with
/// a trace is given back whole.
#[must_use]
pub fn without_trace(kept: &[u8]) -> &[u8] {
    let end = field_len(kept, RETURN_PATH).and_then(|first| {
        let second = field_len(kept.get(first..)?, RECEIVED)?;
        first.checked_add(second)
    });
    let Some(sent) = end.and_then(|end| kept.get(end..)) else { return kept };
    sent.strip_prefix(FENCE.as_bytes()).unwrap_or(sent)
}

/// The length of the field `name` that `bytes` begin with, folded lines and last CRLF included.
fn field_len(bytes: &[u8], name: &str) -> Option<usize> {
    if !bytes.starts_with(name.as_bytes()) {
        return None;
    }
    let mut len = 0_usize;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if len > 0 && !line.first().copied().is_some_and(is_space) {
            break;
        }
        len = len.checked_add(line.len())?;
    }
    Some(len)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 5321 §4.1.3.
fn literal(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(four) => format!("[{four}]"),
        IpAddr::V6(six) => format!("[IPv6:{six}]"),
    }
}

/// A host's name for itself: letters, digits and the signs of domains and address literals. Every
/// other sign becomes `?`, so that it can neither end the field nor open a comment.
fn name(said: &str) -> String {
    let mut name = String::new();
    for letter in said.chars().take(MAX_NAME_LEN) {
        let is_plain = letter.is_ascii_alphanumeric() || "-._:[]".contains(letter);
        name.push(if is_plain { letter } else { '?' });
    }
    if name.is_empty() { "?".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
