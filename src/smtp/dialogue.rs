//! A whole conversation without a socket: bytes in, [`Step`]s out.
//!
//! The caller puts what it reads into [`Dialogue::input`] and carries out steps until one asks for
//! more. It holds at most one line and one read of input, and no more of a message than was
//! granted to it.

mod incoming;

use std::{collections::VecDeque, iter::repeat_n};

use bytes::BytesMut;

use super::{
    Intake, IntakeError, Mail, command,
    framing::{Defect, LineFramer, Progress},
    reply::Reply,
    session::{Action, Answer, Rules, ServerView, Session},
};
use crate::{clock::Clock, domain::MailId};

use incoming::{Incoming, Rejection};

/// What the caller has to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// End the connection, once what is to be sent has been sent.
    Close,
    /// Keep the mail, then call [`Dialogue::settle`].
    Commit(Mail),
    /// The same as [`Step::Close`] for a client that has said QUIT and nothing after it.
    Leave,
    /// Send what is to be sent, then read more into [`Dialogue::input`].
    Read,
    /// Send this reply, soon.
    Reply(Reply),
    /// Find memory for the message, then call [`Dialogue::grant`] or [`Dialogue::refuse_memory`].
    Reserve {
        /// Bytes of message in all without which it cannot go on.
        needed: usize,
        /// Bytes that it takes when they are free.
        wanted: usize,
    },
    /// Send what is to be sent, make the handshake, then call [`Dialogue::tls_started`].
    StartTls,
    /// Send what is to be sent, wait for [`super::Limits::tarpit`] and go on.
    Tarpit,
}

/// One client's conversation.
#[derive(Debug)]
pub(super) struct Dialogue {
    incoming: Option<Incoming>,
    input: BytesMut,
    lines: LineFramer,
    /// How many replies the mail that is being kept has.
    replies: usize,
    session: Session,
    steps: VecDeque<Step>,
}

impl Dialogue {
    /// A conversation that begins with the greeting.
    pub(super) fn new(rules: Rules) -> Self {
        let session = Session::new(rules);
        let steps = VecDeque::from([Step::Reply(session.greeting())]);
        Self {
            incoming: None,
            input: BytesMut::new(),
            lines: LineFramer::default(),
            replies: 1,
            session,
            steps,
        }
    }

    pub(super) fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// The bytes that have come of the message being read, kept or not; `None` between messages.
    pub(super) fn received(&self) -> Option<u64> {
        self.incoming.as_ref().map(Incoming::received)
    }

    pub(super) fn holds_message(&self) -> bool {
        self.incoming.as_ref().is_some_and(|incoming| incoming.granted() > 0)
    }

    pub(super) fn next<I: Intake>(&mut self, server: &ServerView<'_, I>) -> Step {
        if let Some(step) = self.steps.pop_front() {
            if matches!(step, Step::Close | Step::Leave) {
                self.steps.push_front(step.clone());
            }
            return step;
        }
        if self.incoming.is_some() {
            return self.read_message(server.clock);
        }
        let answer = match self.lines.next(&mut self.input) {
            None => return Step::Read,
            Some(Err(defect)) => self.session.defect(defect),
            Some(Ok(line)) => match command::parse(&line) {
                Ok(command) if command.ends_group() && !self.input.is_empty() => {
                    self.input.clear();
                    Answer::last(Reply::Pipelined)
                }
                parsed => self.session.command(parsed, server),
            },
        };
        self.take(answer)
    }

    /// Memory for `bytes` of message in all was found.
    pub(super) fn grant(&mut self, bytes: usize) {
        if let Some(incoming) = &mut self.incoming {
            incoming.grant(bytes);
        }
    }

    /// No more memory was found: the message is read to its end and not kept.
    pub(super) fn refuse_memory(&mut self) {
        if let Some(incoming) = &mut self.incoming {
            incoming.refuse_memory();
        }
    }

    /// The mail of [`Step::Commit`] was kept, or not.
    pub(super) fn settle(&mut self, outcome: Result<MailId, IntakeError>) {
        if outcome.is_ok() {
            self.session.kept();
        }
        let reply = match outcome {
            Ok(id) => Reply::Accepted(id),
            Err(IntakeError::Failed) => Reply::Failed,
            Err(IntakeError::Full) => Reply::Full,
        };
        self.steps.extend(repeat_n(Step::Reply(reply), self.replies));
    }

    /// The handshake is made. May be called before the first step: then TLS was there from the
    /// start, and the greeting is within it.
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

    fn read_message(&mut self, clock: &Clock) -> Step {
        let Some(incoming) = &mut self.incoming else { return Step::Read };
        if self.input.is_empty() {
            return Step::Read;
        }
        if let Some((needed, wanted)) = incoming.wants(self.input.len(), self.session.limits()) {
            return Step::Reserve { needed, wanted };
        }
        match incoming.feed(&mut self.input, self.session.limits()) {
            Progress::Partial => Step::Read,
            Progress::Broken => {
                self.incoming = None;
                let answer = self.session.defect(Defect::BareLineFeed);
                self.take(answer)
            }
            Progress::Ended => self.end_message(clock),
        }
    }

    fn end_message(&mut self, clock: &Clock) -> Step {
        let Some(incoming) = self.incoming.take() else { return Step::Read };
        let refusal = match incoming.end(self.session.limits()) {
            Ok(message) => match self.session.complete(clock.now()) {
                Some((envelope, replies)) => {
                    self.replies = replies;
                    return Step::Commit(Mail { envelope, message });
                }
                None => Reply::BadSequence,
            },
            Err(Rejection::LongLine) => Reply::TextLineTooLong,
            Err(Rejection::Loop) => Reply::Loop,
            Err(Rejection::NoRoom) => Reply::Full,
            Err(Rejection::TooBig) => Reply::MessageTooBig,
        };
        let answer = self.session.refuse_message(refusal);
        self.take(answer)
    }

    fn take(&mut self, answer: Answer) -> Step {
        let Answer { action, held_back, reply, times } = answer;
        // RFC 3207 §4.2: nothing that came in the clear is carried out within TLS. Bytes behind
        // STARTTLS come from an attacker on the way, or from a client that breaks the protocol.
        if action == Action::StartTls && !self.input.is_empty() {
            self.input.clear();
            self.steps.push_back(Step::Close);
            return Step::Reply(Reply::PipelinedStartTls);
        }
        self.steps.extend(repeat_n(Step::Reply(reply), times));
        match action {
            Action::Close => self.steps.push_back(Step::Close),
            Action::Continue => {}
            Action::Dismiss => {
                self.steps.extend([Step::Reply(Reply::TooManyErrors), Step::Close]);
            }
            Action::Leave => self.steps.push_back(Step::Leave),
            Action::ReadMessage => self.incoming = Some(Incoming::new()),
            Action::StartTls => self.steps.push_back(Step::StartTls),
        }
        let first = if held_back { None } else { self.steps.pop_front() };
        first.unwrap_or(Step::Tarpit)
    }
}

#[cfg(test)]
mod tests;
