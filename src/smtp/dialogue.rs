//! A whole conversation without a socket: bytes in, [`Step`]s out.
//!
//! The caller puts what it reads into [`Dialogue::input`] and carries out steps until one asks for
//! more. It holds at most one line and one read of input, and no more of a message than was
//! granted to it.

use std::{collections::VecDeque, sync::Arc};

use bytes::BytesMut;

use super::{
    IntakeError, Mail, command,
    framing::{Defect, LineFramer, MessageFramer, Progress},
    reply::Reply,
    session::{Rules, Session, Surroundings, Then, Turn},
};
use crate::domain::MailId;

/// What the caller has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// End the connection, once what is to be sent has been sent.
    Close,
    /// Keep the mail, then call [`Dialogue::settle`].
    Commit(Mail),
    /// Send what is to be sent, then read more into [`Dialogue::input`].
    Read,
    /// Send this reply, soon.
    Reply(Reply),
    /// Find memory for this many bytes of message in all, then call [`Dialogue::grant`] or
    /// [`Dialogue::starve`].
    Reserve(usize),
    /// Send what is to be sent, make the handshake, then call [`Dialogue::tls_started`].
    StartTls,
}

/// One client's conversation.
#[derive(Debug)]
pub(super) struct Dialogue {
    incoming: Option<Incoming>,
    input: BytesMut,
    lines: LineFramer,
    max_message_len: usize,
    session: Session,
    steps: VecDeque<Step>,
}

/// A message being read.
#[derive(Debug)]
struct Incoming {
    excuse: Option<Excuse>,
    framer: MessageFramer,
    granted: usize,
    message: Vec<u8>,
    received: u64,
}

/// Why the message being read is not kept.
#[derive(Clone, Copy, Debug)]
enum Excuse {
    NoRoom,
    TooBig,
}

