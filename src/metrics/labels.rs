//! The closed sets that labels are taken from.

use crate::domain::named;

named! {
    /// The part of the program that a panic or an internal error is counted under.
    pub enum Part {
        /// The SMTP listener and its sessions.
        Smtp = "smtp",
        /// Judging shares.
        Pipeline = "pipeline",
        /// The purge.
        Retention = "retention",
        /// Fetching and keeping revocation data.
        Revocation = "revocation",
        /// Pages and API.
        Web = "web",
    }
}

named! {
    /// How a run of the purge ended.
    pub enum PurgeOutcome {
        /// All that was due is gone.
        Done = "done",
        /// Something could not be destroyed.
        Failed = "failed",
        /// Nothing was destroyed, for the clock is not accepted.
        Waited = "waited",
    }
}

named! {
    /// A task that the server consists of.
    pub enum Task {
        /// The certificate of the dashboard is got by ACME.
        Acme = "acme",
        /// The server's certificate is looked at.
        Certificate = "certificate",
        /// The clock is held against the greatest time seen.
        Clock = "clock",
        /// Whether the database is where it was opened is followed.
        Database = "database",
        /// Settled mail is removed from the spool.
        Draining = "draining",
        /// The gauges that nothing else sets.
        Gauges = "gauges",
        /// Mails are judged, and shares again.
        Judging = "judging",
        /// Mail is accepted by LMTP.
        Lmtp = "lmtp",
        /// The page of the metrics.
        Metrics = "metrics",
        /// What is due is destroyed.
        Purge = "purge",
        /// The registry is followed.
        Registry = "registry",
        /// Revocation data is fetched.
        Revocation = "revocation",
        /// The audit tells of refused sign-ins.
        SignIns = "sign-ins",
        /// Mail is accepted by SMTP.
        Smtp = "smtp",
        /// The writer of the spool.
        Spool = "spool",
        /// The trust directory is followed.
        Trust = "trust",
        /// Whether the vault is there is followed.
        Vault = "vault",
        /// Pages and API.
        Web = "web",
        /// Whether the database can be written is followed.
        Writing = "writing",
    }
}

named! {
    /// Listeners that show the server's certificate.
    pub enum TlsListener {
        /// Those of SMTP, after STARTTLS.
        Smtp = "smtp",
        /// Those within TLS.
        Smtps = "smtps",
        /// That of the dashboard.
        Web = "web",
    }
}

named! {
    /// A step in judging a share.
    pub enum Stage {
        /// Reading the record and opening the mail.
        Open = "open",
        /// Pairing documents with signatures.
        Bundle = "bundle",
        /// Checking signatures and chains.
        Verify = "verify",
        /// Comparing with the service's list.
        Match = "match",
        /// Sealing objects and committing.
        Keep = "keep",
    }
}

named! {
    /// What came of judging a share again.
    pub enum Rejudging {
        /// Something else is said of it.
        Changed = "changed",
        /// What it was judged from is destroyed: it waits no longer.
        Gone = "gone",
        /// The same is said of it.
        Unchanged = "unchanged",
    }
}

named! {
    /// How revocation data is asked for.
    pub enum FetchKind {
        /// A whole list.
        Crl = "crl",
        /// What came to a list since.
        DeltaCrl = "delta-crl",
        /// An OCSP answer for one certificate.
        Ocsp = "ocsp",
    }
}

named! {
    /// What came of asking for revocation data.
    pub enum FetchOutcome {
        /// It is in the cache.
        Accepted = "accepted",
        /// The server does not answer, or with an error.
        Failed = "failed",
        /// The address may not be asked.
        Forbidden = "forbidden",
        /// What came is no answer to the question.
        Useless = "useless",
    }
}

named! {
    /// Why a connection was not served.
    pub enum ConnectionRefusal {
        /// Too many connections in all.
        Total = "total",
        /// Too many connections from one address.
        PerAddress = "per_address",
    }
}

named! {
    /// Why a connection to pages or metrics was refused or cut off.
    pub enum WebRefusal {
        /// Too many connections from one address.
        PerAddress = "per_address",
        /// The body of a request did not come in time.
        SlowBody = "slow_body",
        /// The head of a request, or before it the handshake of TLS, did not come in time.
        SlowHead = "slow_head",
        /// Too many connections in all.
        Total = "total",
    }
}

named! {
    /// What came of an attempt to sign in.
    pub enum SignInOutcome {
        /// Too many wait for their passwords to be looked at.
        Busy = "busy",
        /// Too many attempts failed.
        Locked = "locked",
        /// They are in.
        SignedIn = "signed_in",
        /// The name or the password is wrong.
        Wrong = "wrong",
    }
}
