//! A throw-away certification authority and the signers it certifies (X.509 v3, RFC 5280).
//!
//! Certificates carry what a path check looks at: basic constraints, key usage and key
//! identifiers, and where revocation lists are when that is asked for. They carry no policies.

mod certificate;
mod list;

use std::{str::FromStr as _, time::Duration};

use der::pem::LineEnding;
use x509_cert::{name::Name, serial_number::SerialNumber, time::Time};

use self::certificate::{
    Request, authority_extensions, issue, revocation_extensions, signer_extensions,
};
pub use self::list::Revoked;
use super::{
    SampleError, Seed,
    key::{self, Key},
};
use crate::domain::Timestamp;

const ROOT_NAME: &str = "CN=Тестовий центр сертифікації,O=Тестова установа,C=UA";
const NATIONAL_ROOT_NAME: &str = "CN=Тестовий національний центр,O=Тестова установа,C=UA";
const SUBORDINATE_NAME: &str = "CN=Тестовий підпорядкований центр,O=Тестова установа,C=UA";

/// The identifier of «Тестова установа», whose seal issues the sample copies.
pub const ORGANISATION: &str = "NTRUA-00000000";

/// What a signer's key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// DSTU 4145 on M257 with GOST 34.311, as nearly all Ukrainian certificates have it.
    Dstu4145,
    /// Ed25519, in CMS with SHA-512 (RFC 8419).
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    P256,
}

/// Whom a signer's certificate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The seal of «Тестова фірма», marked as a seal. It issues no copies.
    Firm,
    /// The seal of «Тестова установа», marked as a seal.
    Organisation,
    /// «Тестова Особа», who signs in person.
    Person,
    /// «Тестова служба часу», which may time-stamp and nothing else.
    TimeStamping,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Firm => "CN=Тестова фірма,2.5.4.97=NTRUA-00000001,O=Тестова фірма,C=UA",
            Self::Organisation => {
                "CN=Тестова установа,2.5.4.97=NTRUA-00000000,O=Тестова установа,C=UA"
            }
            Self::Person => {
                "CN=Тестова Особа,2.5.4.42=Особа,2.5.4.4=Тестова,2.5.4.5=TINUA-0000000000,C=UA"
            }
            Self::TimeStamping => "CN=Тестова служба часу,O=Тестова установа,C=UA",
        }
    }
}

/// The first and the last moment at which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment; seconds count.
    pub from: Timestamp,
    /// The last moment; seconds count.
    pub to: Timestamp,
}

impl Validity {
    /// Valid from `from` on, for `days` times 24 hours.
    #[must_use]
    pub fn days(from: Timestamp, days: u32) -> Self {
        Self { from, to: from.plus_days(days) }
    }
}

/// An authority with its private key.
#[derive(Debug)]
pub struct Authority {
    name: Name,
    key: Key,
    certificate: Vec<u8>,
    /// Certificates from this authority up to, but without, the root.
    chain: Vec<Vec<u8>>,
    seed: Seed,
    issued: u64,
    addresses: Addresses,
}

/// Where it can be learned whether a certificate was revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Of lists (RFC 5280 §4.2.1.13).
    pub lists: Vec<String>,
    /// Of OCSP responders (RFC 5280 §4.2.2.1).
    pub responders: Vec<String>,
}

impl Authority {
    /// A self-signed root with a P-256 key.
    ///
    /// # Errors
    /// [`SampleError`] when `validity` does not fit into a certificate, or the seed into a key.
    pub fn root(seed: Seed, validity: Validity) -> Result<Self, SampleError> {
        Self::self_signed(ROOT_NAME, KeyAlgorithm::P256, seed, validity)
    }

    /// A self-signed root with a DSTU 4145 key.
    ///
    /// # Errors
    /// As [`Authority::root`].
    pub fn national_root(seed: Seed, validity: Validity) -> Result<Self, SampleError> {
        Self::self_signed(NATIONAL_ROOT_NAME, KeyAlgorithm::Dstu4145, seed, validity)
    }

    fn self_signed(
        name: &str,
        algorithm: KeyAlgorithm,
        seed: Seed,
        validity: Validity,
    ) -> Result<Self, SampleError> {
        let key = Key::derive(algorithm, &seed, 0)?;
        let name = Name::from_str(name)?;
        let certificate = issue(&Request {
            issuer: &name,
            issuer_key: &key,
            subject: &name,
            subject_key: &key,
            serial: serial(&seed, 0)?,
            validity,
            extensions: authority_extensions()?,
        })?;
        Ok(Self {
            name,
            key,
            certificate,
            chain: Vec::new(),
            seed,
            issued: 0,
            addresses: Addresses::default(),
        })
    }

