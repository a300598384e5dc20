//! The dashboard's certificate, got from an authority by ACME (RFC 8555) and renewed.
//!
//! The authority is shown that the domains are ours on the dashboard's own listener (TLS-ALPN-01,
//! RFC 8737), so nothing else has to be listened on. Mail is taken whatever comes of it. Each try has an
//! end in time; after one that failed the next waits, for authorities count failures.

mod authority;
mod files;

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use tokio::sync::watch::{Receiver, Sender, channel};

pub use self::files::certificate_by_acme;
use self::{authority::Authority, files::Files};
use crate::{
    clock::Clock,
    config,
    domain::Timestamp,
    tls::{Challenge, TlsConfig, TlsError},
    trust::Certificate,
    web::{Part, Readiness, Standing},
};

/// How long one try may take.
const LIMIT: Duration = Duration::from_mins(5);
/// How long the authority may take to look at the domains, and then to issue.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause after a try that failed: the first and the longest. Authorities allow a few failures an hour.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// How often the clock is looked at while nothing is due.
const LOOK: Duration = Duration::from_mins(10);
/// So many days before its end a certificate that was issued for longer than twice as many is renewed:
/// before the alert in `deploy/`.
const DAYS_LEFT: i64 = 22;

/// Why no certificate was got.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcmeError {
    /// The authority cannot be asked, or refuses.
    #[error("the authority at {directory} gives no certificate: {source}")]
    Authority {
        /// Its directory.
        directory: String,
        /// What it or the library says.
        source: instant_acme::Error,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The authority does not do what is needed, or not in time.
    #[error("the authority at {directory} {problem}")]
    Lacking {
        /// Its directory.
        directory: String,
        /// What it does not do.
        problem: &'static str,
    },
    /// The certificates in `ca_file` cannot be read.
    #[error("{path} holds no certificates in PEM form: {reason}", path = path.display())]
    Roots {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// The authority was not shown that a domain is ours.
    #[error(
        "the authority could not see that {domain} is this server: {reason}; it connects to port 443 of \
         that name, and has to reach [web] listen there"
    )]
    Unproved {
        /// The domain.
        domain: String,
        /// What the authority says.
        reason: String,
    },
    /// A certificate cannot be made or used.
    #[error(transparent)]
    Unusable(#[from] TlsError),
}

impl AcmeError {
    /// What is told of once: failures of one kind in a row are one line of the log.
    fn kind(&self) -> String {
        match self {
            Self::Authority { source: instant_acme::Error::Api(problem), .. } => {
                problem.r#type.clone().unwrap_or_default()
            }
            Self::Authority { .. } => "authority".to_owned(),
            Self::File { .. } => "file".to_owned(),
            Self::Lacking { problem, .. } => (*problem).to_owned(),
            Self::Roots { .. } => "roots".to_owned(),
            Self::Unproved { domain, .. } => format!("unproved {domain}"),
            Self::Unusable(_) => "unusable".to_owned(),
        }
    }
}

/// The certificate as it is got and renewed. Cloning is cheap.
#[derive(Clone, Debug)]
pub(super) struct Acme {
    section: config::Acme,
    domains: Vec<String>,
    authority: Authority,
    files: Files,
    /// The certificate in force.
    in_force: Sender<Option<Arc<TlsConfig>>>,
    /// What the listener shows: that certificate or none yet, and challenges while there are any.
    shown: Sender<Option<Arc<TlsConfig>>>,
    readiness: Readiness,
    clock: Clock,
}

