//! Receiving mail: RFC 5321 with SIZE (1870), PIPELINING (2920), 8BITMIME (6152), SMTPUTF8
//! (6531), STARTTLS (3207) and enhanced status codes (2034, 3463).
//!
//! The receiver decides about the envelope only: who may connect, which mailboxes exist, how much
//! fits. What a mail says is judged later; its bytes are passed on as the client meant them, dots
//! unstuffed and nothing else touched. `250` after the final dot is sent once [`Intake::accept`]
//! has returned `Ok`, and not before.
//!
//! `RCPT TO:<postmaster>` (RFC 5321 §4.5.1) is mail for `postmaster@` and our own name. It is taken
//! when a branch of the registry has that address, and refused with `550` when none has: nobody
//! would read it.
//!
//! It does not relay, authenticate clients, look anything up in DNS, or write trace headers: what
//! those would say is in the [`Envelope`].
//!
//! # Layers
//! | module | does | knows of sockets |
//! |---|---|---|
//! | `framing` | cuts bytes into command lines and a message | no |
//! | `command` | reads one line; names `smtp-proto` | no |
//! | `session` | the order of commands, the transaction | no |
//! | `reply` | every sentence that we send | no |
//! | `dialogue` | the four above as one: bytes in, steps out | no |
//! | `connection` | one client: reads, writes, time limits, TLS | yes |
//! | `admission` | connection counts, memory for messages | no |
//! | `listener` | accepts, drains | yes |
//!
//! [`rehearse`] holds a whole conversation without a socket, for tests and fuzzing.
//!
//! # Smuggling
//! A line feed without a carriage return before it ends the connection with `521` wherever it
//! stands, so no message can carry bytes that another server took for its end. The one end of a
//! message is `.` CRLF at the start of a line that follows CRLF.

use std::{future::Future, io, net::SocketAddr, path::PathBuf, sync::Arc};

use crate::domain::{Envelope, MailAddress, MailId};

mod admission;
mod command;
mod connection;
mod dialogue;
mod framing;
mod limits;
mod listener;
mod rehearsal;
mod reply;
mod session;
mod tls;

pub use limits::Limits;
pub use listener::{Listener, Reception};
pub use rehearsal::{Mail, Rehearsal, rehearse};
pub use tls::tls_config;

/// What stands behind the receiver: it knows the mailboxes and takes the mails.
pub trait Intake: Send + Sync + 'static {
    /// Whether mail for `recipient` is taken. Asked for every RCPT, so it must answer from memory.
    fn knows(&self, recipient: &MailAddress) -> bool;

    /// Takes responsibility for `message` (RFC 5321 §4.2.5): returns `Ok` only once it is durable,
    /// for the client is then told that it may forget it.
    ///
    /// Dropped unfinished when the commit's time is up; the client then tries again, so the same
    /// mail may come twice.
    fn accept(
        &self,
        envelope: Envelope,
        message: Vec<u8>,
    ) -> impl Future<Output = Result<MailId, IntakeError>> + Send;
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

/// What the receiver needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in the greeting and in the reply to EHLO: a fully qualified domain name.
    pub hostname: String,
    /// What a client may use up.
    pub limits: Limits,
    /// The certificate to offer with STARTTLS, from [`tls_config`]; without one it is not offered.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// Why the receiver cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The listening socket could not be opened.
    #[error("cannot listen for mail on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate file holds no certificate, or one that cannot be read.
    #[error("{} is not a certificate in PEM form: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key file holds no private key, or one that cannot be read.
    #[error("{} is not a private key in PEM form: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key are readable and do not belong together.
    #[error(
        "the key in {} does not belong to the certificate in {}: {source}",
        key.display(),
        certificate.display()
    )]
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
}
