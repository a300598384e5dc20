//! From a file and keys to the content.

use std::borrow::Cow;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::{
    agreement, armour,
    content::decrypt,
    error::EnvelopeError,
    keys::OrganisationKeys,
    name::name,
    recipient::{Originator, RecipientName},
    structure::{Agreement, DATA, Envelope, Recipient, Sender},
};
use crate::{
    asn1::{BerError, BerLimits, normalise},
    trust::Certificate,
};

/// How much an envelope may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Agreements that are computed.
    pub agreements: usize,
    /// The encrypted content.
    pub content_octets: usize,
    /// Recipients, and likewise certificates of the sender.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { agreements: 64, content_octets: 64 << 20, entries: 64 }
    }
}

impl Limits {
    pub(super) fn count(&self, part: &'static str, found: usize) -> Result<(), EnvelopeError> {
        let limit = self.entries;
        if found > limit { Err(EnvelopeError::TooMuch { part, found, limit }) } else { Ok(()) }
    }
}

/// Whom a file is encrypted for. The file is DER or BER, or PEM or base64 of it.
///
/// # Errors
/// It is not an encrypted file, or damaged.
pub fn recipients(file: &[u8], limits: &Limits) -> Result<Vec<RecipientName>, EnvelopeError> {
    let file = plain(file);
    let file = strict(&file, limits)?;
    Envelope::read(file.as_ref(), limits).map(|envelope| names(&envelope))
}

