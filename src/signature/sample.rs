//! Signatures made for tests, the wrong ones above all: every field can be bent.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::{algorithms::DigestAlgorithm, trust::Certificate};

pub(crate) mod time_stamp;

pub(crate) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
pub(crate) const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
pub(crate) const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
pub(crate) const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
pub(crate) const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
pub(crate) const SIGNING_CERTIFICATE_V2: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
pub(crate) const ALGORITHM_PROTECTION: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34];
pub(crate) const SIGNATURE_TIME_STAMP: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e];
pub(crate) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
pub(crate) const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
pub(crate) const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// One DER element.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = u32::try_from(value.len()).unwrap();
    let octets: Vec<u8> =
        length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    let header = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        _ => [&[tag, 0x80 | u8::try_from(octets.len()).unwrap()], &octets[..]].concat(),
    };
    [header, value].concat()
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x31, parts)
}

pub(crate) fn oid(value: &[u8]) -> Vec<u8> {
    tlv(0x06, &[value])
}

pub(crate) fn algorithm(id: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id)])
}

pub(crate) fn attribute(id: &[u8], values: &[&[u8]]) -> Vec<u8> {
    sequence(&[&oid(id), &set(values)])
}

/// A key and its self-signed certificate, valid in the years 2024 to 2043.
pub(crate) struct Identity {
    key: SigningKey,
    pub(crate) certificate: Vec<u8>,
    issuer: Vec<u8>,
    serial: u8,
}

impl Identity {
    pub(crate) fn new(seed: u8) -> Self {
        Self::valid(seed, [b"240101000000Z", b"431231235959Z"], &[])
    }

    /// One with its own validity and with more extensions than a key identifier.
    pub(crate) fn valid(seed: u8, validity: [&[u8]; 2], extensions: &[&[u8]]) -> Self {
        let public = SigningKey::from_bytes(&[seed; 32]).verifying_key();
        let public = tlv(0x03, &[&[0], public.as_bytes()]);
        let public = sequence(&[&algorithm(ED25519), &public]);
        Self::written(seed, validity, extensions, &public)
    }

    /// One whose certificate names another `SubjectPublicKeyInfo` than that of the key.
    pub(crate) fn with_key(seed: u8, public_key: &[u8]) -> Self {
        Self::written(seed, [b"240101000000Z", b"431231235959Z"], &[], public_key)
    }

    fn written(seed: u8, validity: [&[u8]; 2], extensions: &[&[u8]], public_key: &[u8]) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let name = tlv(0x0c, &["Тестова Особа".as_bytes()]);
        let issuer = sequence(&[&set(&[&sequence(&[&oid(&[0x55, 0x04, 0x03]), &name])])]);
        let key_id = tlv(0x04, &[&tlv(0x04, &[&[seed; 20]])]);
        let key_id = sequence(&[&oid(&[0x55, 0x1d, 0x0e]), &key_id]);
        let extensions = tlv(0xa3, &[&sequence(&[&key_id, &extensions.concat()])]);
        let body = sequence(&[
            &tlv(0xa0, &[&tlv(0x02, &[&[2]])]),
            &tlv(0x02, &[&[seed]]),
            &algorithm(ED25519),
            &issuer,
            &sequence(&validity.map(|moment| tlv(0x17, &[moment])).each_ref().map(Vec::as_slice)),
            &issuer,
            public_key,
            &extensions,
        ]);
        let signature = key.sign(&body).to_bytes();
        let certificate = sequence(&[&body, &algorithm(ED25519), &tlv(0x03, &[&[0], &signature])]);
        Self { key, certificate, issuer, serial: seed }
    }

    /// The key of this seed with a certificate that somebody else made for it.
    pub(crate) fn of(seed: u8, certificate: &Certificate) -> Self {
        Self {
            key: SigningKey::from_bytes(&[seed; 32]),
            certificate: certificate.der().to_vec(),
            issuer: certificate.issuer_der().to_vec(),
            serial: *certificate.serial_octets().first().unwrap(),
        }
    }

    /// `IssuerAndSerialNumber`.
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        sequence(&[&self.issuer, &tlv(0x02, &[&[self.serial]])])
    }

    /// The `[0]` of a `SignerIdentifier` by key identifier.
    pub(crate) fn key_id(&self) -> Vec<u8> {
        tlv(0x80, &[&[self.serial; 20]])
    }

    /// A signing-certificate-v2 attribute that names `certificate` by SHA-256.
    pub(crate) fn reference_to(certificate: &[u8]) -> Vec<u8> {
        let hash = tlv(0x04, &[&DigestAlgorithm::Sha256.digest(certificate)]);
        attribute(SIGNING_CERTIFICATE_V2, &[&sequence(&[&sequence(&[&sequence(&[&hash])])])])
    }
}

/// Where [`SignerPlan::new`] puts the attributes: in the order of DER.
pub(crate) mod place {
    pub(crate) const CONTENT_TYPE: usize = 0;
    pub(crate) const SIGNING_TIME: usize = 1;
    pub(crate) const REFERENCE: usize = 2;
    pub(crate) const DIGEST: usize = 3;
}

