//! Files of private keys: PKCS#12 (RFC 7292), PKCS#8 (RFC 5958) and SEC1 (RFC 5915).

use der::Tag;
use zeroize::Zeroizing;

use super::{
    armour,
    content::Cipher,
    error::{KeyFileError, Part as _},
    keys::{OrganisationKeys, Secret},
    name::name,
    national,
    password::{self, Digest},
    structure::Algorithm,
};
use crate::{
    asn1::{Broken, Element, constructed},
    dstu,
    trust::Certificate,
};

const MAX_LEN: usize = 1 << 20;
const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";

/// Every key and certificate in a file.
pub(super) fn read(file: &[u8], password: &str) -> Result<OrganisationKeys, KeyFileError> {
    if file.len() > MAX_LEN {
        let found = file.len().try_into().unwrap_or(u64::MAX);
        let limit = MAX_LEN.try_into().unwrap_or(u64::MAX);
        return Err(KeyFileError::TooMuch { part: "content in octets", found, limit });
    }
    let mut keys = OrganisationKeys::empty();
    let blocks = armour::blocks(file);
    if blocks.is_empty() {
        read_der(file, password, &mut keys)?;
    }
    for block in &blocks {
        match block.label.as_str() {
            "CERTIFICATE" => keys.extend_certificate(&block.content),
            "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "EC PRIVATE KEY" => {
                read_der(&block.content, password, &mut keys)?;
            }
            // Parameters of a curve, and whatever people keep beside their keys.
            _ => {}
        }
    }
    Ok(keys)
}

/// The kinds of files differ in their first two elements.
fn read_der(file: &[u8], password: &str, keys: &mut OrganisationKeys) -> Result<(), KeyFileError> {
    let part = "outermost element";
    let whole = Element::only(file).and_then(|it| it.of(Tag::Sequence)).key_part(part)?;
    let mut fields = whole.inside().key_part(part)?;
    let first = fields.next().key_part(part)?;
    let second = fields.next().key_part(part)?;
    match (first.tag, second.tag) {
        (Tag::Sequence, Tag::OctetString) => {
            let private = decrypt(first, second.value, password)?;
            private_key(&private, keys)
        }
        (Tag::Integer, Tag::OctetString) => sec1(file, keys),
        (Tag::Integer, Tag::Sequence)
            if second
                .inside()
                .and_then(|mut it| it.next())
                .is_ok_and(|it| it.object_identifier().is_ok_and(|oid| oid == DATA)) =>
        {
            pkcs12(second, fields.next().ok(), password, keys)
        }
        (Tag::Integer, Tag::Sequence) => private_key(file, keys),
        _ => Err(KeyFileError::Malformed { part }),
    }
}

/// `PFX` behind its version.
fn pkcs12(
    content: Element<'_>,
    mac: Option<Element<'_>>,
    password: &str,
    keys: &mut OrganisationKeys,
) -> Result<(), KeyFileError> {
    let content = data(content).key_part("PKCS#12 content")?;
    let mac = mac
        .ok_or_else(|| KeyFileError::Unsupported { name: "no check of the password".to_owned() })?;
    check_mac(mac, content, password)?;
    let part = "PKCS#12 content";
    let mut parts = Element::only(content).and_then(|it| it.inside()).key_part(part)?;
    while !parts.is_finished() {
        let element = parts.next().key_part(part)?;
        let kind =
            element.inside().and_then(|mut it| it.next()?.object_identifier()).key_part(part)?;
        match kind.as_str() {
            DATA => bags(data(element).key_part(part)?, password, keys)?,
            ENCRYPTED_DATA => {
                let (algorithm, encrypted) = encrypted_data(element).key_part(part)?;
                let opened = decrypt(algorithm, encrypted, password)?;
                bags(&opened, password, keys)?;
            }
            other => return Err(KeyFileError::Unsupported { name: name(other) }),
        }
    }
    Ok(())
}

