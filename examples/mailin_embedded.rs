//! Skrynka's [`Intake`] behind the `mailin-embedded` server, for a relay on the same machine.
//!
//! Where a mail server already faces the Internet and passes mail on over loopback, its sessions
//! are orderly and few, and a small blocking server is enough. That is all this is good for:
//! `mailin-embedded` 0.8.3 must not be reachable by anyone else.
//!
//! | what it does | so |
//! |---|---|
//! | ends a message at a dot after a *bare* LF, and unstuffs dots there | the relay must refuse or rewrite bare LF: else a second mail can be smuggled in, and signed content changes |
//! | no limit on the length of a line or of a message | [`Relay`] stops keeping after [`MAX_MESSAGE_BYTES`]; a line without an end still fills memory |
//! | one thread for a connection, the rest wait unserved | as many threads as the relay opens connections |
//! | a panic in a handler kills its thread for good, and the last one the process | every method that does work catches panics |
//! | `Err` from `data` is answered for each line, and with 250 at the end | `data` never fails; a mail that is too big is refused at its dot |
//! | an error from `data_end` leaves the session within DATA | errors there close the connection, see [`last_word`] |
//! | `data_end` blocks its thread until the mail is kept | commits overlap only across threads |
//! | `MAIL FROM:<>` is a syntax error | bounces do not come in this way |
//! | it cannot be stopped | it ends with the process; a mail without its 250 is sent again |
//!
//! TLS is left out: nothing leaves the machine.
//!
//! Run it with `cargo run --example mailin_embedded`, then send to `branch@docs.example.ua` on
//! the port it prints.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, TcpListener},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use mailin_embedded::{Action, Handler, Response, Server, SslConfig, response};
use skrynka::{
    clock::Clock,
    domain::{Envelope, MailAddress, MailId, TransmissionType},
    smtp::{Intake, IntakeError, Mail},
};
use tokio::runtime::Handle;

/// What a message may have, in bytes.
const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// What a message may have of recipients (RFC 5321 §4.5.3.1.8).
const MAX_RECIPIENTS: usize = 100;

/// Connections served at once.
const THREADS: u32 = 16;

/// One session with the relay; `mailin-embedded` clones the first for each connection.
struct Relay<I> {
    clock: Clock,
    intake: Arc<I>,
    runtime: Handle,
    helo: String,
    peer: IpAddr,
    sender: Option<MailAddress>,
    recipients: Vec<MailAddress>,
    message: Vec<u8>,
    too_big: bool,
}

impl<I> Clone for Relay<I> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.intake), self.clock.clone(), self.runtime.clone())
    }
}

impl<I> Relay<I> {
    fn new(intake: Arc<I>, clock: Clock, runtime: Handle) -> Self {
        Self {
            clock,
            intake,
            runtime,
            helo: String::new(),
            peer: IpAddr::from(Ipv4Addr::LOCALHOST),
            sender: None,
            recipients: Vec::new(),
            message: Vec::new(),
            too_big: false,
        }
    }

    /// Forgets the transaction before.
    fn begin(&mut self, sender: Option<MailAddress>) {
        self.sender = sender;
        self.recipients = Vec::new();
        self.message = Vec::new();
        self.too_big = false;
    }
}

impl<I: Intake> Relay<I> {
    fn add(&mut self, recipient: &str) -> Response {
        let Ok(recipient) = recipient.parse() else { return response::BAD_MAILBOX };
        if !self.intake.knows(&recipient) {
            return response::NO_MAILBOX;
        }
        if self.recipients.len() >= MAX_RECIPIENTS {
            return Response::custom(452, "4.5.3 Too many recipients".to_owned());
        }
        self.recipients.push(recipient);
        response::OK
    }

    fn keep(&mut self) -> Response {
        if self.too_big {
            return last_word(552, "5.3.4 Message too big");
        }
        let envelope = Envelope {
            peer: Some(self.peer),
            helo: self.helo.clone(),
            protocol: TransmissionType::Smtp,
            sender: self.sender.take(),
            ..Envelope::new(self.clock.now(), std::mem::take(&mut self.recipients))
        };
        let message = std::mem::take(&mut self.message);
        match self.runtime.block_on(self.intake.accept(Mail { envelope, message })) {
            Ok(id) => Response::custom(250, format!("2.0.0 {id}")),
            Err(IntakeError::Full) => last_word(452, "4.3.1 No room for the mail"),
            Err(_) => last_word(451, "4.3.0 The mail could not be kept"),
        }
    }
}

impl<I: Intake> Handler for Relay<I> {
    fn helo(&mut self, peer: IpAddr, domain: &str) -> Response {
        self.peer = peer;
        domain.clone_into(&mut self.helo);
        response::OK
    }

    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        let Ok(sender) = from.parse() else { return response::BAD_MAILBOX };
        self.begin(Some(sender));
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        guarded(|| self.add(to))
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if self.too_big || line.len() > MAX_MESSAGE_BYTES - self.message.len() {
            self.too_big = true;
            self.message = Vec::new();
        } else {
            self.message.extend_from_slice(line);
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        guarded(|| self.keep())
    }
}

/// The answer of `work`, or a failure of ours when it panics.
fn guarded(work: impl FnOnce() -> Response) -> Response {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| last_word(451, "4.3.0 Internal error"))
}

/// A reply after which the connection is closed: the session would take what the relay says next
/// for more of the message.
fn last_word(code: u16, text: &str) -> Response {
    let mut response = Response::custom(code, text.to_owned());
    response.action = Action::Close;
    response
}

/// Stands in for the spool: it names mails and keeps none.
struct Doorstep;

impl Intake for Doorstep {
    fn knows(&self, recipient: &MailAddress) -> bool {
        recipient.split_sub_address().0.key() == "branch@docs.example.ua"
    }

    fn serves(&self, domain: &str) -> bool {
        domain == "docs.example.ua"
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }

    fn queued(&self) -> usize {
        0
    }

    fn postmaster(&self) -> Option<MailAddress> {
        None
    }

    async fn accept(&self, mail: Mail) -> Result<MailId, IntakeError> {
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|_| IntakeError::Failed)?;
        let id = MailId::new(mail.envelope.received_at, random);
        tracing::info!(message.id = %id, size_bytes = mail.message.len(), "a mail came and went");
        Ok(id)
    }
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let runtime = tokio::runtime::Runtime::new()?;
    let relay = Relay::new(Arc::new(Doorstep), Clock::system(), runtime.handle().clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    tracing::info!(address = %listener.local_addr()?, "waiting for the relay");
    let mut server = Server::new(relay);
    server.with_name("localhost").with_num_threads(THREADS).with_tcp_listener(listener);
    server.with_ssl(SslConfig::None).map_err(|error| anyhow::anyhow!("{error}"))?;
    server.serve().map_err(|error| anyhow::anyhow!("{error}"))
}
