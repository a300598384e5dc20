//! The order of commands and the mail transaction (RFC 5321 §3.3, §4.1.4; RFC 3207 §4.2).
//!
//! A pure state machine: a parsed command goes in, a reply and what to do next come out. It reads
//! no bytes and keeps no message; [`super::dialogue`] does.

mod transaction;

use std::{net::IpAddr, sync::Arc};

use super::{
    Intake, Limits, Protocol, Settings,
    command::{Command, CommandError},
    framing::Defect,
    reply::Reply,
};
use crate::{
    clock::Clock,
    domain::{Envelope, Timestamp},
};

use transaction::{Client, Hello, Transaction};

/// A client, as far as its listener knows it, and how it is spoken with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// `None` over a Unix socket.
    pub(super) address: Option<IpAddr>,
    /// TLS begins with the first byte (RFC 8314 §3).
    pub(super) begins_with_tls: bool,
    pub(super) protocol: Protocol,
    /// The address of ours that it has connected to; `None` over a Unix socket.
    pub(super) reached: Option<IpAddr>,
}

/// What holds for one session, from its beginning to its end.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) peer: Peer,
    pub(super) offers_tls: bool,
    pub(super) settings: Arc<Settings>,
}

impl Rules {
    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Whether the client is one of our own servers, which brings the mail of others and is not
    /// searching for mailboxes when it names one that is gone.
    fn is_own_server(&self) -> bool {
        // Over a Unix socket there is only one's own mail server.
        self.peer.address.is_none_or(|address| self.limits().is_exempt(address))
    }
}

/// What a session asks of the server while it answers.
pub(super) struct ServerView<'a, I> {
    pub(super) clock: &'a Clock,
    /// Whether a message of so many bytes would find memory now; 0 when its size is not known.
    pub(super) has_memory: &'a dyn Fn(u64) -> bool,
    pub(super) intake: &'a I,
}

/// The answer to one command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) action: Action,
    /// Whether the reply is delayed, because too much was refused before.
    pub(super) held_back: bool,
    pub(super) reply: Reply,
    /// How often the reply is said: in LMTP once for each recipient.
    pub(super) times: usize,
}

/// What follows a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The connection ends.
    Close,
    /// The next command is read.
    Continue,
    /// The connection ends with [`Reply::TooManyErrors`].
    Dismiss,
    /// The connection ends: the client has said QUIT and sends nothing more.
    Leave,
    /// The message is read.
    ReadMessage,
    /// The TLS handshake is made.
    StartTls,
}

/// One client's session.
#[derive(Debug)]
pub(super) struct Session {
    errors: usize,
    long_lines: usize,
    rules: Rules,
    state: State,
    tls: bool,
    unknown_recipients: usize,
}

/// How far the session has come.
#[derive(Debug, Default)]
enum State {
    /// The client has not greeted, or not since TLS began.
    #[default]
    Fresh,
    /// It has, and no transaction is open.
    Greeted(Client),
    /// MAIL was taken.
    Addressing(Client, Transaction),
    /// DATA was taken, the message is being read.
    Receiving(Client, Transaction),
}

/// Overlong lines after which the connection is closed: each costs more to read than a command.
const MAX_LONG_LINES: usize = 3;