/// `SafeContents`.
fn bags(content: &[u8], password: &str, keys: &mut OrganisationKeys) -> Result<(), KeyFileError> {
    const KEY: &str = "1.2.840.113549.1.12.10.1.1";
    const SHROUDED_KEY: &str = "1.2.840.113549.1.12.10.1.2";
    const CERTIFICATE: &str = "1.2.840.113549.1.12.10.1.3";
    let part = "PKCS#12 bags";
    let mut list = Element::only(content).and_then(|it| it.inside()).key_part(part)?;
    while !list.is_finished() {
        let mut bag = list.expect(Tag::Sequence).and_then(|it| it.inside()).key_part(part)?;
        let kind = bag.next().and_then(|it| it.object_identifier()).key_part(part)?;
        let value = bag.expect(constructed(0)).key_part(part)?.value;
        match kind.as_str() {
            KEY => private_key(value, keys)?,
            SHROUDED_KEY => {
                let mut fields = Element::only(value).and_then(|it| it.inside()).key_part(part)?;
                let algorithm = fields.next().key_part(part)?;
                let encrypted = fields.expect(Tag::OctetString).key_part(part)?;
                private_key(&decrypt(algorithm, encrypted.value, password)?, keys)?;
            }
            CERTIFICATE => {
                let certificate = certificate_bag(value).key_part(part)?;
                keys.extend_certificate(certificate);
            }
            // Secrets and revocation lists.
            _ => {}
        }
    }
    Ok(())
}

/// The octets in a `ContentInfo` of data.
fn data(content: Element<'_>) -> Result<&[u8], Broken> {
    let mut fields = content.of(Tag::Sequence)?.inside()?;
    fields.expect(Tag::ObjectIdentifier)?;
    let octets = Element::only(fields.expect(constructed(0))?.value)?;
    Ok(octets.of(Tag::OctetString)?.value)
}

/// Algorithm and octets in a `ContentInfo` of encrypted data.
fn encrypted_data(content: Element<'_>) -> Result<(Element<'_>, &[u8]), Broken> {
    let mut fields = content.inside()?;
    fields.expect(Tag::ObjectIdentifier)?;
    let mut fields = Element::only(fields.expect(constructed(0))?.value)?.inside()?;
    fields.expect(Tag::Integer)?;
    let mut fields = fields.expect(Tag::Sequence)?.inside()?;
    fields.expect(Tag::ObjectIdentifier)?;
    let algorithm = fields.next()?;
    Ok((algorithm, fields.expect(crate::asn1::primitive(0))?.value))
}

fn certificate_bag(value: &[u8]) -> Result<&[u8], Broken> {
    let mut fields = Element::only(value)?.inside()?;
    fields.expect(Tag::ObjectIdentifier)?;
    Ok(Element::only(fields.expect(constructed(0))?.value)?.of(Tag::OctetString)?.value)
}

/// `MacData`: tells a wrong password before anything is decrypted.
fn check_mac(mac: Element<'_>, content: &[u8], password: &str) -> Result<(), KeyFileError> {
    let part = "PKCS#12 check";
    let mut fields = mac.of(Tag::Sequence).and_then(|it| it.inside()).key_part(part)?;
    let mut info = fields.expect(Tag::Sequence).and_then(|it| it.inside()).key_part(part)?;
    let algorithm = info.next().and_then(Algorithm::read).key_part(part)?;
    let expected = info.expect(Tag::OctetString).key_part(part)?.value;
    let salt = fields.expect(Tag::OctetString).key_part(part)?.value;
    let iterations = match fields.optional(Tag::Integer).key_part(part)? {
        Some(count) => password::iterations(count)?,
        None => 1,
    };
    let digest = Digest::from_oid(&algorithm.oid)
        .ok_or_else(|| KeyFileError::Unsupported { name: name(&algorithm.oid) })?;
    if password::pkcs12_mac_is_right(digest, password, salt, iterations, content, expected) {
        Ok(())
    } else {
        Err(KeyFileError::WrongPassword)
    }
}

