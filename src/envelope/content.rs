//! Decrypting content with its key.

use aes_gcm::{
    AeadInOut as _, AesGcm, KeyInit as _,
    aead::{KeySizeUser, array::Array},
    aes::{Aes128, Aes192, Aes256},
};
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt as _, BlockSizeUser, KeyIvInit as _,
    consts::U16,
};
use der::Tag;
use zeroize::Zeroizing;

use super::{
    error::{EnvelopeError, Part as _},
    name::name,
    structure::{Algorithm, Authenticated, Envelope},
};
use crate::{
    asn1::{Broken, Element},
    dstu::{Gost28147, Kalyna, Substitution},
};

/// A cipher with its parameters.
pub(super) enum Cipher {
    /// ГОСТ 28147 in feedback mode.
    Gost28147 { start: [u8; 8], substitution: Option<Box<Substitution>> },
    /// «Калина» of 256 bits in feedback mode.
    Kalyna { start: [u8; 32] },
    /// AES-CBC with the padding of RFC 5652 §6.3.
    Cbc { key_octets: usize, start: [u8; 16] },
    /// AES-GCM (RFC 5084) with a tag of 16 octets.
    Gcm { key_octets: usize, nonce: [u8; 12] },
}

/// The content of an envelope.
pub(super) fn decrypt(envelope: &Envelope<'_>, key: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let cipher = Cipher::read(&envelope.cipher)
        .part("content cipher's parameters")?
        .ok_or_else(|| EnvelopeError::Unsupported { name: name(&envelope.cipher.oid) })?;
    let content = envelope.content.as_ref();
    let opened = match &envelope.authenticated {
        Some(authenticated) => cipher.open(key, content, authenticated),
        None => cipher.decrypt(key, content),
    };
    opened.ok_or(EnvelopeError::WrongKey)
}

