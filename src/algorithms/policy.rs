//! How strong an algorithm has to be, and until when it is (ETSI EN 319 102-1 §5.2.8).
//!
//! [`verify`](super::verify()) says what a right value rests on; a [`Policy`] says whether that
//! proves anything at the moment at which the value is proved to have existed. A policy is data:
//! lines with a date and a source. The default policy is the file `policy.toml`, compiled in; an
//! installation may name another file of the same form. An algorithm without a line is refused.
//!
//! The moment is the caller's: for a signature the best signature time.

mod file;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};

use super::DigestAlgorithm;
use crate::domain::{Date, SubIndication, Timestamp};

pub use self::file::PolicyError;

/// A dated algorithm policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    name: String,
    version: u32,
    issued: Date,
    lines: Vec<Line>,
}

/// What a policy says of one algorithm, or of one range of key lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The algorithm by the name that the program has for it.
    pub name: String,
    /// The least length of the key in bits that the line is about; up to the next line of the same
    /// name. 0 for algorithms of one length.
    pub bits_at_least: usize,
    /// Until when it proves something.
    pub accepted: Accepted,
    /// Which standard or rule says so.
    pub source: String,
    /// What else is to be known.
    pub note: Option<String>,
}

/// Until when an algorithm proves something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// At no moment.
    Never,
    /// No end is announced.
    NoEnd,
    /// Through the end of this day in UTC.
    Until(Date),
}

/// One thing that a value rests on: a key, a padding or a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mechanism {
    /// Where it was written down: one that this program does not know has no line.
    name: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bits: Option<usize>,
}

/// What a right value rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a right value counts only if a policy says so"]
pub struct Used(Vec<Mechanism>);

/// Why something right does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    mechanism: Mechanism,
    accepted: Option<Accepted>,
    at: Timestamp,
}

impl Policy {
    /// The text of the policy that is built in.
    pub const BUILT_IN: &str = include_str!("policy.toml");

    /// The policy that is built in, of the day that it names.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Policy>> = LazyLock::new(|| {
            let read = Policy::parse(Policy::BUILT_IN);
            Arc::new(read.expect("a test reads the file that is built in"))
        });
        Arc::clone(&BUILT_IN)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of its issue.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The day that it was issued.
    #[must_use]
    pub fn issued(&self) -> Date {
        self.issued
    }

    /// Its lines in the order of the file.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether what rests on `used` and is proved to have existed at `at` proves anything.
    ///
    /// # Errors
    /// What does not count; of several the one that was refused first.
    pub fn check(&self, used: &Used, at: Timestamp) -> Result<(), Refused> {
        let refused = used.0.iter().filter_map(|mechanism| {
            let accepted = self.line(mechanism).map(|line| line.accepted);
            let is_accepted = accepted.is_some_and(|accepted| accepted.is_at(at));
            (!is_accepted).then(|| Refused { mechanism: mechanism.clone(), accepted, at })
        });
        refused.min_by_key(Refused::since).map_or(Ok(()), Err)
    }

    /// The line about `mechanism`.
    #[must_use]
    pub fn line(&self, mechanism: &Mechanism) -> Option<&Line> {
        let bits = mechanism.bits.unwrap_or(0);
        let own = self.lines.iter().filter(|line| line.name == mechanism.name);
        own.filter(|line| line.bits_at_least <= bits).max_by_key(|line| line.bits_at_least)
    }
}

impl Accepted {
    /// Whether it is accepted at `at`.
    #[must_use]
    pub fn is_at(self, at: Timestamp) -> bool {
        self.end().is_none_or(|end| at < end)
    }

    /// The first moment at which it is refused.
    fn end(self) -> Option<Timestamp> {
        match self {
            Self::Never => Some(Timestamp::from_micros(i64::MIN)),
            Self::NoEnd => None,
            Self::Until(last) => {
                let start = format!("{last}T00:00:00Z").parse::<Timestamp>().ok()?;
                Some(start.plus_days(1))
            }
        }
    }
}