impl Session {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            errors: 0,
            long_lines: 0,
            rules,
            state: State::Fresh,
            tls: false,
            unknown_recipients: 0,
        }
    }

    /// The first reply of a connection.
    pub(super) fn greeting(&self) -> Reply {
        let hostname = self.rules.settings.hostname.clone();
        Reply::Greeting { hostname, protocol: self.rules.peer.protocol }
    }

    /// What a message may be.
    pub(super) fn limits(&self) -> &Limits {
        self.rules.limits()
    }

    pub(super) fn command<I: Intake>(
        &mut self,
        parsed: Result<Command, CommandError>,
        server: &ServerView<'_, I>,
    ) -> Answer {
        let answer = match parsed {
            Ok(command) => {
                let state = std::mem::take(&mut self.state);
                let (state, answer) = state.apply(command, self.tls, &self.rules, server);
                self.state = state;
                answer
            }
            Err(CommandError::Http) => Answer::last(Reply::Command(CommandError::Http)),
            Err(error) => Answer::of(Reply::Command(error)),
        };
        if answer.reply == Reply::RecipientUnknown {
            if self.rules.is_own_server() {
                return answer;
            }
            self.unknown_recipients = self.unknown_recipients.saturating_add(1);
        }
        self.count(answer)
    }

    /// A mail of the client was kept: its errors before that are forgotten, because one connection
    /// can bring the mails of many senders. Unknown recipients stay counted: a search for mailboxes
    /// could send a mail to a known one in between.
    pub(super) fn kept(&mut self) {
        (self.errors, self.long_lines) = (0, 0);
    }

    /// Answers a breach of the framing rules. A message in transit is lost.
    pub(super) fn defect(&mut self, defect: Defect) -> Answer {
        match defect {
            Defect::BareLineFeed => Answer::last(Reply::BareLineFeed),
            Defect::EndlessLine => Answer::last(Reply::TooManyErrors),
            Defect::LongLine => {
                self.long_lines += 1;
                let answer = self.count(Answer::of(Reply::LineTooLong));
                if self.long_lines < MAX_LONG_LINES {
                    return answer;
                }
                Answer { action: Action::Dismiss, ..answer }
            }
        }
    }

    /// The handshake is made: everything that was said before it is forgotten.
    pub(super) fn tls_started(&mut self) {
        self.state = State::Fresh;
        self.tls = true;
    }

    /// Ends the transaction whose message is complete: its envelope, and how many replies the
    /// final dot has. `None` when there is none.
    pub(super) fn complete(&mut self, received_at: Timestamp) -> Option<(Envelope, usize)> {
        let Rules { peer, .. } = self.rules;
        let (client, transaction) = match std::mem::take(&mut self.state) {
            State::Receiving(client, transaction) => (client, transaction),
            state @ (State::Fresh | State::Greeted(_) | State::Addressing(..)) => {
                self.state = state;
                return None;
            }
        };
        let replies = transaction.replies(peer.protocol);
        let Transaction { parameters, recipients, sender, .. } = transaction;
        let envelope = Envelope {
            received_at,
            peer: peer.address,
            helo: client.name.clone(),
            protocol: client.transmission(self.tls, parameters.utf8),
            tls: self.tls,
            sender,
            recipients,
        };
        self.state = State::Greeted(client);
        Some((envelope, replies))
    }

    /// Ends the transaction with a message that is not taken for `reply`.
    pub(super) fn refuse_message(&mut self, reply: Reply) -> Answer {
        let times = match std::mem::take(&mut self.state) {
            State::Receiving(client, transaction) => {
                self.state = State::Greeted(client);
                transaction.replies(self.rules.peer.protocol)
            }
            state @ (State::Fresh | State::Greeted(_) | State::Addressing(..)) => {
                self.state = state;
                1
            }
        };
        self.count(Answer { times, ..Answer::of(reply) })
    }

    /// Counts a refusal against the client, and says what that leads to.
    fn count(&mut self, answer: Answer) -> Answer {
        if !answer.reply.is_refusal() {
            return answer;
        }
        let held_back = self.errors >= self.limits().tarpit_after_errors;
        self.errors = self.errors.saturating_add(1);
        let is_over = self.errors >= self.limits().max_errors
            || self.unknown_recipients >= self.limits().max_unknown_recipients;
        let goes_on = answer.action == Action::Continue;
        let action = if is_over && goes_on { Action::Dismiss } else { answer.action };
        Answer { action, held_back, ..answer }
    }
}

impl Answer {
    /// A reply, after which the next command is read.
    fn of(reply: Reply) -> Self {
        Self { action: Action::Continue, held_back: false, reply, times: 1 }
    }

    /// A reply, and what follows it.
    fn then(reply: Reply, action: Action) -> Self {
        Self { action, ..Self::of(reply) }
    }

    /// The last reply to a client, and no pause before it.
    pub(super) fn last(reply: Reply) -> Self {
        Self::then(reply, Action::Close)
    }
}

