//! The order of commands and the mail transaction (RFC 5321 §3.3, §4.1.4; RFC 3207 §4.2).
//!
//! A pure state machine: a parsed command goes in, a reply and what to do next come out. It reads
//! no bytes and keeps no message; [`super::dialogue`] does.

use std::sync::Arc;

use super::{
    Limits,
    command::{Command, CommandError, Recipient},
    framing::Defect,
    reply::Reply,
};
use crate::domain::MailAddress;

/// What holds for every session of a listener.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) hostname: String,
    pub(super) max_errors: usize,
    pub(super) max_message_bytes: u64,
    pub(super) max_recipients: usize,
    pub(super) offers_tls: bool,
}

impl Rules {
    pub(super) fn new(hostname: &str, limits: &Limits, offers_tls: bool) -> Self {
        Self {
            hostname: hostname.to_owned(),
            max_errors: limits.max_errors,
            max_message_bytes: limits.max_message_bytes,
            max_recipients: limits.max_recipients,
            offers_tls,
        }
    }
}

/// What a session asks of the server around it. Answers come from memory.
pub(super) trait Surroundings {
    /// Whether mail for `recipient` is taken.
    fn knows(&self, recipient: &MailAddress) -> bool;

    /// Whether a message of `bytes` would find room now.
    fn has_room(&self, bytes: u64) -> bool;
}

/// The answer to one command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) reply: Reply,
    pub(super) then: Then,
}

/// What follows a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The connection ends.
    Close,
    /// The next command is read.
    Continue,
    /// The connection ends with [`Reply::TooManyErrors`].
    Dismiss,
    /// The message is read.
    ReadMessage,
    /// The TLS handshake is made.
    StartTls,
}

/// A mail whose message is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Addressed {
    pub(super) helo: String,
    pub(super) sender: Option<MailAddress>,
    pub(super) recipients: Vec<MailAddress>,
}

/// One client's session.
#[derive(Debug)]
pub(super) struct Session {
    errors: usize,
    long_lines: usize,
    rules: Arc<Rules>,
    state: State,
    tls: bool,
}

/// How far the dialogue has come.
#[derive(Debug, Default)]
enum State {
    /// The client has not said who it is, or not since TLS began.
    #[default]
    Fresh,
    /// It has, and no transaction is open.
    Greeted(Client),
    /// MAIL was taken.
    Addressing(Client, Transaction),
    /// DATA was taken, the message is being read.
    Receiving(Client, Transaction),
}

#[derive(Debug)]
struct Client {
    name: String,
}

#[derive(Debug)]
struct Transaction {
    sender: Option<MailAddress>,
    recipients: Vec<MailAddress>,
    refused: bool,
    utf8: bool,
}

/// Overlong lines after which a client is dismissed: each costs more to read than a command.
const MAX_LONG_LINES: usize = 3;

impl Session {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self { errors: 0, long_lines: 0, rules, state: State::Fresh, tls: false }
    }

    /// The first words to a client.
    pub(super) fn greeting(&self) -> Reply {
        Reply::Greeting { hostname: self.rules.hostname.clone() }
    }

    /// Whether TLS is active.
    pub(super) fn is_secure(&self) -> bool {
        self.tls
    }

    /// Carries out a command.
    pub(super) fn command(
        &mut self,
        parsed: Result<Command, CommandError>,
        surroundings: &dyn Surroundings,
    ) -> Turn {
        let reply = match parsed {
            Ok(command) => {
                let state = std::mem::take(&mut self.state);
                let (state, reply) = state.apply(command, self.tls, &self.rules, surroundings);
                self.state = state;
                reply
            }
            Err(error) => Reply::Command(error),
        };
        self.turn(reply)
    }

    /// Answers a breach of the framing rules. A message in transit is lost.
    pub(super) fn defect(&mut self, defect: Defect) -> Turn {
        match defect {
            Defect::BareLineFeed => Turn { reply: Reply::BareLineFeed, then: Then::Close },
            Defect::EndlessLine => Turn { reply: Reply::TooManyErrors, then: Then::Close },
            Defect::LongLine => {
                self.long_lines += 1;
                let turn = self.turn(Reply::LineTooLong);
                if self.long_lines < MAX_LONG_LINES {
                    return turn;
                }
                Turn { then: Then::Dismiss, ..turn }
            }
        }
    }

    /// The handshake is made: everything that was said before it is forgotten.
    pub(super) fn tls_started(&mut self) {
        self.state = State::Fresh;
        self.tls = true;
    }

    /// Ends the transaction whose message is complete. `None` when there is none.
    pub(super) fn complete(&mut self) -> Option<Addressed> {
        match std::mem::take(&mut self.state) {
            State::Receiving(client, Transaction { sender, recipients, .. }) => {
                let helo = client.name.clone();
                self.state = State::Greeted(client);
                Some(Addressed { helo, sender, recipients })
            }
            state @ (State::Fresh | State::Greeted(_) | State::Addressing(..)) => {
                self.state = state;
                None
            }
        }
    }

    /// Ends the transaction with a message that is not taken for `reply`.
    pub(super) fn refuse_message(&mut self, reply: Reply) -> Turn {
        self.complete();
        self.turn(reply)
    }

    fn turn(&mut self, reply: Reply) -> Turn {
        if reply.is_refusal() {
            self.errors += 1;
        }
        let then = if matches!(reply, Reply::Goodbye | Reply::Command(CommandError::Http)) {
            Then::Close
        } else if reply == Reply::StartMail {
            Then::ReadMessage
        } else if reply == Reply::StartTls {
            Then::StartTls
        } else if reply.is_refusal() && self.errors >= self.rules.max_errors {
            Then::Dismiss
        } else {
            Then::Continue
        };
        Turn { reply, then }
    }
}

