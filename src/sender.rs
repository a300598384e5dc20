//! What the sender's domain says of a mail: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989),
//! as findings of severity info.
//!
//! They are signals for those who look, and nothing rests on them: a mail is never refused for one
//! and a document never believed. They are asked for after the `250`, so no client waits for a DNS;
//! a DNS that does not answer makes `temperror` and never a mistake. The words of the results are
//! those of RFC 8601 §2.7.
//!
//! What a mail says of itself in `Authentication-Results` is not read (RFC 8601 §5): everybody can
//! write that. ARC is not looked at: there is no list of sealers to believe.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod breaker;
mod letter;
mod resolver;
mod signal;
mod silence;

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcOutput, DnsError, Error, SpfOutput,
    SpfResult, dmarc::verify::DmarcParameters, spf::verify::SpfParameters,
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
    time::Instant,
};

use crate::domain::{Envelope, Finding, MailAddress, Timestamp};

use breaker::{Breaker, Passage};
use letter::Letter;
use resolver::Resolver;
use signal::{Signals, shown};
use silence::Silence;

pub use resolver::Settings;

/// The name in SPF macros of a host that does not tell its own (RFC 7208 §7.3).
const UNKNOWN: &str = "unknown";

/// How many mails are asked about at once.
const AT_ONCE: usize = 64;

/// What SMTP told of a mail's sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address of the client; `None` when somebody in front of us took the mail, and SPF has
    /// nothing to say then.
    pub peer: Option<IpAddr>,
    /// The client's own name for itself in EHLO, as sent.
    pub helo: String,
    /// The reverse-path; `None` for the null sender `<>`.
    pub sender: Option<MailAddress>,
    /// When the mail was accepted: the moment that signatures are judged for.
    pub received_at: Timestamp,
}

impl From<&Envelope> for Origin {
    fn from(envelope: &Envelope) -> Self {
        Self {
            peer: envelope.peer,
            helo: envelope.helo.clone(),
            sender: envelope.sender.clone(),
            received_at: envelope.received_at,
        }
    }
}

