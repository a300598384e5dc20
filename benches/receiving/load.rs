//! The load: Postfix's `smtp-source`, a connection for each mail.

use std::{
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

/// Where all mail goes. Each server takes mail for it.
pub(super) const RECIPIENT: &str = "branch@docs.example.ua";

/// How many clients at once, and the size of their mails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) mail_bytes: u64,
    pub(super) sessions: u64,
}

impl Shape {
    /// Sends `mails` to `address`; how long it took until the last one was acknowledged.
    pub(super) fn send(self, mails: u64, address: SocketAddr) -> Duration {
        let begin = Instant::now();
        let ran = Command::new("smtp-source")
            .args(["-M", "client.example.ua", "-f", "visitor@example.ua", "-t", RECIPIENT])
            .args(["-s", &self.sessions.min(mails).to_string()])
            .args(["-l", &self.mail_bytes.to_string()])
            .args(["-m", &mails.to_string()])
            .arg(address.to_string())
            .output()
            .unwrap();
        let elapsed = begin.elapsed();
        assert!(ran.status.success(), "smtp-source: {}", String::from_utf8_lossy(&ran.stderr));
        elapsed
    }
}
