//! A conversation without a socket, for tests and fuzzing.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{
    Intake, IntakeError, Limits, Mail, Protocol, Settings,
    dialogue::{Dialogue, Step},
    session::{Peer, Rules, ServerView},
};
use crate::{
    clock::Clock,
    domain::{MailAddress, MailId, Timestamp},
};

/// What became of a simulated conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Whether we ended it.
    pub closed: bool,
    /// The mails, in order; each was answered with 250.
    pub mails: Vec<Mail>,
    /// All that we sent.
    pub replies: Vec<u8>,
}

/// Holds a conversation with a client that sends `reads`, one after the other, and never waits.
///
/// Every mailbox for which `known` says so exists, and one for the postmaster. Every mail is kept
/// under an id that counts them, and memory is always found. STARTTLS is offered; the handshake is
/// taken for made, and what comes in later reads for the inside of TLS. Of `limits`, those on time,
/// connections and memory have no effect.
pub fn simulate<'a>(
    protocol: Protocol,
    limits: &Limits,
    known: impl Fn(&MailAddress) -> bool + Send + Sync + 'static,
    reads: impl IntoIterator<Item = &'a [u8]>,
) -> Simulation {
    let mut dialogue = Dialogue::new(rules("mx.example.ua", limits, true, protocol));
    let mut simulation = Simulation::default();
    let mut reads = reads.into_iter();
    let server = ServerView {
        clock: &Clock::fixed(Timestamp::from_seconds(0)),
        has_memory: &|_| true,
        intake: &Mailboxes(known),
    };
    loop {
        match dialogue.next(&server) {
            Step::Close | Step::Leave => {
                simulation.closed = true;
                return simulation;
            }
            Step::Commit(mail) => {
                dialogue.settle(Ok(numbered(simulation.mails.len())));
                simulation.mails.push(mail);
            }
            Step::Read => match reads.next() {
                Some(bytes) => dialogue.input().extend_from_slice(bytes),
                None => return simulation,
            },
            Step::Reply(reply) => reply.write_to(&mut simulation.replies),
            Step::Reserve { wanted, .. } => dialogue.grant(wanted),
            Step::StartTls => dialogue.tls_started(),
            Step::Tarpit => {}
        }
    }
}

/// Cuts what a client says into the groups that it may send at once (RFC 2920 §3.1): it waits for
/// a reply after each line that could greet, or begin a message or TLS.
///
/// How the bytes of a group are spread over reads makes no difference to a conversation; across
/// the end of a group it does, for what comes too early is refused.
#[must_use]
pub fn groups(bytes: &[u8]) -> Vec<&[u8]> {
    let mut groups = Vec::new();
    let mut rest = bytes;
    let mut end = 0_usize;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end = end.saturating_add(line.len());
        if ends_group(line)
            && let Some((group, after)) = rest.split_at_checked(end)
        {
            groups.push(group);
            (rest, end) = (after, 0);
        }
    }
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups
}

fn ends_group(line: &[u8]) -> bool {
    let line = line.to_ascii_uppercase();
    ["DATA", "EHLO", "HELO", "LHLO", "STARTTLS"]
        .iter()
        .any(|verb| line.windows(verb.len()).any(|word| word == verb.as_bytes()))
}

/// An address of RFC 5737 that no limit exempts.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Rules for a client at an address that no server has.
pub(super) fn rules(
    hostname: &str,
    limits: &Limits,
    offers_tls: bool,
    protocol: Protocol,
) -> Rules {
    let peer = Peer { address: Some(CLIENT), begins_with_tls: false, protocol, reached: None };
    let (hostname, limits) = (hostname.to_owned(), limits.clone());
    let settings = Settings { hostname, limits, proxy_from: Vec::new(), tls: None };
    Rules { peer, offers_tls, settings: Arc::new(settings) }
}

fn numbered(index: usize) -> MailId {
    let seconds = i64::try_from(index).unwrap_or(i64::MAX);
    MailId::new(Timestamp::from_seconds(seconds), [0; 10])
}

/// The mailboxes of a conversation without a server.
pub(super) struct Mailboxes<F>(pub(super) F);

impl<F: Fn(&MailAddress) -> bool + Send + Sync + 'static> Intake for Mailboxes<F> {
    fn knows(&self, recipient: &MailAddress) -> bool {
        self.0(recipient)
    }

    fn serves(&self, _: &str) -> bool {
        false
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }

    fn queued(&self) -> usize {
        0
    }

    fn postmaster(&self) -> Option<MailAddress> {
        "postmaster@localhost".parse().ok()
    }

    async fn accept(&self, _: Mail) -> Result<MailId, IntakeError> {
        Err(IntakeError::Failed)
    }
}
