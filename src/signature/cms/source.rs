//! From the elements of a file to [`SignedData`], field by field.

use bytes::Bytes;
use der::Tag;

use super::{Algorithm, CertificateSet, CmsError, SignedData, Signer, SignerId};
use crate::{
    asn1::{Broken, Element, Elements, constructed, primitive},
    signature::{Limits, attributes},
    trust::Certificate,
};

/// The file that is read, so that what is kept shares its bytes.
#[derive(Clone, Copy)]
pub(in crate::signature) struct Source<'a> {
    pub(in crate::signature) der: &'a Bytes,
    pub(in crate::signature) limits: &'a Limits,
}

impl Source<'_> {
    /// Reads the whole file.
    pub(super) fn read(self) -> Result<SignedData, CmsError> {
        let content_info = Element::only(self.der).map_err(|broken| match broken {
            Broken::Trailing(bytes) => CmsError::Trailing { bytes },
            Broken::Ber | Broken::Malformed => in_part("ContentInfo")(broken),
        })?;
        let signed_data = open_content_info(content_info).map_err(in_part("ContentInfo"))?;
        self.signed_data(signed_data)
    }

    fn signed_data(self, signed_data: Element<'_>) -> Result<SignedData, CmsError> {
        let broken = in_part("SignedData");
        let mut fields = signed_data
            .of(Tag::Sequence)
            .and_then(|sequence| sequence.inside())
            .map_err(&broken)?;
        let version = fields
            .expect(Tag::Integer)
            .and_then(|version| version.small_integer())
            .map_err(in_part("version"))?;
        let digest_algorithms = fields.expect(Tag::Set).map_err(in_part("digestAlgorithms"))?;
        let encapsulated = fields.expect(Tag::Sequence).map_err(in_part("encapContentInfo"))?;
        let certificates = fields.optional(constructed(0)).map_err(in_part("certificates"))?;
        let revocation = fields.optional(constructed(1)).map_err(in_part("crls"))?;
        let signers = fields.expect(Tag::Set).map_err(in_part("signerInfos"))?;
        fields.finish().map_err(&broken)?;

        let (content_type, content) =
            self.encapsulated(encapsulated).map_err(in_part("encapContentInfo"))?;
        let mut certificates =
            certificates.map(|set| self.certificates(set)).transpose()?.unwrap_or_default();
        if let Some(set) = revocation {
            let version = self.revocation_version(set)?;
            certificates.least_version = certificates.least_version.max(version);
        }
        Ok(SignedData {
            version,
            digest_algorithms: self.digest_algorithms(digest_algorithms)?,
            content_type,
            content,
            certificates,
            signers: self.signers(signers)?,
        })
    }

    fn encapsulated(self, encapsulated: Element<'_>) -> Result<(String, Option<Bytes>), Broken> {
        let mut fields = encapsulated.inside()?;
        let content_type = fields.next()?.object_identifier()?;
        let content = match fields.optional(constructed(0))? {
            Some(explicit) => {
                Some(self.keep(Element::only(explicit.value)?.of(Tag::OctetString)?.value))
            }
            None => None,
        };
        fields.finish()?;
        Ok((content_type, content))
    }

    fn digest_algorithms(self, set: Element<'_>) -> Result<Vec<String>, CmsError> {
        each(set, "digestAlgorithms", self.limits.signers, |element| {
            let algorithm = self.algorithm(element).map_err(in_part("digestAlgorithms"))?;
            if !algorithm.has_plain_parameters() {
                return Err(CmsError::Malformed { part: "digestAlgorithms" });
            }
            Ok(algorithm.id)
        })
    }

    fn certificates(self, set: Element<'_>) -> Result<CertificateSet, CmsError> {
        let mut certificates = CertificateSet::default();
        each(set, "certificates", self.limits.certificates, |element| {
            // The kinds of RFC 5652 §10.2.2 and the versions that §5.1 asks for with them.
            let version = if element.tag == Tag::Sequence {
                0
            } else if element.tag == constructed(1) {
                3
            } else if element.tag == constructed(2) {
                4
            } else if element.tag == constructed(3) {
                5
            } else {
                return Err(CmsError::Malformed { part: "certificates" });
            };
            certificates.least_version = certificates.least_version.max(version);
            match Certificate::parse(element.raw) {
                Ok(certificate) if version == 0 => certificates.read.push(certificate),
                _ => certificates.unread = certificates.unread.saturating_add(1),
            }
            Ok(())
        })?;
        Ok(certificates)
    }

    /// The version that revocation values ask for (RFC 5652 §5.1). They are not used; they have
    /// to be what they should be, so that certificates do not hide among them.
    fn revocation_version(self, set: Element<'_>) -> Result<u8, CmsError> {
        let versions = each(set, "crls", self.limits.certificates, |element| {
            if element.tag == constructed(1) {
                Ok(5)
            } else if is_revocation_list(element) {
                Ok(1)
            } else {
                Err(CmsError::Malformed { part: "crls" })
            }
        })?;
        Ok(versions.into_iter().max().unwrap_or(1))
    }

    fn signers(self, set: Element<'_>) -> Result<Vec<Signer>, CmsError> {
        each(set, "signerInfos", self.limits.signers, |element| self.signer(element))
    }

    fn signer(self, signer: Element<'_>) -> Result<Signer, CmsError> {
        let broken = in_part("SignerInfo");
        let mut fields =
            signer.of(Tag::Sequence).and_then(|sequence| sequence.inside()).map_err(&broken)?;
        let version = fields.next().and_then(|version| version.small_integer()).map_err(&broken)?;
        let id = fields.next().and_then(|id| self.signer_id(id)).map_err(in_part("sid"))?;
        let digest_algorithm = fields
            .next()
            .and_then(|algorithm| self.algorithm(algorithm))
            .map_err(in_part("digestAlgorithm"))?;
        let signed_attributes = fields.optional(constructed(0)).map_err(in_part("signedAttrs"))?;
        let signature_algorithm = fields
            .next()
            .and_then(|algorithm| self.algorithm(algorithm))
            .map_err(in_part("signatureAlgorithm"))?;
        let signature = fields.expect(Tag::OctetString).map_err(in_part("signature value"))?;
        let unsigned_attributes =
            fields.optional(constructed(1)).map_err(in_part("unsignedAttrs"))?;
        fields.finish().map_err(&broken)?;
        Ok(Signer {
            version,
            id,
            digest_algorithm,
            signed_attributes: signed_attributes.map(|set| attributes::read_signed(set, self)),
            signature_algorithm,
            signature: self.keep(signature.value),
            unsigned_attributes: attributes::read_unsigned(unsigned_attributes, self),
        })
    }

    fn signer_id(self, id: Element<'_>) -> Result<SignerId, Broken> {
        if id.tag == primitive(0) {
            return Ok(SignerId::SubjectKeyId(self.keep(id.value)));
        }
        let mut fields = id.of(Tag::Sequence)?.inside()?;
        let issuer = fields.expect(Tag::Sequence)?;
        let serial = fields.expect(Tag::Integer)?;
        fields.finish()?;
        Ok(SignerId::IssuerAndSerial {
            issuer: self.keep(issuer.raw),
            serial: self.keep(serial.value),
        })
    }

    pub(in crate::signature) fn algorithm(
        self,
        algorithm: Element<'_>,
    ) -> Result<Algorithm, Broken> {
        let mut fields = algorithm.of(Tag::Sequence)?.inside()?;
        let id = fields.next()?.object_identifier()?;
        let parameters =
            if fields.is_finished() { None } else { Some(self.keep(fields.next()?.raw)) };
        fields.finish()?;
        Ok(Algorithm { id, parameters })
    }

    /// Keeps a part of the file without copying it.
    pub(in crate::signature) fn keep(self, part: &[u8]) -> Bytes {
        self.der.slice_ref(part)
    }
}

