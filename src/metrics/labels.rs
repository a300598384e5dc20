//! The closed sets that labels are taken from.

/// The part of the program that a panic or an internal error is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The SMTP listener and its sessions.
    Smtp,
    /// Judging shares.
    Pipeline,
    /// The purge.
    Retention,
    /// Fetching and keeping revocation data.
    Revocation,
    /// Pages and API.
    Web,
}

impl Part {
    pub(super) const ALL: [Self; 5] =
        [Self::Smtp, Self::Pipeline, Self::Retention, Self::Revocation, Self::Web];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pipeline => "pipeline",
            Self::Retention => "retention",
            Self::Revocation => "revocation",
            Self::Web => "web",
        }
    }
}

/// How a run of the purge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurgeOutcome {
    /// All that was due is gone.
    Done,
    /// Something could not be destroyed.
    Failed,
    /// Nothing was destroyed, for the clock is not accepted.
    Waited,
}

impl PurgeOutcome {
    pub(super) const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Waited];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Waited => "waited",
        }
    }
}

/// A task that the server consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The certificate of the dashboard is got by ACME.
    Acme,
    /// The server's certificate is looked at.
    Certificate,
    /// The clock is held against the greatest time seen.
    Clock,
    /// Whether the database is where it was opened is followed.
    Database,
    /// Settled mail is removed from the spool.
    Draining,
    /// The gauges that nothing else sets.
    Gauges,
    /// Mails are judged, and shares again.
    Judging,
    /// Mail is accepted by LMTP.
    Lmtp,
    /// The page of the metrics.
    Metrics,
    /// What is due is destroyed.
    Purge,
    /// The registry is followed.
    Registry,
    /// Revocation data is fetched.
    Revocation,
    /// The audit tells of refused sign-ins.
    SignIns,
    /// Mail is accepted by SMTP.
    Smtp,
    /// The writer of the spool.
    Spool,
    /// The trust directory is followed.
    Trust,
    /// Whether the vault is there is followed.
    Vault,
    /// Pages and API.
    Web,
    /// Whether the database can be written is followed.
    Writing,
}

impl Task {
    pub(super) const ALL: [Self; 19] = [
        Self::Acme,
        Self::Certificate,
        Self::Clock,
        Self::Database,
        Self::Draining,
        Self::Gauges,
        Self::Judging,
        Self::Lmtp,
        Self::Metrics,
        Self::Purge,
        Self::Registry,
        Self::Revocation,
        Self::SignIns,
        Self::Smtp,
        Self::Spool,
        Self::Trust,
        Self::Vault,
        Self::Web,
        Self::Writing,
    ];

    /// Its name in log and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Database => "database",
            Self::Draining => "draining",
            Self::Gauges => "gauges",
            Self::Judging => "judging",
            Self::Lmtp => "lmtp",
            Self::Metrics => "metrics",
            Self::Purge => "purge",
            Self::Registry => "registry",
            Self::Revocation => "revocation",
            Self::SignIns => "sign-ins",
            Self::Smtp => "smtp",
            Self::Spool => "spool",
            Self::Trust => "trust",
            Self::Vault => "vault",
            Self::Web => "web",
            Self::Writing => "writing",
        }
    }
}

/// Listeners that show the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsListener {
    /// Those of SMTP, after STARTTLS.
    Smtp,
    /// Those within TLS.
    Smtps,
    /// That of the dashboard.
    Web,
}

impl TlsListener {
    /// The name in metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Smtps => "smtps",
            Self::Web => "web",
        }
    }
}

/// A step in judging a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading the record and opening the mail.
    Open,
    /// Pairing documents with signatures.
    Bundle,
    /// Checking signatures and chains.
    Verify,
    /// Comparing with the service's list.
    Match,
    /// Sealing objects and committing.
    Keep,
}

impl Stage {
    pub(super) const ALL: [Self; 5] =
        [Self::Open, Self::Bundle, Self::Verify, Self::Match, Self::Keep];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Bundle => "bundle",
            Self::Verify => "verify",
            Self::Match => "match",
            Self::Keep => "keep",
        }
    }
}

/// What came of judging a share again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejudging {
    /// Something else is said of it.
    Changed,
    /// What it was judged from is destroyed: it waits no longer.
    Gone,
    /// The same is said of it.
    Unchanged,
}

impl Rejudging {
    pub(super) const ALL: [Self; 3] = [Self::Changed, Self::Gone, Self::Unchanged];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Unchanged => "unchanged",
        }
    }
}

/// How revocation data is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchKind {
    /// A whole list.
    Crl,
    /// What came to a list since.
    DeltaCrl,
    /// An OCSP answer for one certificate.
    Ocsp,
}

impl FetchKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Crl, Self::DeltaCrl, Self::Ocsp];

    /// The name in metrics and the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::DeltaCrl => "delta-crl",
            Self::Ocsp => "ocsp",
        }
    }
}

/// What came of asking for revocation data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// It is in the cache.
    Accepted,
    /// The server does not answer, or with an error.
    Failed,
    /// The address may not be asked.
    Forbidden,
    /// What came is no answer to the question.
    Useless,
}

impl FetchOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Failed, Self::Forbidden, Self::Useless];

    /// The name in metrics and the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
            Self::Useless => "useless",
        }
    }
}

/// Why a connection was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// Too many connections in all.
    Total,
    /// Too many connections from one address.
    PerAddress,
}

impl ConnectionRefusal {
    pub(super) const ALL: [Self; 2] = [Self::Total, Self::PerAddress];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::PerAddress => "per_address",
        }
    }
}

/// Why a connection to pages or metrics was refused or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebRefusal {
    /// Too many connections from one address.
    PerAddress,
    /// The body of a request did not come in time.
    SlowBody,
    /// The head of a request, or before it the handshake of TLS, did not come in time.
    SlowHead,
    /// Too many connections in all.
    Total,
}

impl WebRefusal {
    pub(super) const ALL: [Self; 4] =
        [Self::PerAddress, Self::SlowBody, Self::SlowHead, Self::Total];

    /// The name in metrics and the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PerAddress => "per_address",
            Self::SlowBody => "slow_body",
            Self::SlowHead => "slow_head",
            Self::Total => "total",
        }
    }
}

/// What came of an attempt to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// Too many wait for their passwords to be looked at.
    Busy,
    /// Too many attempts failed.
    Locked,
    /// They are in.
    SignedIn,
    /// The name or the password is wrong.
    Wrong,
}

impl SignInOutcome {
    pub(super) const ALL: [Self; 4] = [Self::Busy, Self::Locked, Self::SignedIn, Self::Wrong];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Locked => "locked",
            Self::SignedIn => "signed_in",
            Self::Wrong => "wrong",
        }
    }
}
