//! Sealing: authenticated encryption, keys made from keys, keyed fingerprints.
//!
//! Sealed content is XAES-256-GCM (C2SP) with a fresh random nonce of 24 bytes, which is long
//! enough to be drawn at random under one key for ever. Each sealing is bound to a *context*: what is sealed for one place does not open in another.
//! Keys are made from keys, and content is fingerprinted, with HMAC-SHA-256 (RFC 2104).
//!
//! What sealing does not hide: the length of the content.
//!
//! | sealed bytes | length |
//! |---|---|
//! | version: 2 | 1 |
//! | nonce | 24 |
//! | ciphertext | as the content |
//! | tag | 16 |

mod cipher;
mod hex;
mod marker;
mod master;

use std::{fmt, io, ops::Range, path::PathBuf};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use self::cipher::{KEY_LEN, NONCE_LEN, TAG_LEN};
pub use self::{
    marker::{Marked, Marker},
    master::MasterKey,
};
use crate::domain::Fingerprint;

/// The length of what stands before the ciphertext: version and nonce.
pub const PREFIX_LEN: usize = 1 + NONCE_LEN;
/// By how much sealed content is longer than the content.
pub const OVERHEAD: usize = PREFIX_LEN + TAG_LEN;

const VERSION: u8 = 2;

/// A secret key of 32 bytes. Wiped from memory when dropped; `Debug` does not show it; compared
/// in constant time.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_LEN]>);

/// Why something cannot be sealed, opened, or a key not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// The content was changed, belongs elsewhere, or was sealed with another key.
    #[error(
        "sealed content does not open: it is damaged, belongs elsewhere, or the key is another"
    )]
    DoesNotOpen,
    /// The file of the master key cannot be read or written.
    #[error("cannot {action} the master key file {}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The text is not a master key. The text is not shown: it may be a mistyped key.
    #[error(
        "this is not a master key: it is one line, \"skrynka-master-key-1\", a space, and 64 \
         hexadecimal digits; `skrynka init` makes one"
    )]
    NotAMasterKey,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The master key file is open to others than its owner.
    #[error(
        "the master key file {} can be used by others than its owner (mode {mode:04o}); \
         make it private: chmod 600 {}",
        path.display(),
        path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The content is longer than the cipher can take (64 GiB).
    #[error("the content is too long to be sealed: {length} bytes")]
    TooLong {
        /// Its length, in bytes.
        length: usize,
    },
    /// The bytes are fewer than any sealed content has.
    #[error("sealed content has at least {least} bytes, this has {length}")]
    TooShort {
        /// Their number.
        length: usize,
        /// The least possible number.
        least: usize,
    },
    /// The content was sealed by a newer version of this program, or is not sealed content.
    #[error("sealed content is of version {found}, this program knows version {known}")]
    UnknownVersion {
        /// The version it says.
        found: u8,
        /// The version that this program knows.
        known: u8,
    },
}