impl Dialogue {
    /// A conversation that begins with the greeting.
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        let max_message_len = usize::try_from(rules.max_message_bytes).unwrap_or(usize::MAX);
        let session = Session::new(rules);
        let steps = VecDeque::from([Step::Reply(session.greeting())]);
        Self {
            incoming: None,
            input: BytesMut::new(),
            lines: LineFramer::default(),
            max_message_len,
            session,
            steps,
        }
    }

    /// Where to put what the client sends.
    pub(super) fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// The bytes that have come of the message being read, kept or not; `None` between messages.
    pub(super) fn received(&self) -> Option<u64> {
        self.incoming.as_ref().map(|incoming| incoming.received)
    }

    /// Whether memory is held for a message.
    pub(super) fn holds_message(&self) -> bool {
        self.incoming.as_ref().is_some_and(|incoming| incoming.granted > 0)
    }

    /// The next step.
    pub(super) fn next(&mut self, surroundings: &dyn Surroundings) -> Step {
        if let Some(step) = self.steps.pop_front() {
            if step == Step::Close {
                self.steps.push_front(Step::Close);
            }
            return step;
        }
        if self.incoming.is_some() {
            return self.read_message();
        }
        let turn = match self.lines.next(&mut self.input) {
            None => return Step::Read,
            Some(Err(defect)) => self.session.defect(defect),
            Some(Ok(line)) => self.session.command(command::parse(&line), surroundings),
        };
        self.take(turn)
    }

    /// Memory for `bytes` of message in all was found.
    pub(super) fn grant(&mut self, bytes: usize) {
        if let Some(incoming) = &mut self.incoming {
            incoming.granted = bytes;
            incoming.message.reserve_exact(bytes.saturating_sub(incoming.message.len()));
        }
    }

    /// No more memory was found: the message is read to its end and not kept.
    pub(super) fn starve(&mut self) {
        if let Some(incoming) = &mut self.incoming {
            incoming.give_up(Excuse::NoRoom);
        }
    }

    /// The mail of [`Step::Commit`] was kept, or not.
    pub(super) fn settle(&mut self, outcome: Result<MailId, IntakeError>) {
        self.steps.push_back(Step::Reply(match outcome {
            Ok(id) => Reply::Accepted(id),
            Err(IntakeError::Failed) => Reply::Failed,
            Err(IntakeError::Full) => Reply::Full,
        }));
    }

    /// The handshake is made.
    pub(super) fn tls_started(&mut self) {
        self.session.tls_started();
    }

    /// Ends the conversation from our side.
    pub(super) fn end(&mut self, reply: Reply) {
        self.incoming = None;
        self.steps = VecDeque::from([Step::Reply(reply), Step::Close]);
    }

    /// Nothing more comes from the client: a message in transit is lost.
    pub(super) fn hung_up(&mut self) {
        self.incoming = None;
        self.steps = VecDeque::from([Step::Close]);
    }

    fn read_message(&mut self) -> Step {
        let Some(incoming) = &mut self.incoming else { return Step::Read };
        if self.input.is_empty() {
            return Step::Read;
        }
        let wanted = incoming.wanted(self.input.len(), self.max_message_len);
        if incoming.excuse.is_none() && wanted > incoming.granted {
            return Step::Reserve(wanted);
        }
        match incoming.feed(&mut self.input, self.max_message_len) {
            Progress::Partial => Step::Read,
            Progress::Broken => {
                self.incoming = None;
                let turn = self.session.defect(Defect::BareLineFeed);
                self.take(turn)
            }
            Progress::Ended => self.end_message(),
        }
    }

    fn end_message(&mut self) -> Step {
        let ended = self.incoming.take();
        let refusal = match ended.as_ref().and_then(|incoming| incoming.excuse) {
            Some(Excuse::NoRoom) => Reply::Full,
            Some(Excuse::TooBig) => Reply::MessageTooBig,
            None => {
                let tls = self.session.is_secure();
                if let (Some(incoming), Some(to)) = (ended, self.session.complete()) {
                    return Step::Commit(Mail {
                        helo: to.helo,
                        message: incoming.message,
                        recipients: to.recipients,
                        sender: to.sender,
                        tls,
                    });
                }
                Reply::BadSequence
            }
        };
        let turn = self.session.refuse_message(refusal);
        self.take(turn)
    }

    fn take(&mut self, turn: Turn) -> Step {
        match turn.then {
            Then::Close => self.steps.push_back(Step::Close),
            Then::Continue => {}
            Then::Dismiss => {
                self.steps.extend([Step::Reply(Reply::TooManyErrors), Step::Close]);
            }
            Then::ReadMessage => self.incoming = Some(Incoming::new()),
            // RFC 3207 §4.2: nothing that came in the clear may be carried out within TLS. What
            // stands behind STARTTLS already was put there by an attacker on the way, or by a
            // client that cannot be helped.
            Then::StartTls if !self.input.is_empty() => {
                self.input.clear();
                self.steps.push_back(Step::Close);
                return Step::Reply(Reply::PipelinedStartTls);
            }
            Then::StartTls => self.steps.push_back(Step::StartTls),
        }
        Step::Reply(turn.reply)
    }
}

impl Incoming {
    fn new() -> Self {
        Self {
            excuse: None,
            framer: MessageFramer::new(),
            granted: 0,
            message: Vec::new(),
            received: 0,
        }
    }

    /// How much memory the message wants when `more` bytes are about to be added. It doubles, so
    /// that a long message is not copied with every read.
    fn wanted(&self, more: usize, max: usize) -> usize {
        let needed = self.message.len().saturating_add(more).min(max);
        if needed <= self.granted {
            return self.granted;
        }
        needed.max(self.granted.saturating_mul(2)).min(max)
    }

    fn feed(&mut self, input: &mut BytesMut, max: usize) -> Progress {
        let before = input.len();
        let (message, mut too_big) = (&mut self.message, false);
        let kept = self.excuse.is_none();
        let progress = self.framer.feed(input, |bytes| {
            if bytes.len() > max.saturating_sub(message.len()) {
                too_big = true;
            } else if kept && !too_big {
                message.extend_from_slice(bytes);
            }
        });
        let consumed = u64::try_from(before.saturating_sub(input.len())).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(consumed);
        if kept && too_big {
            self.give_up(Excuse::TooBig);
        }
        progress
    }

    fn give_up(&mut self, excuse: Excuse) {
        self.excuse = Some(excuse);
        self.granted = 0;
        self.message = Vec::new();
    }
}

#[cfg(test)]
mod tests;
