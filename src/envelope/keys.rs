//! The organisation's private keys.

use std::fmt;

use super::{error::KeyFileError, key_file, recipient::Originator};
use crate::{dstu, trust::Certificate};

/// Private keys that open encrypted files, with certificates that tell which files are for them.
/// Never shown; wiped when dropped.
#[derive(Default)]
pub struct OrganisationKeys {
    keys: Vec<Key>,
    certificates: Vec<Certificate>,
}

/// One private key.
pub(super) struct Key {
    pub(super) secret: Secret,
}

pub(super) enum Secret {
    National(dstu::PrivateKey),
    P256(p256::SecretKey),
}

impl OrganisationKeys {
    /// The most keys that are kept, which bounds the work for a file.
    pub const MAX_KEYS: usize = 32;

    /// No keys: every file stays closed.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// From the bytes of a key file: PKCS#12, or PKCS#8 (also encrypted) or SEC1 as DER or PEM.
    /// PKCS#12 and encrypted PKCS#8 may use PBES2 with ГОСТ 34.311 and ГОСТ 28147 or with SHA and
    /// AES-CBC. The password is used where the file is encrypted.
    ///
    /// # Errors
    /// See [`KeyFileError`].
    pub fn read(file: &[u8], password: &str) -> Result<Self, KeyFileError> {
        let keys = key_file::read(file, password)?;
        if keys.keys.is_empty() {
            return Err(KeyFileError::NoKey);
        }
        keys.checked()
    }

    /// The keys of both.
    ///
    /// # Errors
    /// [`KeyFileError::TooMuch`]: more than [`Self::MAX_KEYS`] together.
    pub fn merge(mut self, other: Self) -> Result<Self, KeyFileError> {
        self.keys.extend(other.keys);
        self.certificates.extend(other.certificates);
        self.checked()
    }

    fn checked(self) -> Result<Self, KeyFileError> {
        let (found, limit) = (self.keys.len(), Self::MAX_KEYS);
        if found > limit {
            let (found, limit) =
                (found.try_into().unwrap_or(u64::MAX), limit.try_into().unwrap_or(u64::MAX));
            return Err(KeyFileError::TooMuch { part: "list of keys", found, limit });
        }
        Ok(self)
    }

    /// Certificates of these keys, where the key files had none. They are not needed to open
    /// files; with them, a damaged file for us is told from a file for somebody else.
    #[must_use]
    pub fn with_certificates(
        mut self,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        self.certificates.extend(certificates);
        self
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The certificates that came with the keys: whom files are encrypted for.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn push(&mut self, secret: Secret) {
        self.keys.push(Key { secret });
    }

    pub(super) fn push_certificate(&mut self, certificate: Certificate) {
        self.certificates.push(certificate);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// Whether there are certificates that tell which files are for us.
    pub(super) fn have_certificates(&self) -> bool {
        !self.certificates.is_empty()
    }

    /// Whether one of our certificates is named.
    pub(super) fn are_named(&self, recipient: &Originator<'_>) -> bool {
        self.certificates.iter().any(|certificate| recipient.names(certificate))
    }
}

impl fmt::Debug for OrganisationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrganisationKeys").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}
