//! The certificates that this server shows to senders and browsers: will they take it, today and in
//! three weeks.
//!
//! A sender that insists on TLS (MTA-STS, RFC 8461) delivers nothing to a server whose certificate is
//! expired or is for another name, and its own staff sees that before ours does; a browser opens no page.
//! So the chain in force is looked at when the server starts, when it is replaced, and daily. Mail is
//! taken whatever is found. Whether the client trusts the authority is not known here.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch::Receiver;

use super::AppError;
use crate::{
    clock::Clock,
    config,
    domain::Timestamp,
    metrics::{Metrics, TlsListener},
    tls::{TlsConfig, https_config, tls_config},
    trust::{Certificate, CertificateError},
};

/// With fewer days left the end of a certificate is warned of, as the alert in `deploy/` does.
const WARNING_DAYS: u32 = 21;
/// With fewer days left, renewing it has failed: an automatic renewal has tried for a week or more.
const LAST_DAYS: u32 = 14;
const DAY: Duration = Duration::from_hours(24);

/// What was found of a chain of certificates.
#[derive(Debug)]
pub struct ServerCertificate {
    /// When the first certificate of the chain ends; `None` when none can be read.
    pub expires_at: Option<Timestamp>,
    /// What is wrong, the gravest kind first.
    pub problems: Vec<CertificateProblem>,
}

/// What is wrong with the certificate of this server or with its chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// The authority's certificate is left out.
    #[error(
        "the file holds the server's certificate alone, without that of its authority, so clients \
         may be unable to prove it; name the file with the whole chain (certbot: fullchain.pem)"
    )]
    Alone,
    /// A certificate of the chain has ended, or soon will.
    #[error(
        "{what} of {subject} {} at {end}; renew it, then reload the server",
        if *has_ended { "has expired" } else { "expires" }
    )]
    Ends {
        /// Whose it is for this server.
        what: Place,
        /// Its subject.
        subject: String,
        /// Its last second.
        end: Timestamp,
        /// Whether that is over.
        has_ended: bool,
        /// Whether so few days are left that renewing has failed.
        is_urgent: bool,
    },
    /// A certificate of the chain is not valid yet.
    #[error(
        "{what} of {subject} is valid from {begin} on, and that has not come; is the clock right?"
    )]
    NotYetValid {
        /// Whose it is for this server.
        what: Place,
        /// Its subject.
        subject: String,
        /// Its first second.
        begin: Timestamp,
    },
    /// A certificate is not issued by the one after it.
    #[error(
        "certificate {number} of the file is not issued by the one after it; put the server's own \
         first, then that of its authority, and so on, and leave out what belongs to others"
    )]
    OutOfOrder {
        /// Which one, from 1.
        number: usize,
    },
    /// A certificate cannot be read, though the TLS library takes it.
    #[error("certificate {number} of the file: {problem}")]
    Unreadable {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        problem: CertificateError,
    },
    /// The certificate is for other hosts.
    #[error(
        "the certificate is for {} and not for {hostname}{}",
        if names.is_empty() { "no host".to_owned() } else { names.join(", ") },
        whose.advice()
    )]
    WrongName {
        /// Who is shown it.
        whose: Audience,
        /// What the server is called.
        hostname: String,
        /// The hosts that the certificate is for.
        names: Vec<String>,
    },
}

/// Who is shown a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Browsers, and programs that ask the API.
    Browsers,
    /// Servers that bring mail.
    Senders,
}

impl Audience {
    /// What to do about a certificate for another name.
    fn advice(self) -> &'static str {
        match self {
            Self::Browsers => {
                ", the name of the dashboard; get one for the name that browsers open it by, and set \
                 [web] hostname to that name (without it, it is that of [smtp] hostname)"
            }
            Self::Senders => {
                ", which [smtp] hostname names; get one for the name in the MX record, and set \
                 hostname to that name"
            }
        }
    }
}

/// Where in the chain a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the server's own.
    Own,
    /// It is an authority's.
    Authority,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Own => "the certificate",
            Self::Authority => "the authority's certificate",
        })
    }
}

impl CertificateProblem {
    /// Whether clients that check it refuse the certificate now, or will in a few days.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Ends { is_urgent, .. } => *is_urgent,
            Self::NotYetValid { .. } | Self::Unreadable { .. } | Self::WrongName { .. } => true,
            Self::Alone | Self::OutOfOrder { .. } => false,
        }
    }
}