impl State {
    fn apply(
        self,
        command: Command,
        tls: bool,
        rules: &Rules,
        surroundings: &dyn Surroundings,
    ) -> (Self, Reply) {
        match (self, command) {
            (_, Command::Ehlo { host }) => {
                let reply = Reply::Ehlo {
                    hostname: rules.hostname.clone(),
                    max_message_bytes: rules.max_message_bytes,
                    offers_tls: rules.offers_tls && !tls,
                };
                (Self::Greeted(Client { name: host }), reply)
            }
            (_, Command::Helo { host }) => {
                let reply = Reply::Helo { hostname: rules.hostname.clone() };
                (Self::Greeted(Client { name: host }), reply)
            }
            (state, Command::Help) => (state, Reply::Help),
            (state, Command::Quit) => (state, Reply::Goodbye),
            (state, Command::StartTls) if tls => (state, Reply::TlsActive),
            (state, Command::StartTls) if rules.offers_tls => (state, Reply::StartTls),
            (state, Command::StartTls) => (state, Reply::TlsNotOffered),
            (state, Command::Vrfy) => (state, Reply::Unverified),
            (Self::Greeted(client) | Self::Addressing(client, _), Command::Rset) => {
                (Self::Greeted(client), Reply::Done)
            }
            (state, Command::Noop | Command::Rset) => (state, Reply::Done),
            (Self::Greeted(client), Command::Mail { sender, size, utf8 }) => {
                if size > rules.max_message_bytes {
                    return (Self::Greeted(client), Reply::MessageTooBig);
                }
                if !surroundings.has_room(size) {
                    return (Self::Greeted(client), Reply::Full);
                }
                let transaction =
                    Transaction { sender, recipients: Vec::new(), refused: false, utf8 };
                (Self::Addressing(client, transaction), Reply::SenderTaken)
            }
            (Self::Addressing(client, mut transaction), Command::Rcpt { recipient }) => {
                let reply = transaction.add(recipient, rules, surroundings);
                (Self::Addressing(client, transaction), reply)
            }
            (Self::Addressing(client, transaction), Command::Data) => {
                if transaction.recipients.is_empty() {
                    let reply = if transaction.refused {
                        Reply::NoValidRecipient
                    } else {
                        Reply::BadSequence
                    };
                    return (Self::Addressing(client, transaction), reply);
                }
                (Self::Receiving(client, transaction), Reply::StartMail)
            }
            (state, Command::Data | Command::Mail { .. } | Command::Rcpt { .. }) => {
                (state, Reply::BadSequence)
            }
        }
    }
}

impl Transaction {
    fn add(
        &mut self,
        recipient: Recipient,
        rules: &Rules,
        surroundings: &dyn Surroundings,
    ) -> Reply {
        let recipient = match recipient {
            Recipient::Mailbox(mailbox) => mailbox,
            Recipient::Postmaster => match format!("postmaster@{}", rules.hostname).parse() {
                Ok(mailbox) => mailbox,
                Err(_) => return self.refuse(Reply::RecipientUnknown),
            },
        };
        if !self.utf8 && !recipient.to_string().is_ascii() {
            return self.refuse(Reply::Command(CommandError::AddressNeedsUtf8));
        }
        if !surroundings.knows(&recipient) {
            return self.refuse(Reply::RecipientUnknown);
        }
        if self.recipients.contains(&recipient) {
            return Reply::RecipientKnown;
        }
        if self.recipients.len() >= rules.max_recipients {
            return Reply::TooManyRecipients;
        }
        self.recipients.push(recipient);
        Reply::RecipientKnown
    }

    fn refuse(&mut self, reply: Reply) -> Reply {
        self.refused = true;
        reply
    }
}

#[cfg(test)]
mod tests;