/// Asks the DNS about senders. Cloning is cheap; clones share a bounded cache and what is known of
/// the DNS.
#[derive(Clone, Debug)]
pub struct Checks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` when the system names no DNS server.
    resolver: Option<Resolver>,
    timeout: Duration,
    breaker: Breaker,
    silence: Silence,
    /// One for each mail that is asked about.
    questions: Arc<Semaphore>,
}

impl Checks {
    /// Checks that ask as `settings` say. Without a usable DNS server they answer `temperror`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let resolver = Resolver::new(settings)
            .inspect_err(|error| {
                tracing::warn!(%error, "no DNS server is known: the signals of senders stay \
                    `temperror`; name one in [sender] resolver, or set [sender] check = false");
            })
            .ok();
        Self(Arc::new(Inner {
            resolver,
            timeout: settings.timeout,
            breaker: Breaker::default(),
            silence: Silence::default(),
            questions: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }

    /// What SPF, DKIM and DMARC say of the mail `raw`: one finding for SPF, one for DMARC and one
    /// for each signature of DKIM, of the first few. Takes little more than the timeout at most,
    /// and next to no time (`temperror`) while the DNS is known to be silent, for questions that
    /// went unanswered within the last minute, and while 64 other mails are asked about. Asking
    /// ends when the future is dropped.
    ///
    /// Belongs on a runtime of tokio with time and network.
    pub async fn findings(&self, origin: Origin, raw: Bytes) -> Vec<Finding> {
        let Ok(place) = Arc::clone(&self.0.questions).try_acquire_owned() else {
            return unasked(&origin);
        };
        if !self.0.may_ask().await {
            return unasked(&origin);
        }
        let (inner, runtime) = (Arc::clone(&self.0), Handle::current());
        let (_asking, given_up) = oneshot::channel::<()>();
        // On a thread of its own: the digest of a large body takes a while, and a panic over
        // hostile bytes ends there.
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            let signals = runtime.block_on(async {
                tokio::select! {
                    signals = inner.ask(&origin, &raw) => signals,
                    _ = given_up => Signals::temporary_error(&origin),
                }
            });
            (signals, inner)
        });
        let Ok((signals, inner)) = task.await else {
            tracing::error!("checking the sender of a mail panicked");
            return Signals::permanent_error().findings();
        };
        inner.learn(&signals).await;
        signals.findings()
    }
}

/// What is said of a mail that nobody is asked about: `temperror`.
#[must_use]
pub fn unasked(origin: &Origin) -> Vec<Finding> {
    Signals::temporary_error(origin).findings()
}

impl Inner {
    async fn may_ask(&self) -> bool {
        let Some(resolver) = &self.resolver else { return false };
        match self.breaker.passage(Instant::now()) {
            Passage::Ask => true,
            Passage::Skip => false,
            Passage::Probe => {
                let answers = resolver.answers().await;
                if answers {
                    self.breaker.open();
                    tracing::info!("the DNS answers again; senders are checked");
                }
                answers
            }
        }
    }

    /// Domains of strangers may be silent on purpose: only a server that does not answer a
    /// question about the root either is left alone.
    async fn learn(&self, signals: &Signals) {
        let Some(resolver) = &self.resolver else { return };
        if self.breaker.note(signals.are_unanswered()) && !resolver.answers().await {
            self.breaker.shut(Instant::now());
            tracing::warn!("the DNS does not answer; senders are not checked for a minute");
        }
    }

    async fn ask(&self, origin: &Origin, raw: &[u8]) -> Signals {
        let Some(resolver) = &self.resolver else { return Signals::temporary_error(origin) };
        let letter = letter::read(raw, origin.received_at);
        let (timeout, silence) = (self.timeout, &self.silence);
        let question = Question { resolver, origin, silence, timeout, deadline: deadline(timeout) };
        let Some(letter) = &letter else { return Signals::unreadable(&question.spf().await) };
        let (spf, dkim) = tokio::join!(question.spf(), question.dkim(letter));
        let dmarc = question.dmarc(&letter.message, &dkim, &spf).await;
        Signals::of(&spf, &dkim, &dmarc)
    }
}

/// One mail's questions to the DNS.
struct Question<'a> {
    resolver: &'a Resolver,
    origin: &'a Origin,
    silence: &'a Silence,
    timeout: Duration,
    /// When all of them end.
    deadline: Instant,
}

impl Question<'_> {
    async fn spf(&self) -> SpfOutput {
        let helo = self.helo();
        let domain = self.mail_from_domain();
        let none = SpfOutput::new(domain.to_owned());
        // RFC 7208 §4.3: an address literal is no domain, and says nothing.
        let asked = self.origin.peer.filter(|_| !domain.starts_with('['));
        let Some(peer) = asked else { return none };
        // An IPv4 client seen through a socket for both is one of IPv4 to its domain.
        let peer = peer.to_canonical();
        let sender = self.origin.sender.as_ref().map(ToString::to_string);
        let parameters = match &sender {
            Some(sender) => SpfParameters::verify_mail_from(peer, helo, UNKNOWN, sender),
            None => SpfParameters::verify_ehlo(peer, helo, UNKNOWN),
        };
        // The domain may ask about the client, whose names are in the hands of others: their
        // silence is not to count against the domain's other clients.
        let name = Some(format!("spf {domain} {peer}"));
        self.in_time(name, self.resolver.authenticator().verify_spf(parameters))
            .await
            .unwrap_or_else(|| none.with_result(SpfResult::TempError))
    }

    async fn dkim<'x>(&self, letter: &'x Letter<'x>) -> Vec<DkimOutput<'x>> {
        let message = &letter.message;
        // Of several signatures, tried one after the other, any may be the one that is not
        // answered: a stranger's could stand beside the domain's own.
        let name = match message.dkim_headers.as_slice() {
            [only] => Some(format!("dkim {} {}", only.header.s, only.header.d)),
            _ => None,
        };
        let verified = self.in_time(name, self.resolver.authenticator().verify_dkim(message)).await;
        let mut outputs = verified.unwrap_or_else(|| {
            let signatures = message.dkim_headers.iter().map(|field| &field.header);
            signatures.map(|one| DkimOutput::temp_err(timed_out()).with_signature(one)).collect()
        });
        let error = || DkimOutput::perm_err(Error::MissingParameters);
        outputs.extend(letter.authorless.iter().map(|one| error().with_signature(one)));
        outputs
    }

    async fn dmarc(
        &self,
        message: &AuthenticatedMessage<'_>,
        dkim: &[DkimOutput<'_>],
        spf: &SpfOutput,
    ) -> DmarcOutput {
        let parameters = DmarcParameters::new(message, dkim, self.mail_from_domain(), spf);
        // What passed is a domain that is asked about too, maybe a stranger's.
        let passed = spf.result() == SpfResult::Pass
            || dkim.iter().any(|output| *output.result() == DkimResult::Pass);
        let author = match message.from.as_slice() {
            [only] if !passed => only.rsplit_once('@'),
            _ => None,
        };
        let name = author.map(|(_, domain)| format!("dmarc {domain}"));
        self.in_time(name, self.resolver.authenticator().verify_dmarc(parameters))
            .await
            .unwrap_or_else(|| DmarcOutput::default().with_dkim_result(timed_out().into()))
    }

    /// The answer to a question, which is remembered by its `name` when there is none. `None` when
    /// the time ends, and at once when there was none a moment ago.
    async fn in_time<T>(
        &self,
        name: Option<String>,
        question: impl Future<Output = T>,
    ) -> Option<T> {
        let begin = Instant::now();
        let name = name.map(|name| name.to_ascii_lowercase());
        if name.as_ref().is_some_and(|name| self.silence.covers(name, begin)) {
            return None;
        }
        let answer = tokio::time::timeout_at(self.deadline, question).await.ok();
        // Questions before this one may have left it no time.
        let time = self.deadline.saturating_duration_since(begin);
        let had_time = time.saturating_mul(2) >= self.timeout;
        if let Some(name) = name.filter(|_| answer.is_none() && had_time) {
            self.silence.note(name, Instant::now());
        }
        answer
    }

    /// The client's name, when it is one that a domain can have.
    fn helo(&self) -> &str {
        let helo = self.origin.helo.as_str();
        if shown(helo).is_some() { helo } else { UNKNOWN }
    }

    /// The domain that SPF speaks of (RFC 7208 §2.4).
    fn mail_from_domain(&self) -> &str {
        self.origin.sender.as_ref().map_or_else(|| self.helo(), MailAddress::domain)
    }
}

fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or(now)
}

fn timed_out() -> Error {
    Error::Dns(DnsError::Resolver("no answer in time".to_owned()))
}