/// The elements of a set, at most `max`, each read by `read`.
pub(in crate::signature) fn each<T>(
    set: Element<'_>,
    things: &'static str,
    max: usize,
    mut read: impl FnMut(Element<'_>) -> Result<T, CmsError>,
) -> Result<Vec<T>, CmsError> {
    let broken = in_part(things);
    let mut elements: Elements<'_> = set.inside().map_err(&broken)?;
    let mut all = Vec::new();
    while !elements.is_finished() {
        if all.len() == max {
            return Err(CmsError::TooMany { things, max });
        }
        all.push(read(elements.next().map_err(&broken)?)?);
    }
    Ok(all)
}

/// The `SignedData` inside a `ContentInfo` (RFC 5652 §3).
fn open_content_info(content_info: Element<'_>) -> Result<Element<'_>, Broken> {
    let mut fields = content_info.of(Tag::Sequence)?.inside()?;
    fields.expect(Tag::ObjectIdentifier)?;
    let content = fields.expect(constructed(0))?;
    fields.finish()?;
    Element::only(content.value)
}

fn in_part(part: &'static str) -> impl Fn(Broken) -> CmsError {
    move |broken| match broken {
        Broken::Ber => CmsError::Ber,
        Broken::Malformed | Broken::Trailing(_) => CmsError::Malformed { part },
    }
}

/// Whether this begins as a `CertificateList` does (RFC 5280 §5.1): a version, an algorithm, a
/// name, and a moment where a certificate has two.
fn is_revocation_list(element: Element<'_>) -> bool {
    let begin = || {
        let mut list = element.of(Tag::Sequence)?.inside()?.expect(Tag::Sequence)?.inside()?;
        list.optional(Tag::Integer)?;
        list.expect(Tag::Sequence)?;
        list.expect(Tag::Sequence)?;
        list.next()
    };
    begin().is_ok_and(|moment| [Tag::UtcTime, Tag::GeneralizedTime].contains(&moment.tag))
}