impl Mechanism {
    pub(super) fn named(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), bits: None }
    }

    pub(super) fn sized(name: &'static str, bits: usize) -> Self {
        Self { name: Cow::Borrowed(name), bits: Some(bits) }
    }

    pub(super) fn digest(digest: DigestAlgorithm) -> Self {
        Self::named(digest.name())
    }
}

impl Used {
    pub(super) fn new(key: Mechanism, others: Vec<Mechanism>) -> Self {
        Self([vec![key], others].concat())
    }

    /// Of what is not compared with a key: the parts that its algorithm names.
    pub(super) fn without_key(named: Vec<Mechanism>) -> Self {
        Self(named)
    }

    /// What a comparison of digests rests on.
    pub fn digest(algorithm: DigestAlgorithm) -> Self {
        Self(vec![Mechanism::digest(algorithm)])
    }

    /// What the name of a certificate in the first form of the signing-certificate attribute rests
    /// on (RFC 5035 §5.4.1): it knows no digest but SHA-1.
    pub fn first_certificate_name() -> Self {
        Self(vec![Mechanism::named(FIRST_CERTIFICATE_NAME)])
    }

    /// The parts, the key first.
    #[must_use]
    pub fn mechanisms(&self) -> &[Mechanism] {
        &self.0
    }
}

impl Refused {
    /// ETSI EN 319 102-1 table 6. Of something made at `not_before` at the earliest: a proof that it
    /// is older would help only where it can be.
    #[must_use]
    pub fn sub_indication(&self, not_before: Timestamp) -> SubIndication {
        if not_before < self.since() {
            SubIndication::CryptoConstraintsFailureNoPoe
        } else {
            SubIndication::CryptoConstraintsFailure
        }
    }

    /// From when on it proves nothing.
    fn since(&self) -> Timestamp {
        let end = self.accepted.and_then(Accepted::end);
        end.unwrap_or_else(|| Timestamp::from_micros(i64::MIN))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, accepted, at } = self;
        match accepted {
            Some(Accepted::Until(last)) => write!(
                f,
                "the algorithm policy accepts {mechanism} until {last}, and it is judged for {at}"
            ),
            Some(Accepted::Never | Accepted::NoEnd) => {
                write!(f, "the algorithm policy accepts {mechanism} at no moment")
            }
            None => write!(f, "the algorithm policy has no line for {mechanism}"),
        }
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.name, self.bits) {
            (DSTU_4145, Some(degree)) => write!(f, "{DSTU_4145} M{degree}"),
            (name, Some(bits)) => write!(f, "{name} of {bits} bits"),
            (name, None) => f.write_str(name),
        }
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::NoEnd => f.write_str("no end"),
            Self::Until(last) => last.fmt(f),
        }
    }
}

pub(super) const DSTU_4145: &str = "DSTU 4145";
pub(super) const ED25519: &str = "Ed25519";
pub(super) const RSA: &str = "RSA";
pub(super) const RSA_PKCS1: &str = "RSA PKCS #1 v1.5";
pub(super) const RSA_PSS: &str = "RSA-PSS";
/// No line can name it: no policy accepts a table that whoever holds the key may have chosen.
pub(super) const GOST_34311_WITH_ANOTHER_TABLE: &str =
    "GOST 34.311 with another substitution table";
const FIRST_CERTIFICATE_NAME: &str = "SHA-1 as the name of a certificate";

/// Names of the algorithms that lines are about and that are computed here, besides the digests.
const COMPUTED: [&str; 9] = [
    DSTU_4145,
    "ECDSA P-256",
    "ECDSA P-384",
    "ECDSA P-521",
    ED25519,
    RSA,
    RSA_PKCS1,
    RSA_PSS,
    FIRST_CERTIFICATE_NAME,
];

/// Names of families that are not computed here: a line may say why, and accept none.
const NOT_COMPUTED: [&str; 11] = [
    "DSA",
    "ECDSA P-192",
    "ECDSA P-224",
    "ECDSA brainpool",
    "ECDSA secp256k1",
    "GOST R 34.10",
    "MD2",
    "MD4",
    "MD5",
    "RIPEMD-160",
    "RSA-PSS with a mask of another digest",
];
