//! A message being read: its bytes, as far as memory was granted for them, and why it is not
//! kept.

use bytes::BytesMut;

use crate::smtp::{
    Limits,
    framing::{MessageFramer, Progress},
    hops,
};

/// Why a message is not kept. Which it is does not depend on how the bytes are spread over reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    LongLine,
    Loop,
    NoRoom,
    TooBig,
}

/// From how many bytes on memory is doubled. It grows faster at first: copies of documents have
/// some hundred kilobytes.
const STEADY: usize = 1024 * 1024;

/// A message being read.
#[derive(Debug)]
pub(super) struct Incoming {
    framer: MessageFramer,
    granted: usize,
    /// Whether what comes is still kept.
    keeps: bool,
    /// The length of the message so far, kept or not.
    len: usize,
    message: Vec<u8>,
    received: u64,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            framer: MessageFramer::new(),
            granted: 0,
            keeps: true,
            len: 0,
            message: Vec::new(),
            received: 0,
        }
    }

    /// The bytes that have come, dots that protect lines among them.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn granted(&self) -> usize {
        self.granted
    }

    /// How much memory the message needs in all when `more` bytes are about to be added, and how
    /// much it had better have: several times as much, so that a long message is not copied with
    /// every read. `None` when it has enough.
    pub(super) fn wants(&self, more: usize, limits: &Limits) -> Option<(usize, usize)> {
        let max = limits.message_len();
        let needed = self.message.len().saturating_add(more).min(max);
        let lacks = self.keeps && needed > self.granted;
        let factor = if self.granted < STEADY { 4 } else { 2 };
        lacks.then(|| (needed, needed.max(self.granted.saturating_mul(factor)).min(max)))
    }

    pub(super) fn grant(&mut self, bytes: usize) {
        self.granted = bytes;
        self.message.reserve_exact(bytes.saturating_sub(self.message.len()));
    }

    pub(super) fn refuse_memory(&mut self) {
        self.give_up();
    }

    /// Takes what belongs to the message off `input`.
    pub(super) fn feed(&mut self, input: &mut BytesMut, limits: &Limits) -> Progress {
        let before = input.len();
        let max = limits.message_len();
        let Self { keeps, len, message, .. } = self;
        let progress = self.framer.feed(input, |bytes| {
            *len = len.saturating_add(bytes.len());
            if *keeps && *len <= max {
                message.extend_from_slice(bytes);
            }
        });
        let consumed = u64::try_from(before.saturating_sub(input.len())).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(consumed);
        if self.breach(limits).is_some() {
            self.give_up();
        }
        progress
    }

    /// The whole message, after its final dot; or why it is not kept.
    pub(super) fn end(self, limits: &Limits) -> Result<Vec<u8>, Rejection> {
        if let Some(rejection) = self.breach(limits) {
            return Err(rejection);
        }
        if !self.keeps {
            return Err(Rejection::NoRoom);
        }
        if hops::count(&self.message, limits.max_received_fields) >= limits.max_received_fields {
            return Err(Rejection::Loop);
        }
        Ok(self.message)
    }

    fn breach(&self, limits: &Limits) -> Option<Rejection> {
        if self.len > limits.message_len() {
            return Some(Rejection::TooBig);
        }
        (self.framer.longest_line() > limits.max_text_line_bytes).then_some(Rejection::LongLine)
    }

    fn give_up(&mut self) {
        self.granted = 0;
        self.keeps = false;
        self.message = Vec::new();
    }
}