impl Cipher {
    /// `None` for a cipher that is not supported.
    pub(super) fn read(algorithm: &Algorithm<'_>) -> Result<Option<Self>, Broken> {
        let cipher = match algorithm.oid.as_str() {
            "1.2.804.2.1.1.1.1.1.1.3" => Self::read_gost28147(parameters(algorithm)?)?,
            "1.2.804.2.1.1.1.1.1.3.3.2" => Self::read_kalyna(parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.2" => Self::read_cbc(16, parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.22" => Self::read_cbc(24, parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.42" => Self::read_cbc(32, parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.6" => Self::read_gcm(16, parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.26" => Self::read_gcm(24, parameters(algorithm)?)?,
            "2.16.840.1.101.3.4.1.46" => Self::read_gcm(32, parameters(algorithm)?)?,
            _ => return Ok(None),
        };
        Ok(Some(cipher))
    }

    /// The length of the key.
    pub(super) fn key_octets(&self) -> usize {
        match self {
            Self::Gost28147 { .. } => Gost28147::KEY_LEN,
            Self::Kalyna { .. } => Kalyna::KEY_LEN,
            Self::Cbc { key_octets, .. } | Self::Gcm { key_octets, .. } => *key_octets,
        }
    }

    /// Content that nothing authenticates. `None` if key or content are not right, as far as that
    /// can be noticed at all.
    pub(super) fn decrypt(&self, key: &[u8], content: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Gost28147 { start, substitution } => {
                let standard = Substitution::standard();
                let substitution = substitution.as_deref().unwrap_or(standard);
                let mut opened = content.to_vec();
                Gost28147::new(substitution, key.try_into().ok()?)
                    .decrypt_feedback(*start, &mut opened);
                Some(opened)
            }
            Self::Kalyna { start } => {
                let mut opened = content.to_vec();
                Kalyna::new(key.try_into().ok()?).decrypt_feedback(start, &mut opened);
                Some(opened)
            }
            Self::Cbc { key_octets: 16, start } => cbc::<Aes128>(key, start, content),
            Self::Cbc { key_octets: 24, start } => cbc::<Aes192>(key, start, content),
            Self::Cbc { start, .. } => cbc::<Aes256>(key, start, content),
            Self::Gcm { .. } => None,
        }
    }

    /// Content with a tag over itself and the attributes.
    fn open(&self, key: &[u8], content: &[u8], sealed: &Authenticated<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Gcm { key_octets: 16, nonce } => gcm::<Aes128>(key, nonce, content, sealed),
            Self::Gcm { key_octets: 24, nonce } => gcm::<Aes192>(key, nonce, content, sealed),
            Self::Gcm { nonce, .. } => gcm::<Aes256>(key, nonce, content, sealed),
            Self::Gost28147 { .. } | Self::Kalyna { .. } | Self::Cbc { .. } => None,
        }
    }

    /// Start value and, if it is not ДКЕ № 1, the packed substitution.
    fn read_gost28147(parameters: Element<'_>) -> Result<Self, Broken> {
        let mut fields = parameters.of(Tag::Sequence)?.inside()?;
        // Some write 32 octets, of which the cipher takes the first eight.
        let start = fields.expect(Tag::OctetString)?.value.first_chunk::<8>();
        let start = *start.ok_or(Broken::Malformed)?;
        let substitution = match fields.optional(Tag::OctetString)? {
            Some(packed) => {
                let packed = packed.value.try_into().map_err(|_| Broken::Malformed)?;
                Some(Box::new(Substitution::from_packed(packed)))
            }
            None => None,
        };
        fields.finish()?;
        Ok(Self::Gost28147 { start, substitution })
    }

    /// Start value; another length of feedback than the block's is not in use.
    fn read_kalyna(parameters: Element<'_>) -> Result<Self, Broken> {
        let mut fields = parameters.of(Tag::Sequence)?.inside()?;
        let start = fields.expect(Tag::OctetString)?.value;
        fields.finish()?;
        Ok(Self::Kalyna { start: start.try_into().map_err(|_| Broken::Malformed)? })
    }

    fn read_cbc(key_octets: usize, parameters: Element<'_>) -> Result<Self, Broken> {
        let start = parameters.of(Tag::OctetString)?.value;
        Ok(Self::Cbc { key_octets, start: start.try_into().map_err(|_| Broken::Malformed)? })
    }

    fn read_gcm(key_octets: usize, parameters: Element<'_>) -> Result<Self, Broken> {
        const DEFAULT_TAG: u8 = 12;
        const TAG: u8 = 16;
        let mut fields = parameters.of(Tag::Sequence)?.inside()?;
        let nonce = fields.expect(Tag::OctetString)?.value;
        let nonce = nonce.try_into().map_err(|_| Broken::Malformed)?;
        let tag = match fields.optional(Tag::Integer)? {
            Some(length) => length.small_integer()?,
            None => DEFAULT_TAG,
        };
        fields.finish()?;
        // Shorter tags can be forged sooner, and nobody writes them.
        if tag == TAG { Ok(Self::Gcm { key_octets, nonce }) } else { Err(Broken::Malformed) }
    }
}

fn parameters<'a>(algorithm: &Algorithm<'a>) -> Result<Element<'a>, Broken> {
    algorithm.parameters.ok_or(Broken::Malformed)
}

fn cbc<C>(key: &[u8], start: &[u8; 16], content: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + cbc::cipher::KeyInit,
{
    let mut opened = Zeroizing::new(content.to_vec());
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, start).ok()?;
    let (blocks, rest) = Array::slice_as_chunks_mut(opened.as_mut_slice());
    if !rest.is_empty() {
        return None;
    }
    let mut cipher = cipher;
    cipher.decrypt_blocks(blocks);
    let padding = *opened.last()?;
    let kept = opened.len().checked_sub(usize::from(padding))?;
    let (content, rest) = opened.split_at_checked(kept)?;
    let right = (1..=16).contains(&padding) && rest.iter().all(|octet| *octet == padding);
    right.then(|| content.to_vec())
}

fn gcm<C>(
    key: &[u8],
    nonce: &[u8; 12],
    content: &[u8],
    sealed: &Authenticated<'_>,
) -> Option<Vec<u8>>
where
    C: KeySizeUser + aes_gcm::KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let cipher = AesGcm::<C, cbc::cipher::consts::U12>::new_from_slice(key).ok()?;
    let tag = Array(<[u8; 16]>::try_from(sealed.tag).ok()?);
    let mut opened = content.to_vec();
    let buffer = opened.as_mut_slice().into();
    cipher.decrypt_inout_detached(&Array(*nonce), &sealed.attributes, buffer, &tag).ok()?;
    Some(opened)
}
