//! Receiving mail: RFC 5321 with SIZE (1870), PIPELINING (2920), 8BITMIME (6152), SMTPUTF8
//! (6531), STARTTLS (3207) and enhanced status codes (2034, 3463); and LMTP (2033). Every rule,
//! what becomes of it and the test that shows it stand in `docs/conformance.md`.
//!
//! The receiver decides about the envelope only: who may connect, which mailboxes exist, how much
//! fits. What a mail says is judged later; its bytes are passed on as the client meant them, dots
//! unstuffed and nothing else touched. `250` after the final dot is sent once [`Intake::accept`]
//! has returned `Ok`, and not before.
//!
//! Mail for the postmaster (RFC 5321 §4.5.1) is taken as long as there is any mailbox, at our own
//! name, at each domain with a mailbox and at the address that the client has connected to: it goes
//! to the mailbox of that name when there is one, or else to [`Intake::postmaster`].
//!
//! It does not relay, authenticate clients, look anything up in DNS, or write trace headers: what
//! those would say is in the [`Envelope`].
//!
//! # Layers
//! | module | does | knows of sockets |
//! |---|---|---|
//! | `framing` | cuts bytes into command lines and a message | no |
//! | `hops` | counts the servers that a message came by | no |
//! | `command` | reads one line; names `smtp-proto` | no |
//! | `session` | the order of commands, the transaction | no |
//! | `reply` | every sentence that we send | no |
//! | `dialogue` | the four above as one: bytes in, steps out | no |
//! | `connection` | one client: reads, writes, time limits, TLS | yes |
//! | `server_state` | what all connections share, and the settings for the next one | no |
//! | `admission` | connection counts, memory for messages | no |
//! | `pressure` | how near all of that is to its limits | no |
//! | `proxy` | who is behind a balancer | its header only |
//! | `listener` | accepts, drains; TCP, and LMTP over Unix sockets | yes |
//!
//! [`simulate`] holds a whole conversation without a socket, for tests and fuzzing.
//!
//! # Smuggling
//! A line feed without a carriage return before it ends the connection with `521` wherever it
//! stands, so no message can carry bytes that another server took for its end. The one end of a
//! message is `.` CRLF at the start of a line that follows CRLF.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    domain::{Envelope, MailAddress, MailId, Network},
    tls::TlsConfig,
};

mod admission;
mod command;
mod connection;
mod dialogue;
mod framing;
mod hops;
mod limits;
mod listener;
mod pressure;
mod proxy;
mod reply;
mod server_state;
mod session;
mod simulation;

pub use limits::Limits;
pub use listener::{Listener, LmtpListener, Reception};
pub use proxy::{ProxyError, ProxySource, read_proxy_header};
pub use simulation::{Simulation, groups, simulate};

/// A mail as its client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What the commands before the message said, and what is known of the client.
    pub envelope: Envelope,
    /// Its bytes, dots unstuffed and nothing else touched.
    pub message: Vec<u8>,
}

/// What the receiver hands mails to. It knows the mailboxes.
pub trait Intake: Send + Sync + 'static {
    /// Whether mail for `recipient` is taken. Asked for every RCPT, so it must answer from memory.
    fn knows(&self, recipient: &MailAddress) -> bool;

    /// Whether there is a mailbox at `domain`, which is in lower case: mail for its postmaster is
    /// taken then (RFC 5321 §4.5.1). Asked for such mail, so it must answer from memory.
    fn serves(&self, domain: &str) -> bool;

    /// Whether the disk has room for one and a half times `bytes`, without the reserve. Asked for
    /// every MAIL, so it must answer from memory.
    fn has_room(&self, bytes: u64) -> bool;

    /// How many mails wait for their commit.
    fn queued(&self) -> usize;

    /// The mailbox that mail for `<postmaster>` goes to (RFC 5321 §4.5.1); `None` when there is
    /// no mailbox at all, and then mail for recipients that are not known is put off with `451`.
    fn postmaster(&self) -> Option<MailAddress>;

    /// Takes responsibility for a mail (RFC 5321 §4.2.5): returns `Ok` only once it is durable,
    /// for the client is then told that it may forget it.
    ///
    /// When the commit's time is up the client is told to try again, so the same mail may come
    /// twice; this goes on to its end, and the memory of the message counts as used until then.
    fn accept(&self, mail: Mail) -> impl Future<Output = Result<MailId, IntakeError>> + Send;
}

/// Why a mail was not taken. It is our failure in every case: the client is asked to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// Keeping the mail failed; answered with `451 4.3.0`.
    #[error("the mail could not be kept")]
    Failed,
    /// There is no room for the mail; answered with `452 4.3.1`.
    #[error("there is no room for the mail")]
    Full,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 2033: LHLO, and a reply for each recipient after the final dot.
    Lmtp,
    /// RFC 5321.
    #[default]
    Smtp,
}

/// What the receiver needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in the greeting and in the reply to EHLO: a fully qualified domain name.
    pub hostname: String,
    /// What a client may use up.
    pub limits: Limits,
    /// Balancers: a TCP connection from one of these networks must begin with a PROXY header of
    /// version 2, and the address in it is the client's. From elsewhere such a header is no
    /// command.
    pub proxy_from: Vec<Network>,
    /// The certificate for TLS; without one STARTTLS is not offered.
    pub tls: Option<Arc<TlsConfig>>,
}

impl Settings {
    /// Whether a connection from `peer` begins with a PROXY header.
    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxy_from.iter().any(|network| network.contains(peer))
    }
}

/// Why the receiver cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each sentence says what it is about")]
pub enum SmtpError {
    #[error("cannot listen for mail on {address}: {source}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("cannot listen for mail on the socket {}: {source}", path.display())]
    BindLmtp { path: PathBuf, source: io::Error },
    #[error("the socket handed over to listen for mail cannot be used: {source}")]
    Inherited { source: io::Error },
    #[error("{} is there and is not a socket: remove it, or name another path", path.display())]
    LmtpOccupied { path: PathBuf },
    #[error("another server listens on {}: stop it first", path.display())]
    LmtpTaken { path: PathBuf },
}
