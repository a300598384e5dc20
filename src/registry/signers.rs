//! Whose signatures count: the policy of a service, and the organisations that issue copies.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::domain::{OrganisationId, Sha256};

/// Whose signature makes a copy count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerPolicy {
    /// Anybody with a chain to a certificate in the trust directory or on a trust list.
    Anchors,
    /// The seal of an organisation that issues copies, see [`Issuers`].
    Seal,
    /// A person's signature.
    Person,
    /// Either of the two, and nobody whose certificate tells neither.
    SealOrPerson,
    /// These alone.
    Pinned(Vec<PinnedSigner>),
}

/// A signer that a service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinnedSigner {
    /// The holder of the certificate with this SHA-256, whoever it is.
    Certificate(Sha256),
    /// The organisation, by its seal under whatever certificate.
    Organisation(OrganisationId),
}

/// Whose signatures a service accepts, and whether it says so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AcceptedSigners<'a> {
    /// The policy that applies.
    pub policy: &'a SignerPolicy,
    /// The service says nothing, so that the default applies.
    pub by_default: bool,
}

/// The organisations whose seals count as issuing copies. Each company can buy a seal, so that a
/// seal alone says only that some organisation vouches for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuers {
    ids: Vec<OrganisationId>,
    is_built_in: bool,
}

impl Issuers {
    /// Those that the installation names.
    #[must_use]
    pub fn named(ids: Vec<OrganisationId>) -> Self {
        Self { ids, is_built_in: false }
    }

    /// Those that stand in `issuers.toml`, for an installation that names none.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        let file: File =
            toml::from_str(include_str!("issuers.toml")).expect("a test reads the file");
        let ids = file.issuer.into_iter().map(|issuer| issuer.id).collect();
        Self { ids, is_built_in: true }
    }

    /// Their identifiers.
    #[must_use]
    pub fn ids(&self) -> &[OrganisationId] {
        &self.ids
    }

    /// Whether nobody has confirmed them: they are the built-in ones, and not named by the
    /// installation.
    #[must_use]
    pub fn is_unconfirmed(&self) -> bool {
        self.is_built_in
    }

    /// Whether the seal of the organisation with this identifier counts as issuing copies.
    #[must_use]
    pub fn has(&self, id: &OrganisationId) -> bool {
        self.ids.contains(id)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Vec<Issuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "name, certainty and source are for those who read the file")]
struct Issuer {
    id: OrganisationId,
    name: String,
    certainty: Certainty,
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certainty {
    Confirmed,
    Inferred,
}

impl SignerPolicy {
    /// The name in `registry.toml` and the database; `pinned` for a list of signers.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Anchors => "anchors",
            Self::Person => "person",
            Self::Pinned(_) => "pinned",
            Self::Seal => "seal",
            Self::SealOrPerson => "seal-or-person",
        }
    }
}

/// The policy's name, after `default-` when it is the default that applies.
impl fmt::Display for AcceptedSigners<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.by_default { "default-" } else { "" })?;
        f.write_str(self.policy.as_str())
    }
}

/// The text names no signer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is neither the SHA-256 of a certificate (64 hexadecimal digits) nor the identifier \
     of an organisation (NTRUA-12345678)"
)]
pub struct PinnedSignerError {
    text: String,
}

/// The form in `registry.toml` and the database.
impl fmt::Display for PinnedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(sha256) => sha256.fmt(f),
            Self::Organisation(id) => id.fmt(f),
        }
    }
}

impl FromStr for PinnedSigner {
    type Err = PinnedSignerError;

    fn from_str(text: &str) -> Result<Self, PinnedSignerError> {
        let certificate = text.parse().map(Self::Certificate);
        certificate
            .or_else(|_| text.parse().map(Self::Organisation))
            .map_err(|_| PinnedSignerError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_of_the_program_can_be_read_and_are_not_confirmed() {
        let issuers = Issuers::built_in();
        assert!(issuers.has(&"NTRUA-43395033".parse().unwrap()));
        assert!(issuers.is_unconfirmed() && !issuers.ids().is_empty());
        assert!(!Issuers::named(issuers.ids().to_vec()).is_unconfirmed());
    }

    #[test]
    fn a_signer_is_named_by_certificate_or_organisation() {
        let sha256 = Sha256::of(b"a certificate");
        for (text, read) in [
            (sha256.to_string(), Some(PinnedSigner::Certificate(sha256))),
            (sha256.to_string().to_uppercase(), Some(PinnedSigner::Certificate(sha256))),
            ("NTRUA-00000001".to_owned(), "NTRUA-00000001".parse().ok()),
            ("00000001".to_owned(), "NTRUA-00000001".parse().ok()),
            ("a firm".to_owned(), None),
        ] {
            let parsed = text.parse::<PinnedSigner>();
            assert_eq!(parsed.as_ref().ok(), read.as_ref(), "{text}");
            let again = parsed.map(|signer| signer.to_string().parse());
            assert_eq!(again.ok().and_then(Result::ok), read, "{text}");
        }
    }
}
