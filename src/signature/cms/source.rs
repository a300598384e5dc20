//! From the elements of a file to [`SignedData`], field by field.

use bytes::Bytes;
use der::Tag;

use super::{
    Algorithm, CertificateSet, CmsError, RawParts, RawSigner, SignedData, Signer, SignerId,
};
use crate::{
    asn1::{Broken, Element, Elements, constructed, primitive},
    signature::{
        Limits,
        attributes::{self, RevocationValues},
    },
    trust::Certificate,
};

/// The file that is read, so that what is kept shares its bytes.
#[derive(Clone, Copy)]
pub(in crate::signature) struct Source<'a> {
    pub(in crate::signature) der: &'a Bytes,
    pub(in crate::signature) limits: &'a Limits,
}

impl Signer {
    /// Reads one `SignerInfo` that stands alone.
    ///
    /// # Errors
    /// It is none, or over a limit.
    pub(in crate::signature) fn parse(value: &Bytes, limits: &Limits) -> Result<Self, CmsError> {
        let element = Element::only(value).map_err(in_part("SignerInfo"))?;
        Source { der: value, limits }.signer(element)
    }
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
        let mut raw = RawParts {
            encapsulated: self.keep(encapsulated.raw),
            certificates: Vec::new(),
            certificates_field: certificates.map(|set| self.keep(set.raw)),
            crls: Vec::new(),
            crls_field: revocation.map(|set| self.keep(set.raw)),
        };
        let mut set = CertificateSet::default();
        if let Some(field) = certificates {
            self.certificates(field, &mut set, &mut raw.certificates)?;
        }
        let mut values = RevocationValues::default();
        if let Some(field) = revocation {
            let version = self.revocation(field, &mut values, &mut raw.crls)?;
            set.least_version = set.least_version.max(version);
        }
        Ok(SignedData {
            version,
            digest_algorithms: self.digest_algorithms(digest_algorithms)?,
            content_type,
            content,
            certificates: set,
            revocation: values,
            signers: self.signers(signers)?,
            raw: Box::new(raw),
            is_ber: false,
            is_transported: false,
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

    fn certificates(
        self,
        field: Element<'_>,
        certificates: &mut CertificateSet,
        raw: &mut Vec<Bytes>,
    ) -> Result<(), CmsError> {
        each(field, "certificates", self.limits.certificates, |element| {
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
            raw.push(self.keep(element.raw));
            match Certificate::parse(element.raw) {
                Ok(certificate) if version == 0 => certificates.read.push(certificate),
                _ => certificates.unread = certificates.unread.saturating_add(1),
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Reads revocation values and gives the version that they ask for (RFC 5652 §5.1). They have
    /// to be what they should be, so that certificates do not hide among them.
    fn revocation(
        self,
        field: Element<'_>,
        values: &mut RevocationValues,
        raw: &mut Vec<Bytes>,
    ) -> Result<u8, CmsError> {
        let mut version = 1;
        each(field, "crls", self.limits.certificates, |element| {
            if element.tag == constructed(1) {
                version = 5;
                if let Some(answer) = ocsp_response(element).map_err(in_part("crls"))? {
                    values.ocsp.push(self.keep(answer.raw));
                }
            } else if is_revocation_list(element) {
                values.crls.push(self.keep(element.raw));
            } else {
                return Err(CmsError::Malformed { part: "crls" });
            }
            raw.push(self.keep(element.raw));
            Ok(())
        })?;
        Ok(version)
    }

    fn signers(self, set: Element<'_>) -> Result<Vec<Signer>, CmsError> {
        each(set, "signerInfos", self.limits.signers, |element| self.signer(element))
    }

    fn signer(self, signer: Element<'_>) -> Result<Signer, CmsError> {
        let broken = in_part("SignerInfo");
        let mut fields =
            signer.of(Tag::Sequence).and_then(|sequence| sequence.inside()).map_err(&broken)?;
        let version = fields.next().map_err(&broken)?;
        let id = fields.next().map_err(in_part("sid"))?;
        let digest_algorithm = fields.next().map_err(in_part("digestAlgorithm"))?;
        let signed_attributes = fields.optional(constructed(0)).map_err(in_part("signedAttrs"))?;
        let signature_algorithm = fields.next().map_err(in_part("signatureAlgorithm"))?;
        let signature = fields.expect(Tag::OctetString).map_err(in_part("signature value"))?;
        let unsigned_attributes =
            fields.optional(constructed(1)).map_err(in_part("unsignedAttrs"))?;
        fields.finish().map_err(&broken)?;
        Ok(Signer {
            version: version.small_integer().map_err(&broken)?,
            id: self.signer_id(id).map_err(in_part("sid"))?,
            digest_algorithm: self
                .algorithm(digest_algorithm)
                .map_err(in_part("digestAlgorithm"))?,
            signed_attributes: signed_attributes.map(|set| attributes::read_signed(set, self)),
            signature_algorithm: self
                .algorithm(signature_algorithm)
                .map_err(in_part("signatureAlgorithm"))?,
            signature: self.keep(signature.value),
            unsigned_attributes: attributes::read_unsigned(unsigned_attributes, self),
            raw: RawSigner {
                version: self.keep(version.raw),
                id: self.keep(id.raw),
                digest_algorithm: self.keep(digest_algorithm.raw),
                signed_attributes: signed_attributes.map(|set| self.keep(set.raw)),
                signature_algorithm: self.keep(signature_algorithm.raw),
                signature: self.keep(signature.raw),
            },
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

/// `OtherRevocationInfoFormat ::= SEQUENCE { otherRevInfoFormat OBJECT IDENTIFIER, otherRevInfo ANY
/// }`: the OCSP answer in it, if it is one (RFC 5940 §2; older files of ETSI TS 101 733 name the
/// basic response of RFC 6960 instead).
fn ocsp_response(other: Element<'_>) -> Result<Option<Element<'_>>, Broken> {
    const OCSP_RESPONSE: &str = "1.3.6.1.5.5.7.16.2";
    const BASIC_RESPONSE: &str = "1.3.6.1.5.5.7.48.1.1";
    let mut fields = other.inside()?;
    let format = fields.next()?.object_identifier()?;
    let value = fields.next()?;
    fields.finish()?;
    Ok([OCSP_RESPONSE, BASIC_RESPONSE].contains(&format.as_str()).then_some(value))
}