/// One signer as it will be written. Change the fields before [`Self::write`].
pub(crate) struct SignerPlan<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) version: u8,
    pub(crate) id: Vec<u8>,
    pub(crate) digest_algorithm: Vec<u8>,
    /// `None` for a signature without signed attributes.
    pub(crate) attributes: Option<Vec<Vec<u8>>>,
    pub(crate) signature_algorithm: Vec<u8>,
    pub(crate) unsigned: Option<Vec<Vec<u8>>>,
}

impl<'a> SignerPlan<'a> {
    /// A right one: Ed25519 with SHA-512 (RFC 8419) and what CAdES-BES asks for.
    pub(crate) fn new(identity: &'a Identity, content: &[u8]) -> Self {
        Self {
            identity,
            version: 1,
            id: identity.issuer_and_serial(),
            digest_algorithm: algorithm(SHA512),
            attributes: Some(vec![
                attribute(CONTENT_TYPE, &[&oid(DATA)]),
                attribute(SIGNING_TIME, &[&tlv(0x17, &[b"260901100000Z"])]),
                Identity::reference_to(&identity.certificate),
                digest_of(content),
            ]),
            signature_algorithm: algorithm(ED25519),
            unsigned: None,
        }
    }

    /// The `SignerInfo`, signed as it stands.
    pub(crate) fn write(&self, content: &[u8]) -> Vec<u8> {
        let attributes = self
            .attributes
            .as_ref()
            .map(|attributes| attributes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let message = attributes.as_ref().map_or_else(|| content.to_vec(), |all| set(all));
        let signature = self.identity.key.sign(&message).to_bytes();
        let unsigned = self
            .unsigned
            .as_ref()
            .map(|attributes| tlv(0xa1, &attributes.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        sequence(&[
            &tlv(0x02, &[&[self.version]]),
            &self.id,
            &self.digest_algorithm,
            &attributes.map(|all| tlv(0xa0, &all)).unwrap_or_default(),
            &self.signature_algorithm,
            &tlv(0x04, &[&signature]),
            &unsigned.unwrap_or_default(),
        ])
    }
}

/// The message-digest attribute of `content` by SHA-512.
pub(crate) fn digest_of(content: &[u8]) -> Vec<u8> {
    attribute(MESSAGE_DIGEST, &[&tlv(0x04, &[&DigestAlgorithm::Sha512.digest(content)])])
}

/// One `SignedData` as it will be written. Change the fields before [`Self::write`].
pub(crate) struct FilePlan {
    pub(crate) version: u8,
    pub(crate) digest_algorithms: Vec<Vec<u8>>,
    pub(crate) content_type: Vec<u8>,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) signers: Vec<Vec<u8>>,
}

impl FilePlan {
    pub(crate) fn new(
        content: Option<&[u8]>,
        certificates: &[&Identity],
        signers: &[Vec<u8>],
    ) -> Self {
        Self {
            version: 1,
            digest_algorithms: vec![algorithm(SHA512)],
            content_type: oid(DATA),
            content: content.map(<[u8]>::to_vec),
            certificates: certificates.iter().map(|known| known.certificate.clone()).collect(),
            crls: Vec::new(),
            signers: signers.to_vec(),
        }
    }

    pub(crate) fn write(&self) -> Bytes {
        let parts = |all: &[Vec<u8>]| all.concat();
        let content = self.content.as_ref().map(|content| tlv(0xa0, &[&tlv(0x04, &[content])]));
        let certificates = match self.certificates.as_slice() {
            [] => Vec::new(),
            all => tlv(0xa0, &[&parts(all)]),
        };
        let crls = match self.crls.as_slice() {
            [] => Vec::new(),
            all => tlv(0xa1, &[&parts(all)]),
        };
        let signed_data = sequence(&[
            &tlv(0x02, &[&[self.version]]),
            &set(&[&parts(&self.digest_algorithms)]),
            &sequence(&[&self.content_type, &content.unwrap_or_default()]),
            &certificates,
            &crls,
            &set(&[&parts(&self.signers)]),
        ]);
        sequence(&[&oid(SIGNED_DATA), &tlv(0xa0, &[&signed_data])]).into()
    }
}

/// A right signature file over `content`, which it carries.
pub(crate) fn attached(identity: &Identity, content: &[u8]) -> Bytes {
    let signer = SignerPlan::new(identity, content).write(content);
    FilePlan::new(Some(content), &[identity], &[signer]).write()
}

/// A right signature file over `content`, which it does not carry.
pub(crate) fn detached(identity: &Identity, content: &[u8]) -> Bytes {
    let signer = SignerPlan::new(identity, content).write(content);
    FilePlan::new(None, &[identity], &[signer]).write()
}

/// The same as it stands in a PDF file, which says the time itself (ETSI EN 319 142-1 §6.3).
pub(crate) fn within_pdf(identity: &Identity, content: &[u8]) -> Bytes {
    let mut plan = SignerPlan::new(identity, content);
    plan.attributes.as_mut().unwrap().remove(place::SIGNING_TIME);
    FilePlan::new(None, &[identity], &[plan.write(content)]).write()
}
