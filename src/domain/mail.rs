//! What SMTP told us about a mail.

mod trace;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{MailAddress, Timestamp, named};

pub use trace::without_trace;

/// The envelope of an accepted mail (RFC 5321 §2.3.1), with what we saw of its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// When the final dot was read.
    pub received_at: Timestamp,
    /// The address of the client; `None` over a Unix socket, where there is none.
    pub peer: Option<IpAddr>,
    /// The client's own name for itself in EHLO, HELO or LHLO, as sent.
    pub helo: String,
    /// How the mail was handed over. An envelope written without it counts as ESMTP.
    #[serde(default)]
    pub protocol: TransmissionType,
    /// Whether the mail came over TLS.
    pub tls: bool,
    /// The reverse-path; `None` for the null sender `<>`.
    pub sender: Option<MailAddress>,
    /// The forward-paths that we accepted, at least one, in the order given.
    pub recipients: Vec<MailAddress>,
}

impl Envelope {
    /// An envelope from the null sender, handed over in the clear by a client of which nothing is
    /// known.
    #[must_use]
    pub fn new(received_at: Timestamp, recipients: Vec<MailAddress>) -> Self {
        Self {
            received_at,
            peer: None,
            helo: String::new(),
            protocol: TransmissionType::default(),
            tls: false,
            sender: None,
            recipients,
        }
    }
}

named! {
    /// How a mail was handed over, as `Received:` says it after `with`: the mail transmission types
    /// of RFC 3848 and RFC 6531 §4.3, without those of clients that authenticate.
    #[derive(Default)]
    pub enum TransmissionType {
        /// EHLO.
        #[default]
        Esmtp = "ESMTP",
        /// EHLO within TLS.
        Esmtps = "ESMTPS",
        /// LHLO.
        Lmtp = "LMTP",
        /// LHLO within TLS.
        Lmtps = "LMTPS",
        /// HELO.
        Smtp = "SMTP",
        /// LHLO, and SMTPUTF8 was asked for.
        Utf8Lmtp = "UTF8LMTP",
        /// LHLO within TLS, and SMTPUTF8 was asked for.
        Utf8Lmtps = "UTF8LMTPS",
        /// EHLO, and SMTPUTF8 was asked for.
        Utf8Smtp = "UTF8SMTP",
        /// EHLO within TLS, and SMTPUTF8 was asked for.
        Utf8Smtps = "UTF8SMTPS",
    }
}
