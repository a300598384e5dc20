//! One OCSP answer (RFC 6960 §4.2).

use der::Tag;

use super::{
    RevocationError,
    list::still_tells,
    parts::{self, Details, Revocation, Signature, State, malformed},
};
use crate::{
    algorithms::{DigestAlgorithm, Failure, Used},
    asn1::{Broken, Element, constructed, primitive},
    domain::{Sha256, Timestamp},
    trust::{
        Certificate,
        name::{Name, hex},
    },
};

/// An answer that could be read whole. Nothing in it is believed.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) sha256: Sha256,
    signed: Vec<u8>,
    signature: Signature,
    pub(super) responder: Responder,
    pub(super) produced_at: Timestamp,
    pub(super) singles: Vec<Single>,
    /// Certificates beside it; those that cannot be read are left out.
    pub(super) certificates: Vec<Certificate>,
}

/// `ResponderID`.
#[derive(Debug)]
pub(super) enum Responder {
    Key(Vec<u8>),
    Name(Name),
}

/// `SingleResponse`: what is said of one certificate.
#[derive(Debug)]
pub(super) struct Single {
    id: CertificateId,
    pub(super) state: State,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    cutoff: Option<Timestamp>,
}

/// `CertID`.
#[derive(Debug)]
struct CertificateId {
    hash: String,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
}

const KIND: &str = "an OCSP answer";
const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";

impl Answer {
    /// The most certificates that one answer speaks of.
    const MAX_SINGLES: usize = 256;
    /// The most certificates that are kept with it.
    const MAX_CERTIFICATES: usize = 8;

    /// Reads an `OCSPResponse`.
    pub(super) fn read(der: &[u8]) -> Result<Self, RevocationError> {
        let broken = |broken| malformed(KIND, broken);
        let (status, rest) = status(der).map_err(broken)?;
        match (status_name(status), rest) {
            (Some(status), _) => Err(RevocationError::Refused { status }),
            (None, Some(bytes)) => {
                let (kind, basic) = typed(bytes).map_err(broken)?;
                if kind != BASIC {
                    let name = format!("an answer of the type {kind}");
                    return Err(RevocationError::Unsupported { name });
                }
                Self::read_basic(basic)
            }
            (None, None) => Err(broken(Broken::Malformed)),
        }
    }

    /// Reads a `BasicOCSPResponse`.
    pub(super) fn read_basic(der: &[u8]) -> Result<Self, RevocationError> {
        let broken = |broken| malformed(KIND, broken);
        let outer = Outer::read(der).map_err(broken)?;
        let mut singles = Vec::new();
        let mut all = outer.singles.inside().map_err(broken)?;
        while !all.is_finished() {
            if singles.len() >= Self::MAX_SINGLES {
                return Err(RevocationError::TooManyEntries { max: Self::MAX_SINGLES });
            }
            let single = all.expect(Tag::Sequence).map_err(broken)?;
            singles.push(Single::read(&single).map_err(|error| error.of(KIND))?);
        }
        for extension in outer.extensions.iter().flatten() {
            if extension.is_critical && extension.oid != NONCE {
                let name = format!("the critical extension {} of the answer", extension.oid);
                return Err(RevocationError::Unsupported { name });
            }
        }
        let certificates = outer.certificates.iter().take(Self::MAX_CERTIFICATES);
        Ok(Self {
            sha256: Sha256::of(der),
            signed: outer.signed.to_vec(),
            signature: outer.signature,
            responder: outer.responder,
            produced_at: outer.produced_at,
            singles,
            certificates: certificates.filter_map(|der| Certificate::parse(der).ok()).collect(),
        })
    }

    /// Whether `certificate`'s key signed the answer. Who that is, is not asked.
    pub(super) fn verify(&self, certificate: &Certificate) -> Result<Used, Failure> {
        self.signature.verify(certificate.public_key(), &self.signed)
    }

    /// What its signature rests on besides the length of the key, which is not known.
    pub(super) fn named(&self) -> Result<Used, Failure> {
        self.signature.named()
    }

    /// How many MiB a check of its signature hashes.
    pub(super) fn mebibytes(&self) -> usize {
        self.signed.len() >> 20
    }
}

const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

impl Responder {
    /// Whether this may be `certificate`: a look-up, for the key that fits is the proof.
    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => certificate.is_subject(name),
            // RFC 6960 §4.2.1 has SHA-1 here; the national profiles have their own digest, which
            // is also what the key identifier in a certificate is made with. It proves nothing, so
            // no policy is asked.
            Self::Key(id) => {
                certificate.subject_key_id() == Some(id)
                    || DigestAlgorithm::ALL
                        .into_iter()
                        .any(|digest| key_forms(certificate).any(|key| digest.digest(key) == *id))
            }
        }
    }

    /// Whether it is named by its key alone.
    pub(super) fn is_a_key(&self) -> bool {
        matches!(self, Self::Key(_))
    }

    /// The name, or the key's identifier, for people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Name(name) => name.text().to_owned(),
            Self::Key(id) => hex(id),
        }
    }
}