/// The content of an encrypted file with one of the keys. The file is DER or BER, or PEM or base64
/// of it; a signed message inside comes out as a CMS file of its own.
///
/// `originators` answers with the `SubjectPublicKeyInfo` (DER) of a sender's static key, from the
/// certificates the caller knows; those in the envelope itself are found without it.
///
/// # Errors
/// See [`EnvelopeError`]. Whatever was changed in a file that a key of ours fits, the answer is
/// [`EnvelopeError::WrongKey`].
pub fn open(
    file: &[u8],
    keys: &OrganisationKeys,
    originators: &dyn Fn(&Originator<'_>) -> Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Bytes, EnvelopeError> {
    let mut left = limits.agreements;
    open_sharing(file, keys, originators, limits, &mut left)
}

/// As [`open`], for files that share a number of agreements: those that are computed are taken
/// from `left`, and [`Limits::agreements`] is not looked at.
///
/// # Errors
/// As [`open`]; [`EnvelopeError::TooManyAgreements`] when none is left.
pub fn open_sharing(
    file: &[u8],
    keys: &OrganisationKeys,
    originators: &dyn Fn(&Originator<'_>) -> Option<Vec<u8>>,
    limits: &Limits,
    left: &mut usize,
) -> Result<Bytes, EnvelopeError> {
    let file = plain(file);
    let file = strict(&file, limits)?;
    let envelope = Envelope::read(file.as_ref(), limits)?;
    let content_key = content_key(&envelope, keys, originators, left)?;
    let content = decrypt(&envelope, &content_key)?;
    Ok(Bytes::from(message(&envelope, content)))
}

/// Tries our keys on each recipient. A wrapped key tells by its check whether the wrapping key is
/// right, so that keys without certificates can be tried too.
fn content_key(
    envelope: &Envelope<'_>,
    keys: &OrganisationKeys,
    originators: &dyn Fn(&Originator<'_>) -> Option<Vec<u8>>,
    left: &mut usize,
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let mut problem = None;
    let mut is_for_us = false;
    for recipient in &envelope.recipients {
        let Recipient::Agreement(agreement) = recipient else { continue };
        let names_us = agreement.keys.iter().any(|(recipient, _)| keys.are_named(recipient));
        let tried = try_keys(envelope, agreement, keys, originators, left);
        match tried {
            Ok(Some(content_key)) => return Ok(content_key),
            Ok(None) if names_us => problem = Some(EnvelopeError::WrongKey),
            Err(error @ EnvelopeError::TooManyAgreements) => return Err(error),
            // Of others' keys, only if we cannot tell them from ours.
            Err(error) if names_us || !is_for_us && !keys.have_certificates() => {
                problem = Some(error);
            }
            Ok(None) | Err(_) => {}
        }
        is_for_us |= names_us;
    }
    Err(problem.unwrap_or_else(|| refusal(envelope)))
}

/// Tries all our keys in one agreement. `None` if none of them is right.
fn try_keys(
    envelope: &Envelope<'_>,
    agreement: &Agreement<'_>,
    keys: &OrganisationKeys,
    originators: &dyn Fn(&Originator<'_>) -> Option<Vec<u8>>,
    left: &mut usize,
) -> Result<Option<Zeroizing<Vec<u8>>>, EnvelopeError> {
    let point = sender(envelope, agreement, originators)?;
    for key in keys.iter() {
        *left = left.checked_sub(1).ok_or(EnvelopeError::TooManyAgreements)?;
        if let Some(content_key) = agreement::unwrap(agreement, key, &point)? {
            return Ok(Some(content_key));
        }
    }
    Ok(None)
}

/// Why nothing was tried, or none fits.
fn refusal(envelope: &Envelope<'_>) -> EnvelopeError {
    let mut unsupported = None;
    for recipient in &envelope.recipients {
        match recipient {
            Recipient::Agreement(_) => return EnvelopeError::NoKey { recipients: names(envelope) },
            Recipient::Other { algorithm, .. } => unsupported = Some(name(algorithm)),
        }
    }
    match unsupported {
        Some(name) => EnvelopeError::Unsupported { name },
        None => EnvelopeError::NoKey { recipients: Vec::new() },
    }
}

/// The octets of the sender's point.
fn sender(
    envelope: &Envelope<'_>,
    agreement: &Agreement<'_>,
    originators: &dyn Fn(&Originator<'_>) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, EnvelopeError> {
    let originator = match &agreement.sender {
        Sender::Ephemeral(point) => return Ok(point.to_vec()),
        Sender::Static(originator) => originator,
    };
    let mut inside = envelope.certificates.iter().filter_map(|der| Certificate::parse(der).ok());
    let public_key = inside
        .find(|certificate| originator.names(certificate))
        .map(|certificate| certificate.public_key().to_vec())
        .or_else(|| originators(originator))
        .ok_or_else(|| EnvelopeError::NoOriginator { originator: originator.name() })?;
    agreement::point(&public_key).ok_or(EnvelopeError::Malformed { part: "sender's public key" })
}

fn names(envelope: &Envelope<'_>) -> Vec<RecipientName> {
    let mut names = Vec::new();
    for recipient in &envelope.recipients {
        match recipient {
            Recipient::Agreement(agreement) => {
                names.extend(agreement.keys.iter().map(|(recipient, _)| recipient.name()));
            }
            Recipient::Other { name, .. } => names.push(name.clone()),
        }
    }
    names
}

/// Content of another type than data is the bare value of that type (RFC 5652 §6.1) and becomes a
/// file again with `ContentInfo` around it (§3).
fn message(envelope: &Envelope<'_>, content: Vec<u8>) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const CONTENT: u8 = 0xa0;
    if envelope.content_type.value == DATA {
        return content;
    }
    let content = agreement::element(CONTENT, &[&content]);
    agreement::element(SEQUENCE, &[envelope.content_type.raw, &content])
}

/// The file in DER, if it is BER. Content and keys keep their bytes.
fn strict<'a>(file: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, EnvelopeError> {
    /// What stands around the content: names, keys and certificates of everyone named.
    const AROUND: usize = 8 << 20;
    let bytes = limits.content_octets.saturating_add(AROUND);
    normalise(file, &BerLimits { bytes, ..BerLimits::default() }).map_err(|error| match error {
        BerError::TooLong { max } => {
            EnvelopeError::TooMuch { part: "length in octets", found: file.len(), limit: max }
        }
        BerError::Malformed { .. }
        | BerError::TooDeep { .. }
        | BerError::TooMany { .. }
        | BerError::Trailing { .. } => EnvelopeError::Malformed { part: "outermost element" },
    })
}

/// The file as it is without its wrapping as text.
fn plain(file: &[u8]) -> Cow<'_, [u8]> {
    const SEQUENCE: u8 = 0x30;
    if file.first() == Some(&SEQUENCE) {
        // A text of base64 may begin with the digit zero, which is the same octet.
        let is_text =
            file.iter().all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace());
        if !is_text {
            return file.into();
        }
    }
    let block = armour::blocks(file).into_iter().next().map(|block| block.content);
    let bare = || std::str::from_utf8(file).ok().and_then(armour::decode);
    block.or_else(bare).map_or_else(|| file.into(), |der| der.to_vec().into())
}