impl Acme {
    /// With the certificate that was got before, if there is one.
    ///
    /// # Errors
    /// When `ca_file` cannot be used, or the directory `cache` cannot be made.
    pub(super) fn open(
        section: &config::Acme,
        domains: Vec<String>,
        readiness: Readiness,
        clock: Clock,
    ) -> Result<Self, AcmeError> {
        let authority = Authority::new(section)?;
        let files = Files::open(&section.cache)?;
        let certificate = match files.certificate() {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::warn!(%error, "the dashboard's certificate cannot be used and is got anew");
                None
            }
        };
        let acme = Self {
            section: section.clone(),
            domains,
            authority,
            files,
            in_force: channel(None).0,
            shown: channel(None).0,
            readiness,
            clock,
        };
        acme.put_in_force(certificate);
        acme.tell();
        Ok(acme)
    }

    /// The certificate in force.
    pub(super) fn in_force(&self) -> Receiver<Option<Arc<TlsConfig>>> {
        self.in_force.subscribe()
    }

    /// What the listener is to show.
    pub(super) fn shown(&self) -> Receiver<Option<Arc<TlsConfig>>> {
        self.shown.subscribe()
    }

    /// Gets the certificate when there is none, and renews it in time.
    pub(super) async fn run(self, mut stop: Receiver<bool>) {
        let mut told = None;
        let mut pause = FIRST_PAUSE;
        loop {
            self.tell();
            let wait = if self.is_due() {
                let end = self.try_once(&mut told, &mut pause);
                tokio::select! {
                    wait = end => wait,
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            } else {
                LOOK
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Tries to get a certificate, and says how long to wait then.
    async fn try_once(&self, told: &mut Option<String>, pause: &mut Duration) -> Duration {
        let tried = tokio::time::timeout(LIMIT, self.obtain()).await;
        let tried = tried.unwrap_or_else(|_| Err(self.lacks("takes too long")));
        self.show();
        match tried {
            Ok(()) => {
                (*told, *pause) = (None, FIRST_PAUSE);
                self.tell();
                LOOK
            }
            Err(error) => {
                let kind = error.kind();
                if told.as_ref() != Some(&kind) {
                    tracing::error!(%error, in_seconds = pause.as_secs(),
                        "the dashboard's certificate was not got, and is tried for again; mail is taken");
                }
                *told = Some(kind);
                let wait = *pause;
                *pause = (*pause * 2).min(LONGEST_PAUSE);
                wait
            }
        }
    }

    async fn obtain(&self) -> Result<(), AcmeError> {
        let account = self.account().await?;
        let identifiers: Vec<_> = self.domains.iter().cloned().map(Identifier::Dns).collect();
        let order = account.new_order(&NewOrder::new(&identifiers)).await;
        let mut order = order.map_err(|source| self.refuses(source))?;
        self.prove(&mut order).await?;
        let key = order.finalize().await.map_err(|source| self.refuses(source))?;
        let chain = order.poll_certificate(&patient()).await;
        let chain = chain.map_err(|source| self.refuses(source))?;
        let certificate = self.files.keep(&chain, &key)?;
        tracing::info!(domains = self.domains.join(", "), "the dashboard has a new certificate");
        self.put_in_force(Some(certificate));
        Ok(())
    }

    /// Shows the authority that each domain of the order is ours.
    async fn prove(&self, order: &mut Order) -> Result<(), AcmeError> {
        let mut challenges = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|source| self.refuses(source))?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
                return Err(self.lacks("offers no challenge of the type tls-alpn-01"));
            };
            let digest = challenge.key_authorization().digest();
            challenges.push(Challenge::new(&domain, digest.as_ref())?);
            // It may look at once.
            self.shown.send_replace(Some(self.certificate().with_challenges(&challenges)));
            challenge.set_ready().await.map_err(|source| self.refuses(source))?;
        }
        let proved = order.poll_ready(&patient()).await;
        if let Ok(OrderStatus::Ready) = proved {
            return Ok(());
        }
        if let Some(unproved) = self.unproved(order).await? {
            return Err(unproved);
        }
        match proved {
            Ok(_) => Err(self.lacks("calls the order invalid")),
            Err(source) => Err(self.refuses(source)),
        }
    }

    /// What the authority says of the first domain that it was not shown.
    async fn unproved(&self, order: &mut Order) -> Result<Option<AcmeError>, AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|source| self.refuses(source))?;
            let state = authorization.refresh().await.map_err(|source| self.refuses(source))?;
            let errors = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
            if let Some(problem) = errors.into_iter().next() {
                let domain = state.identifier().to_string();
                return Ok(Some(AcmeError::Unproved { domain, reason: problem.to_string() }));
            }
        }
        Ok(None)
    }

    /// The account with the authority, made when there is none.
    async fn account(&self) -> Result<Account, AcmeError> {
        let directory = &self.section.directory;
        let builder = || Account::builder_with_http(Box::new(self.authority.clone()));
        if let Some(credentials) = self.files.account(directory)? {
            let account = builder().from_credentials(credentials).await;
            return account.map_err(|source| self.refuses(source));
        }
        let contact = self.section.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.section.agree_to_terms,
            only_return_existing: false,
        };
        let made = builder().create(&account, directory.clone(), None).await;
        let (account, credentials) = made.map_err(|source| self.refuses(source))?;
        self.files.keep_account(directory, credentials)?;
        Ok(account)
    }

    fn refuses(&self, source: instant_acme::Error) -> AcmeError {
        if let instant_acme::Error::Api(problem) = &source
            && problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
        {
            self.files.forget_account();
        }
        AcmeError::Authority { directory: self.section.directory.clone(), source }
    }

    fn lacks(&self, problem: &'static str) -> AcmeError {
        AcmeError::Lacking { directory: self.section.directory.clone(), problem }
    }

    /// The certificate in force, or what refuses every handshake.
    fn certificate(&self) -> Arc<TlsConfig> {
        self.in_force.borrow().clone().unwrap_or_else(TlsConfig::without_certificate)
    }

    fn put_in_force(&self, certificate: Option<Arc<TlsConfig>>) {
        self.in_force.send_replace(certificate);
        self.show();
    }

    /// Has the listener show the certificate alone.
    fn show(&self) {
        self.shown.send_replace(Some(self.certificate()));
    }

    /// Whether it is time for a new certificate.
    fn is_due(&self) -> bool {
        let in_force = self.in_force.borrow();
        let Some(tls) = in_force.as_ref() else { return true };
        let own = tls.chain().next().and_then(|own| Certificate::parse(own).ok());
        let Some(own) = own else { return true };
        let is_for_all = self.domains.iter().all(|domain| tls.is_for(domain));
        !is_for_all || self.clock.now() >= renewal(own.not_before(), own.not_after())
    }

    fn tell(&self) {
        let in_force = self.in_force.borrow().clone();
        let own = in_force.as_ref().and_then(|tls| Certificate::parse(tls.chain().next()?).ok());
        let standing = match own {
            None => Standing::Impaired(
                "the dashboard has no certificate yet and opens for nobody: mail is taken",
            ),
            Some(own) if own.not_after() < self.clock.now() => Standing::Impaired(
                "the dashboard's certificate has ended and no new one was got: mail is taken",
            ),
            Some(_) => Standing::Works,
        };
        self.readiness.set(Part::Certificate, standing);
    }
}

/// When a certificate is renewed: when a third of its time is left, or before the alert would fire, but
/// not in its first half.
fn renewal(begin: Timestamp, end: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    let lifetime = end.seconds_since(begin).max(0);
    let left = (lifetime / 3).max((DAYS_LEFT * DAY).min(lifetime / 2));
    end.plus_seconds(-left)
}

fn patient() -> RetryPolicy {
    RetryPolicy::new().timeout(PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_the_time_is_left_or_more_than_the_alert_wants() {
        const DAY: i64 = 86_400;
        for (days, day) in [(365, 243), (90, 60), (47, 25), (45, 23), (30, 15), (6, 3), (0, 0)] {
            let begin = Timestamp::from_seconds(1_800_000_000);
            let due = renewal(begin, begin.plus_seconds(days * DAY));
            assert_eq!(due.seconds_since(begin) / DAY, day, "{days}");
        }
    }
}