impl Single {
    fn read(single: &Element<'_>) -> Result<Self, parts::DetailsError> {
        let mut parts = single.inside()?;
        let id = CertificateId::read(&parts.expect(Tag::Sequence)?)?;
        let status = parts.next()?;
        let this_update = parts::moment(&parts.expect(Tag::GeneralizedTime)?)?;
        let next_update = match parts.optional(constructed(0))? {
            Some(time) => Some(parts::moment(&Element::only(time.value)?)?),
            None => None,
        };
        let details = match parts.optional(constructed(1))? {
            Some(wrapped) => Details::read(&Element::only(wrapped.value)?)?,
            None => Details::default(),
        };
        parts.finish()?;
        let state = match status.tag {
            tag if tag == primitive(0) && status.value.is_empty() => State::Good,
            tag if tag == primitive(2) && status.value.is_empty() => State::Unknown,
            tag if tag == constructed(1) => revoked(&status, details)?,
            _ => return Err(Broken::Malformed.into()),
        };
        Ok(Self { id, state, this_update, next_update, cutoff: details.cutoff })
    }

    /// Whether it is about `certificate` by `issuer`: name, key and serial number fit. Of one that
    /// revokes the digest of the key need not: the key may be written otherwise in the certificate of
    /// the issuer that is at hand, and who made the answer is proved besides.
    pub(super) fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.id.names(certificate, issuer)
            && (matches!(self.state, State::Revoked(_)) || self.id.names_key(issuer))
    }

    /// Whether it is about `certificate`, as far as the name of its issuer tells.
    pub(super) fn is_about_by_name(&self, certificate: &Certificate) -> bool {
        self.has_serial_of(certificate) && self.id.has_name_of(certificate.issuer_der())
    }

    pub(super) fn serial(&self) -> &[u8] {
        &self.id.serial
    }

    /// Of which certificate it is, by what the answer names it by.
    pub(super) fn digest(&self) -> Sha256 {
        Sha256::of(&[&self.id.issuer_name[..], &self.id.issuer_key, &self.id.serial].concat())
    }

    pub(super) fn has_serial_of(&self, certificate: &Certificate) -> bool {
        self.id.serial == certificate.serial_octets()
    }

    /// Whether what an answer of `produced_at` says by it is worth anything: what revokes always is.
    pub(super) fn check(
        &self,
        certificate: &Certificate,
        produced_at: Timestamp,
    ) -> Result<(), &'static str> {
        match self.state {
            State::Good => {
                self.tells_all(certificate.not_after())?;
                self.is_told_by(produced_at)
            }
            State::Unknown => Err("the responder does not know the certificate"),
            State::Revoked(_) => Ok(()),
        }
    }

    /// Whether this could be known when the answer was made (RFC 6960 §2.4).
    ///
    /// A responder has to be right at that moment. If its answer could speak of a later one, so
    /// could the answer of a stolen key that dates it back.
    fn is_told_by(&self, produced_at: Timestamp) -> Result<(), &'static str> {
        /// How far the clocks of the responder and of what it asks may be apart.
        const SKEW_SECONDS: i64 = 600;
        if self.this_update <= produced_at.plus_seconds(SKEW_SECONDS) {
            Ok(())
        } else {
            Err("it is true from a moment after the one at which it was made")
        }
    }

    /// Whether "good" says that a certificate that ended at `not_after` was not revoked.
    pub(super) fn tells_all(&self, not_after: Timestamp) -> Result<(), &'static str> {
        still_tells(self.this_update, self.cutoff, not_after)
    }
}

/// `RevokedInfo`.
fn revoked(status: &Element<'_>, details: Details) -> Result<State, Broken> {
    let mut parts = status.inside()?;
    let at = parts::moment(&parts.expect(Tag::GeneralizedTime)?)?;
    let reason = match parts.optional(constructed(0))? {
        Some(wrapped) => Some(parts::Reason::read(&Element::only(wrapped.value)?)?),
        None => None,
    };
    parts.finish()?;
    let reason = reason.or(details.reason);
    Ok(State::Revoked(Revocation::new(at, reason, details.invalid_since)))
}

impl CertificateId {
    fn read(id: &Element<'_>) -> Result<Self, Broken> {
        let mut parts = id.inside()?;
        let hash = parts.expect(Tag::Sequence)?.inside()?.next()?.object_identifier()?;
        let issuer_name = parts.expect(Tag::OctetString)?.value.to_vec();
        let issuer_key = parts.expect(Tag::OctetString)?.value.to_vec();
        let serial = parts.expect(Tag::Integer)?.value.to_vec();
        parts.finish()?;
        Ok(Self { hash, issuer_name, issuer_key, serial })
    }

