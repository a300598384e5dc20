//! Why an envelope or a key file stays closed.

use thiserror::Error;

use super::recipient::RecipientName;
use crate::asn1::Broken;

/// Why an encrypted file was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A part in BER that cannot be brought into DER.
    #[error("a part of the encrypted file is written in BER; send it in DER")]
    Ber,
    /// The content is not in the file.
    #[error("the encrypted file holds keys and no content; send content and keys in one file")]
    Detached,
    /// Bytes that are not what the standard says.
    #[error("the encrypted file is damaged: its {part} cannot be read")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// None of the organisation's keys opens it.
    #[error("the file is encrypted for {}; the organisation has no key for it", listed(recipients))]
    NoKey {
        /// Whom it is encrypted for.
        recipients: Vec<RecipientName>,
    },
    /// The sender's static key is needed and not known.
    #[error("the sender's {originator} is needed to open the file and is not known")]
    NoOriginator {
        /// What names the sender's key.
        originator: RecipientName,
    },
    /// Not an encrypted file at all.
    #[error("the file is not an encrypted CMS message, but holds {content_type}")]
    NotAnEnvelope {
        /// The content type's dotted identifier, or what stands there instead.
        content_type: String,
    },
    /// More pairs of recipients and keys than are tried.
    #[error("the file has too many recipients to try all keys; send it to fewer")]
    TooManyAgreements,
    /// More than the limits allow.
    #[error("the encrypted file's {part} has {found}, the limit is {limit}")]
    TooMuch {
        /// Which part.
        part: &'static str,
        /// How much there is.
        found: usize,
        /// How much may be.
        limit: usize,
    },
    /// An algorithm or a kind of envelope that is not opened.
    #[error("the file is encrypted with {name}, which is not supported")]
    Unsupported {
        /// Its name, or its identifier.
        name: String,
    },
    /// The right key's certificate, and what it opens is not right: one error whatever was wrong.
    #[error("the file cannot be decrypted: its key or its content was changed on the way")]
    WrongKey,
}

/// Why a file of private keys cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Bytes that are not what the standard says.
    #[error("the key file is damaged or of another kind: its {part} cannot be read")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// It can be read and holds no private key.
    #[error("the key file holds no private key")]
    NoKey,
    /// More than is sensible for a key file.
    #[error("the key file's {part} has {found}, the limit is {limit}")]
    TooMuch {
        /// Which part.
        part: &'static str,
        /// How much there is.
        found: u64,
        /// How much may be.
        limit: u64,
    },
    /// An algorithm or a curve that is not supported.
    #[error(
        "the key file uses {name}, which is not supported; write it anew as PKCS#12 with PBES2"
    )]
    Unsupported {
        /// Its name, or its identifier.
        name: String,
    },
    /// The password does not open it.
    #[error("the password does not open the key file")]
    WrongPassword,
}

/// Marks which part of an envelope could not be read.
pub(super) trait Part<T> {
    fn part(self, part: &'static str) -> Result<T, EnvelopeError>;
    fn key_part(self, part: &'static str) -> Result<T, KeyFileError>;
}

impl<T> Part<T> for Result<T, Broken> {
    fn part(self, part: &'static str) -> Result<T, EnvelopeError> {
        self.map_err(|broken| match broken {
            Broken::Ber => EnvelopeError::Ber,
            Broken::Malformed | Broken::Trailing(_) => EnvelopeError::Malformed { part },
        })
    }

    fn key_part(self, part: &'static str) -> Result<T, KeyFileError> {
        self.map_err(|_| KeyFileError::Malformed { part })
    }
}

fn listed(recipients: &[RecipientName]) -> String {
    /// A sender can name as many as the limits allow.
    const MOST: usize = 4;
    let mut names: Vec<String> = recipients.iter().take(MOST).map(ToString::to_string).collect();
    if names.is_empty() {
        return "nobody".to_owned();
    }
    let more = recipients.len().saturating_sub(names.len());
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join("; ")
}
