//! What SMTP told us about a mail.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{MailAddress, Timestamp};

/// The envelope of an accepted mail (RFC 5321 §2.3.1), with what we saw of its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// When the final dot was read.
    pub received_at: Timestamp,
    /// The address of the client.
    pub peer: IpAddr,
    /// The client's own name for itself in EHLO or HELO, as sent.
    pub helo: String,
    /// Whether the mail came over TLS.
    pub tls: bool,
    /// The reverse-path; `None` for the null sender `<>`.
    pub sender: Option<MailAddress>,
    /// The forward-paths that we accepted, at least one, in the order given.
    pub recipients: Vec<MailAddress>,
}