impl Key {
    /// A key of 32 random bytes.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, SealingError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(SealingError::Random)?;
        Ok(Self(bytes))
    }

    /// The key for one purpose. Tells nothing of this key, nor of those for other purposes.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(Zeroizing::new(self.mac(b"derive\0", purpose.as_bytes())))
    }

    /// Sixteen hexadecimal digits that tell whether a key is this one, and nothing else of it.
    #[must_use]
    pub fn check_value(&self) -> String {
        hex::encode(&self.check_bytes()).to_string()
    }

    /// The eight bytes that [`Self::check_value`] spells.
    #[must_use]
    pub fn check_bytes(&self) -> [u8; 8] {
        let mut check = [0; 8];
        check.copy_from_slice(&self.mac(b"check value\0", &[])[..8]);
        check
    }

    /// The keyed fingerprint of `content` (HMAC-SHA-256).
    #[must_use]
    pub fn fingerprint(&self, content: &[u8]) -> Fingerprint {
        Fingerprint(self.mac(b"fingerprint\0", content))
    }

    /// Seals a copy of `plain` for `context`.
    ///
    /// # Errors
    /// When the system gives no random bytes, or `plain` is longer than 64 GiB.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealingError> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        let prefix = prefix()?;
        sealed.extend_from_slice(&prefix);
        sealed.extend_from_slice(plain);
        let tag = self.encrypt(context, &prefix, &mut sealed[PREFIX_LEN..])?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Seals `body` for `context` where it lies, so that no plain copy stays behind.
    ///
    /// Afterwards `body` is the ciphertext and the tag; the prefix that belongs before them
    /// is returned. The two joined are what [`Self::open`] takes.
    ///
    /// # Errors
    /// As [`Self::seal`]; `body` is then of no more use.
    pub fn seal_in_place(
        &self,
        context: &[u8],
        body: &mut Vec<u8>,
    ) -> Result<[u8; PREFIX_LEN], SealingError> {
        let prefix = prefix()?;
        let tag = self.encrypt(context, &prefix, body)?;
        body.extend_from_slice(&tag);
        Ok(prefix)
    }

    /// Opens what was sealed for `context` with this key.
    ///
    /// # Errors
    /// When it was changed, sealed for another context or with another key, or is not sealed
    /// content at all.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
        let mut plain = sealed.to_vec();
        let place = self.open_in_place(context, &mut plain)?;
        plain.truncate(place.end);
        plain.drain(..place.start);
        Ok(plain)
    }

    /// Opens what was sealed for `context` where it lies, and tells where in `sealed` the
    /// content is.
    ///
    /// # Errors
    /// As [`Self::open`]; nothing of the content is left in `sealed` then.
    pub fn open_in_place(
        &self,
        context: &[u8],
        sealed: &mut [u8],
    ) -> Result<Range<usize>, SealingError> {
        let length = sealed.len();
        let too_short = SealingError::TooShort { length, least: OVERHEAD };
        let Some((prefix, rest)) = sealed.split_first_chunk_mut::<PREFIX_LEN>() else {
            return Err(too_short);
        };
        if rest.len() < TAG_LEN {
            return Err(too_short);
        }
        let [version, nonce @ ..] = &*prefix;
        if *version != VERSION {
            return Err(SealingError::UnknownVersion { found: *version, known: VERSION });
        }
        cipher::open(&self.0, nonce, context, rest).map_err(|_| SealingError::DoesNotOpen)?;
        Ok(PREFIX_LEN..length - TAG_LEN)
    }

    /// Seals another key for `context` with this one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn wrap(&self, context: &[u8], key: &Self) -> Result<Vec<u8>, SealingError> {
        self.seal(context, key.0.as_slice())
    }

    /// Opens a key that [`Self::wrap`] sealed for `context`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn unwrap_key(&self, context: &[u8], wrapped: &[u8]) -> Result<Self, SealingError> {
        let plain = Zeroizing::new(self.open(context, wrapped)?);
        let bytes =
            <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| SealingError::DoesNotOpen)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    fn encrypt(
        &self,
        context: &[u8],
        [_, nonce @ ..]: &[u8; PREFIX_LEN],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], SealingError> {
        let length = body.len();
        cipher::seal(&self.0, nonce, context, body).map_err(|_| SealingError::TooLong { length })
    }

    fn mac(&self, label: &[u8], content: &[u8]) -> [u8; 32] {
        // A label ends with the only zero byte in it, so no two uses can meet.
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice())
            .expect("HMAC takes a key of any length");
        mac.update(label);
        mac.update(content);
        mac.finalize().into_bytes().into()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        same_secret(self.0.as_slice(), other.0.as_slice())
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whether two secrets are the same, in a time that tells nothing but whether their lengths are.
///
/// For tokens, digests of tokens, and whatever else a stranger may guess at.
#[must_use]
pub fn same_secret(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// The version, and a nonce that was never used and will never be again.
fn prefix() -> Result<[u8; PREFIX_LEN], SealingError> {
    let mut prefix = [VERSION; PREFIX_LEN];
    let [_, nonce @ ..] = &mut prefix;
    getrandom::fill(nonce).map_err(SealingError::Random)?;
    Ok(prefix)
}

#[cfg(test)]
mod tests;