/// `PBES2` (RFC 8018 §6.2).
fn decrypt(
    algorithm: Element<'_>,
    encrypted: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    const PBES2: &str = "1.2.840.113549.1.5.13";
    let part = "password encryption";
    let algorithm = Algorithm::read(algorithm).key_part(part)?;
    if algorithm.oid != PBES2 {
        return Err(KeyFileError::Unsupported { name: name(&algorithm.oid) });
    }
    let parameters = algorithm.parameters.ok_or(Broken::Malformed).key_part(part)?;
    let mut fields = parameters.of(Tag::Sequence).and_then(|it| it.inside()).key_part(part)?;
    let derivation = fields.next().and_then(Algorithm::read).key_part(part)?;
    let cipher = fields.next().and_then(Algorithm::read).key_part(part)?;
    let reader = Cipher::read(&cipher).key_part(part)?;
    let reader = reader.ok_or_else(|| KeyFileError::Unsupported { name: name(&cipher.oid) })?;
    let key = password::derive(&derivation, password, reader.key_octets())?;
    let opened = reader.decrypt(&key, encrypted).ok_or(KeyFileError::WrongPassword)?;
    let opened = Zeroizing::new(opened);
    // A stream cipher notices no wrong key: what comes out is no DER then.
    if Element::only(&opened).is_ok() { Ok(opened) } else { Err(KeyFileError::WrongPassword) }
}

/// `OneAsymmetricKey`. A key for an algorithm that opens no envelopes is passed over.
fn private_key(der: &[u8], keys: &mut OrganisationKeys) -> Result<(), KeyFileError> {
    const ELLIPTIC: &str = "1.2.840.10045.2.1";
    const P256: &str = "1.2.840.10045.3.1.7";
    let part = "private key";
    let mut fields =
        Element::only(der).and_then(|it| it.of(Tag::Sequence)?.inside()).key_part(part)?;
    fields.expect(Tag::Integer).key_part(part)?;
    let algorithm = fields.next().and_then(Algorithm::read).key_part(part)?;
    let octets = fields.expect(Tag::OctetString).key_part(part)?.value;
    if national::is_national(&algorithm) {
        let curve = national::curve(&algorithm)?;
        let private =
            dstu::PrivateKey::read(curve, octets).map_err(|_| KeyFileError::Malformed { part })?;
        keys.push(Secret::National(private));
        return Ok(());
    }
    let curve = algorithm.parameters.and_then(|it| it.object_identifier().ok());
    match (algorithm.oid.as_str(), curve.as_deref()) {
        (ELLIPTIC, Some(P256)) => sec1(octets, keys),
        (ELLIPTIC, Some(other)) => {
            Err(KeyFileError::Unsupported { name: format!("the curve {other}") })
        }
        (other, _) => Err(KeyFileError::Unsupported { name: name(other) }),
    }
}

/// `ECPrivateKey` of P-256; its parameters, if there are any, have been judged or say so.
fn sec1(der: &[u8], keys: &mut OrganisationKeys) -> Result<(), KeyFileError> {
    let part = "private key";
    let mut fields =
        Element::only(der).and_then(|it| it.of(Tag::Sequence)?.inside()).key_part(part)?;
    fields.expect(Tag::Integer).key_part(part)?;
    let octets = fields.expect(Tag::OctetString).key_part(part)?.value;
    let secret =
        p256::SecretKey::from_slice(octets).map_err(|_| KeyFileError::Malformed { part })?;
    keys.push(Secret::P256(secret));
    Ok(())
}

impl OrganisationKeys {
    /// One that cannot be read names no key of ours.
    fn extend_certificate(&mut self, der: &[u8]) {
        if let Ok(certificate) = Certificate::parse(der) {
            self.push_certificate(certificate);
        }
    }
}