impl State {
    fn greeted(hello: Hello, name: String) -> Self {
        Self::Greeted(Client { hello, name })
    }

    fn apply<I: Intake>(
        self,
        command: Command,
        tls: bool,
        rules: &Rules,
        server: &ServerView<'_, I>,
    ) -> (Self, Answer) {
        let protocol = rules.peer.protocol;
        let (state, reply) = match (self, command) {
            (_, Command::Ehlo { host }) if protocol == Protocol::Smtp => {
                (Self::greeted(Hello::Ehlo, host), offer(rules, tls))
            }
            (_, Command::Helo { host }) if protocol == Protocol::Smtp => {
                let hostname = rules.settings.hostname.clone();
                (Self::greeted(Hello::Helo, host), Reply::Helo { hostname })
            }
            (_, Command::Lhlo { host }) if protocol == Protocol::Lmtp => {
                (Self::greeted(Hello::Lhlo, host), offer(rules, tls))
            }
            // RFC 2033 §4.1: each of the two protocols knows nothing of the other's greeting.
            (state, Command::Ehlo { .. } | Command::Helo { .. } | Command::Lhlo { .. }) => {
                (state, Reply::Command(CommandError::Verb))
            }
            (state, Command::Help) => (state, Reply::Help),
            (state, Command::Quit) => {
                return (state, Answer::then(Reply::Goodbye, Action::Leave));
            }
            (state, Command::StartTls) if tls => (state, Reply::TlsActive),
            (state, Command::StartTls) if rules.offers_tls => {
                return (state, Answer::then(Reply::StartTls, Action::StartTls));
            }
            (state, Command::StartTls) => (state, Reply::TlsNotOffered),
            (state, Command::Vrfy) => (state, Reply::Unverified),
            (Self::Greeted(client) | Self::Addressing(client, _), Command::Rset) => {
                (Self::Greeted(client), Reply::Done)
            }
            (state, Command::Noop | Command::Rset) => (state, Reply::Done),
            (Self::Greeted(client), Command::Mail { parameters, .. })
                if parameters.size > rules.limits().max_message_bytes =>
            {
                (Self::Greeted(client), Reply::MessageTooBig)
            }
            (Self::Greeted(client), Command::Mail { parameters, .. })
                if !has_room(parameters.size, rules, server) =>
            {
                (Self::Greeted(client), Reply::Full)
            }
            (Self::Greeted(client), Command::Mail { sender, parameters }) => {
                (Self::Addressing(client, Transaction::new(sender, parameters)), Reply::SenderTaken)
            }
            (
                Self::Addressing(client, mut transaction),
                Command::Rcpt { recipient, international },
            ) => {
                let reply = transaction.add(recipient, international, rules, server.intake);
                (Self::Addressing(client, transaction), reply)
            }
            (Self::Addressing(client, transaction), Command::Data) => {
                if let Some(reply) = transaction.obstacle(rules, server.intake) {
                    (Self::Addressing(client, transaction), reply)
                } else {
                    let answer = Answer::then(Reply::StartMail, Action::ReadMessage);
                    return (Self::Receiving(client, transaction), answer);
                }
            }
            (state, Command::Data | Command::Mail { .. } | Command::Rcpt { .. }) => {
                (state, Reply::BadSequence)
            }
        };
        (state, Answer::of(reply))
    }
}

/// Whether a message of `size` bytes would find room now; 0 when its size is not known.
fn has_room<I: Intake>(size: u64, rules: &Rules, server: &ServerView<'_, I>) -> bool {
    // What a client declares is not what it sends: the disk must have room for any message.
    (server.has_memory)(size) && server.intake.has_room(rules.limits().max_message_bytes)
}

/// The reply to EHLO or LHLO.
fn offer(rules: &Rules, tls: bool) -> Reply {
    Reply::Ehlo {
        hostname: rules.settings.hostname.clone(),
        max_message_bytes: rules.limits().max_message_bytes,
        offers_tls: rules.offers_tls && !tls,
    }
}

#[cfg(test)]
mod tests;