/// Looks at the chain of `tls` as one of `whose` does at `now` who wants to reach `hostname`.
#[must_use]
pub fn examine_certificate(
    tls: &TlsConfig,
    whose: Audience,
    hostname: &str,
    now: Timestamp,
) -> ServerCertificate {
    let (mut chain, mut problems) = (Vec::new(), Vec::new());
    for (number, der) in (1..).zip(tls.chain()) {
        match Certificate::parse(der) {
            Ok(certificate) => chain.push((number, certificate)),
            Err(problem) => problems.push(CertificateProblem::Unreadable { number, problem }),
        }
    }
    if !tls.is_for(hostname) {
        let own = chain.iter().find(|(number, _)| *number == 1);
        let names = own.map(|(_, own)| own.host_names().map(str::to_owned).collect());
        let (hostname, names) = (hostname.to_owned(), names.unwrap_or_default());
        problems.push(CertificateProblem::WrongName { whose, hostname, names });
    }
    problems.extend(chain.iter().filter_map(|(number, certificate)| {
        let place = if *number == 1 { Place::Own } else { Place::Authority };
        problem_of_time(place, certificate, now)
    }));
    for (pair, number) in chain.windows(2).zip(1..) {
        if let [(_, certificate), (_, issuer)] = pair
            && !certificate.is_issued_by(issuer)
        {
            problems.push(CertificateProblem::OutOfOrder { number });
        }
    }
    if let [(_, own)] = &*chain
        && !own.is_self_issued()
    {
        problems.push(CertificateProblem::Alone);
    }
    let ends = chain.iter().map(|(_, certificate)| certificate.not_after());
    ServerCertificate { expires_at: ends.min(), problems }
}

fn problem_of_time(
    what: Place,
    certificate: &Certificate,
    now: Timestamp,
) -> Option<CertificateProblem> {
    let (begin, end) = (certificate.not_before(), certificate.not_after());
    let subject = certificate.subject().to_owned();
    if now < begin {
        return Some(CertificateProblem::NotYetValid { what, subject, begin });
    }
    let ends_within = |days| end < now.plus_days(days);
    ends_within(WARNING_DAYS).then(|| CertificateProblem::Ends {
        what,
        subject,
        end,
        has_ended: end.as_seconds() < now.as_seconds(),
        is_urgent: ends_within(LAST_DAYS),
    })
}

/// The certificate that senders are shown, when the section names one.
pub(super) fn of_mail(
    section: &config::Smtp,
    is_needed: bool,
) -> Result<Option<Arc<TlsConfig>>, AppError> {
    match (&section.certificate, &section.private_key) {
        (Some(certificate), Some(key)) => Ok(Some(tls_config(certificate, key)?)),
        _ if is_needed => Err(AppError::NoCertificate),
        _ => Ok(None),
    }
}

/// The certificate that browsers are shown, when the section names one.
pub(super) fn of_web(section: &config::Web) -> Result<Option<Arc<TlsConfig>>, AppError> {
    match (&section.certificate, &section.private_key) {
        (Some(certificate), Some(key)) => Ok(Some(https_config(certificate, key)?)),
        _ => Ok(None),
    }
}

/// The certificate in force, and by what it is looked at.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) in_force: Receiver<Option<Arc<TlsConfig>>>,
    /// The kinds of listeners that show it.
    pub(super) listeners: Vec<TlsListener>,
    pub(super) whose: Audience,
    pub(super) hostname: String,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
}

/// Looks at the certificate in force at once, when it is replaced, and daily.
pub(super) async fn follow(mut watched: Watched, mut stop: Receiver<bool>) {
    loop {
        look(&mut watched);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            replaced = watched.in_force.changed() => if replaced.is_err() { return },
            () = tokio::time::sleep(DAY) => {}
        }
    }
}

fn look(watched: &mut Watched) {
    let Watched { in_force, listeners, whose, hostname, clock, metrics } = watched;
    let tls = in_force.borrow_and_update().clone().filter(|_| !listeners.is_empty());
    let Some(tls) = tls else { return metrics.tls_expiry(listeners, None) };
    let ServerCertificate { expires_at, problems } =
        examine_certificate(&tls, *whose, hostname, clock.now());
    metrics.tls_expiry(listeners, expires_at);
    for problem in problems {
        let certificate = tls.path().display();
        match whose {
            Audience::Browsers => tracing::warn!(%certificate, %problem,
                "browsers may refuse the dashboard's certificate; mail is taken"),
            Audience::Senders => tracing::warn!(%certificate, %problem,
                "senders that insist on TLS may refuse this server's certificate; other mail is \
                 taken"),
        }
    }
}