    fn names(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.serial == certificate.serial_octets()
            && (self.has_name_of(issuer.subject_der())
                || self.has_name_of(certificate.issuer_der()))
    }

    fn has_name_of(&self, issuer: &[u8]) -> bool {
        let digest = DigestAlgorithm::from_oid(&self.hash);
        digest.is_ok_and(|digest| digest.digest(issuer) == self.issuer_name)
    }

    fn names_key(&self, issuer: &Certificate) -> bool {
        let Ok(digest) = DigestAlgorithm::from_oid(&self.hash) else { return false };
        key_forms(issuer).any(|key| digest.digest(key) == self.issuer_key)
            || issuer.subject_key_id() == Some(&self.issuer_key)
    }
}

/// The octets that the digest of a key may be made of: those of the BIT STRING, and what is left
/// of them without the OCTET STRING that a DSTU 4145 key is wrapped in.
pub(super) fn key_forms(certificate: &Certificate) -> impl Iterator<Item = &[u8]> {
    let bits = key_octets(certificate.public_key()).ok();
    let wrapped = bits.and_then(|bits| Element::only(bits).ok()?.of(Tag::OctetString).ok());
    bits.into_iter().chain(wrapped.map(|inner| inner.value))
}

fn key_octets(spki: &[u8]) -> Result<&[u8], Broken> {
    let mut parts = Element::only(spki)?.of(Tag::Sequence)?.inside()?;
    parts.next()?;
    parts::octets(&parts.next()?)
}

/// `OCSPResponseStatus`, and the `ResponseBytes` after it.
fn status(der: &[u8]) -> Result<(u8, Option<&[u8]>), Broken> {
    let mut parts = Element::only(der)?.of(Tag::Sequence)?.inside()?;
    let [status] = *parts.expect(Tag::Enumerated)?.value else { return Err(Broken::Malformed) };
    let bytes = parts.optional(constructed(0))?.map(|wrapped| wrapped.value);
    parts.finish()?;
    Ok((status, bytes))
}

/// The type of a `ResponseBytes`, and the answer in it.
fn typed(bytes: &[u8]) -> Result<(String, &[u8]), Broken> {
    let mut parts = Element::only(bytes)?.of(Tag::Sequence)?.inside()?;
    let kind = parts.next()?.object_identifier()?;
    let answer = parts.expect(Tag::OctetString)?.value;
    parts.finish()?;
    Ok((kind, answer))
}

/// The name of a status that is no answer; `None` for `successful`.
fn status_name(status: u8) -> Option<&'static str> {
    match status {
        0 => None,
        1 => Some("malformedRequest"),
        2 => Some("internalError"),
        3 => Some("tryLater"),
        5 => Some("sigRequired"),
        6 => Some("unauthorized"),
        _ => Some("a status that the standard does not know"),
    }
}

/// The parts of a `BasicOCSPResponse`.
struct Outer<'a> {
    signed: &'a [u8],
    signature: Signature,
    responder: Responder,
    produced_at: Timestamp,
    singles: Element<'a>,
    extensions: Option<Vec<parts::Extension<'a>>>,
    certificates: Vec<&'a [u8]>,
}

impl<'a> Outer<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Broken> {
        let mut outer = Element::only(der)?.of(Tag::Sequence)?.inside()?;
        let signed = outer.expect(Tag::Sequence)?;
        let signature = Signature::read(&outer.next()?, &outer.next()?)?;
        let mut certificates = Vec::new();
        if let Some(wrapped) = outer.optional(constructed(0))? {
            let mut all = Element::only(wrapped.value)?.of(Tag::Sequence)?.inside()?;
            while !all.is_finished() {
                certificates.push(all.next()?.raw);
            }
        }
        outer.finish()?;

        let mut body = signed.inside()?;
        // Version 1, written as 0, is the default; responders in use write it all the same.
        if let Some(version) = body.optional(constructed(0))?
            && Element::only(version.value)?.small_integer()? != 0
        {
            return Err(Broken::Malformed);
        }
        let id = body.next()?;
        let responder = match id.tag {
            tag if tag == constructed(1) => {
                Responder::Name(Name::from_der(id.value).ok_or(Broken::Malformed)?)
            }
            tag if tag == constructed(2) => {
                Responder::Key(Element::only(id.value)?.of(Tag::OctetString)?.value.to_vec())
            }
            _ => return Err(Broken::Malformed),
        };
        let produced_at = parts::moment(&body.expect(Tag::GeneralizedTime)?)?;
        let singles = body.expect(Tag::Sequence)?;
        let extensions = match body.optional(constructed(1))? {
            Some(wrapped) => Some(parts::extensions(&Element::only(wrapped.value)?)?),
            None => None,
        };
        body.finish()?;
        let signed = signed.raw;
        Ok(Self { signed, signature, responder, produced_at, singles, extensions, certificates })
    }
}