    /// An authority certified by this one, with a P-256 key. Its signers' signatures carry its
    /// certificate too, so that a verifier needs the root alone.
    ///
    /// # Errors
    /// As [`Authority::root`].
    pub fn subordinate(&mut self, validity: Validity) -> Result<Self, SampleError> {
        self.issued = self.issued.saturating_add(1);
        let seed = Seed::from(key::bytes(&self.seed, "subordinate", self.issued));
        let key = Key::derive(KeyAlgorithm::P256, &seed, 0)?;
        let name = Name::from_str(SUBORDINATE_NAME)?;
        let certificate = issue(&Request {
            issuer: &self.name,
            issuer_key: &self.key,
            subject: &name,
            subject_key: &key,
            serial: serial(&self.seed, self.issued)?,
            validity,
            extensions: authority_extensions()?,
        })?;
        let mut chain = vec![certificate.clone()];
        chain.extend(self.chain.iter().cloned());
        Ok(Self { name, key, certificate, chain, seed, issued: 0, addresses: Addresses::default() })
    }

    /// The authority as one whom its own issuer can revoke.
    #[cfg(test)]
    pub(crate) fn as_signer(&self) -> Result<Signer, SampleError> {
        let key = Key::derive(KeyAlgorithm::P256, &self.seed, 0)?;
        Ok(Signer { key, certificate: self.certificate.clone(), chain: Vec::new() })
    }

    /// Writes `addresses` into the certificates that it issues from now on.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Addresses) -> Self {
        self.addresses = addresses;
        self
    }

    /// Certifies a new signer with a key and a serial number of its own.
    ///
    /// # Errors
    /// As [`Authority::root`].
    pub fn signer(
        &mut self,
        subject: Subject,
        algorithm: KeyAlgorithm,
        validity: Validity,
    ) -> Result<Signer, SampleError> {
        self.issued = self.issued.saturating_add(1);
        let key = Key::derive(algorithm, &self.seed, self.issued)?;
        let mut extensions = signer_extensions(subject)?;
        extensions.extend(revocation_extensions(&self.addresses)?);
        let certificate = issue(&Request {
            issuer: &self.name,
            issuer_key: &self.key,
            subject: &Name::from_str(subject.name())?,
            subject_key: &key,
            serial: serial(&self.seed, self.issued)?,
            validity,
            extensions,
        })?;
        Ok(Signer { key, certificate, chain: self.chain.clone() })
    }

    /// The authority's certificate, in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The authority's certificate, in PEM: what goes into a trust directory.
    ///
    /// # Errors
    /// [`SampleError::Encoding`] when the certificate is too long for PEM.
    pub fn certificate_pem(&self) -> Result<String, SampleError> {
        pem(&self.certificate)
    }
}

/// A certified signer with its private key.
#[derive(Debug)]
pub struct Signer {
    pub(super) key: Key,
    certificate: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

impl Signer {
    /// The same, bringing its own certificate alone.
    #[cfg(test)]
    pub(crate) fn without_chain(self) -> Self {
        Self { chain: Vec::new(), ..self }
    }

    /// The signer's certificate, in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The signer's certificate, in PEM.
    ///
    /// # Errors
    /// As [`Authority::certificate_pem`].
    pub fn certificate_pem(&self) -> Result<String, SampleError> {
        pem(&self.certificate)
    }

    /// The certificates between the signer's and the root's, in DER, the signer's issuer first.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

/// A moment as X.509 and CMS write it: whole seconds, `UTCTime` up to 2049.
pub(super) fn time(moment: Timestamp) -> Result<Time, SampleError> {
    let seconds = u64::try_from(moment.as_seconds())
        .map_err(|_| der::Error::from(der::ErrorKind::DateTime))?;
    Ok(der::DateTime::from_unix_duration(Duration::from_secs(seconds))?.into())
}

/// A positive serial number of at most 16 bytes.
fn serial(seed: &Seed, number: u64) -> Result<SerialNumber, SampleError> {
    let bytes = key::bytes(seed, "serial", number);
    let mut digits: Vec<u8> = bytes.into_iter().take(15).collect();
    // A leading 1 keeps the number positive and its length fixed.
    digits.insert(0, 1);
    Ok(SerialNumber::new(&digits)?)
}

fn pem(certificate: &[u8]) -> Result<String, SampleError> {
    der::pem::encode_string("CERTIFICATE", LineEnding::LF, certificate)
        .map_err(|error| SampleError::Encoding(error.into()))
}

#[cfg(test)]
mod tests;
