//! What can be claimed of a file, and whether it holds.

use std::{fs, path::Path};

use bytes::Bytes;
use der::Tag;
use skrynka::{
    algorithms::{self, AlgorithmId},
    asn1::{self, Element},
    domain::{BestTimeSource, Container, Indication, Level, SubIndication},
    dstu::{Curve, PrivateKey},
    envelope::{self, OrganisationKeys, Originator},
    signature::{
        Conditions, Limits, Signed,
        asic::{Archive, ArchiveLimits},
        cms::SignedData,
        examine, unwrap,
    },
    trust::{Certificate, RevocationStore, TrustStore, read_certificates},
};

/// What is claimed of a file.
pub(super) enum Check {
    /// Its certificates, each with this kind of key.
    Certificates { count: usize, key: &'static str },
    /// Encrypted, and opened with the key in this file.
    Envelope { key: &'static str, password: &'static str, content: &'static [u8] },
    /// A certificate, list or OCSP answer that the key of the certificate `by` signed, and that holds
    /// these octets.
    Issued { by: &'static str, says: &'static [u8] },
    /// A file with so many private keys.
    KeyFile { password: &'static str, keys: usize },
    /// Nothing is, for this reason.
    Nothing(&'static str),
    /// Exactly so long.
    Plain { length: usize },
    /// The octets of the private key that this certificate is about.
    PrivateKey { certificate: &'static str },
    /// A list or an answer about revocation that can be read.
    Revocation,
    /// A signature.
    Signature(Signature),
    /// A response of a time-stamping authority, whose token is judged as a file.
    Token { says: &'static str },
    /// What another test says of it.
    Vectors(&'static [fn()]),
}

/// A signature, what it is judged by, and what has to come of it.
pub(super) struct Signature {
    pub(super) content: Content,
    pub(super) trust: Trust,
    pub(super) at: &'static str,
    pub(super) outcome: (Indication, Option<SubIndication>),
    pub(super) level: Level,
    pub(super) container: Container,
    pub(super) algorithm: &'static str,
}

/// What a signature is over.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// What stands in its own file.
    Inside,
    /// This.
    Is(&'static [u8]),
    /// The content of this file.
    File(&'static str),
    /// The same with its first byte changed.
    Changed(&'static str),
}

/// Who is trusted.
#[derive(Clone, Copy)]
pub(super) enum Trust {
    /// The certificates in these files.
    Files(&'static [&'static str]),
    /// Those that this signature in the container brings.
    Inside(&'static str),
    Nobody,
}

type Checked = Result<(), String>;

impl Check {
    pub(super) fn run(&self, data: &Path, file: &str) -> Checked {
        let bytes = read(data, file);
        match self {
            Self::Certificates { count, key } => {
                let read = read_certificates(&bytes).map_err(said)?;
                let keys = read.iter().all(|certificate| certificate.key_name().contains(key));
                holds(read.len() == *count && keys, || format!("{} certificates", read.len()))
            }
            Self::Envelope { key, password, content } => {
                let keys = OrganisationKeys::read(&read(data, key), password).map_err(said)?;
                let senders = certificates(data, "jkurwa/SELF_SIGNED_ENC_6929.cer");
                let known = |originator: &Originator<'_>| match originator {
                    Originator::Certificate { issuer, serial } => senders
                        .iter()
                        .find(|sender| sender.has_issuer_and_serial(issuer, serial))
                        .map(|sender| sender.public_key().to_vec()),
                    Originator::KeyId(_) => None,
                };
                let file = unwrap(&bytes).unwrap_or(bytes);
                let opened = envelope::open(&file, &keys, &known, &envelope::Limits::default());
                let opened = opened.map_err(said)?;
                holds(opened == *content, || format!("{} bytes inside", opened.len()))
            }
            Self::Issued { by, says } => {
                let key = public_key(&read(data, by))?;
                holds(bytes.windows(says.len().max(1)).any(|part| part.starts_with(says)), || {
                    "it does not say so".to_owned()
                })?;
                is_signed_by(&bytes, &key)
            }
            Self::KeyFile { password, keys } => {
                let read = OrganisationKeys::read(&bytes, password).map_err(said)?;
                holds(read.len() == *keys, || format!("{} keys", read.len()))
            }
            Self::Nothing(_) => Ok(()),
            Self::Plain { length } => {
                holds(bytes.len() == *length, || format!("{} bytes", bytes.len()))
            }
            Self::PrivateKey { certificate } => {
                let expected = public_key(&read(data, certificate))?;
                let key = PrivateKey::read(Curve::M257, &bytes).map_err(said)?.public_key();
                holds(expected.ends_with(&key.to_octets()), || "of another certificate".to_owned())
            }
            Self::Revocation => RevocationStore::empty().add(&bytes).map(|_| ()).map_err(said),
            Self::Signature(signature) => signature.check(data, bytes),
            Self::Token { says } => token(&bytes, says),
            Self::Vectors(tests) => {
                tests.iter().for_each(|test| test());
                Ok(())
            }
        }
    }
}

impl Signature {
    fn check(&self, data: &Path, file: Bytes) -> Checked {
        let trust = match self.trust {
            Trust::Files(names) => {
                TrustStore::new(names.iter().flat_map(|name| certificates(data, name)).collect())
            }
            Trust::Inside(name) => {
                let archive = Archive::read(&file, &ArchiveLimits::default()).map_err(said)?;
                let signature = &archive.entry(name).ok_or("no such entry")?.content;
                let read = SignedData::parse(signature, &Limits::default()).map_err(said)?;
                TrustStore::new(read.certificates().to_vec())
            }
            Trust::Nobody => TrustStore::empty(),
        };
        let content = match self.content {
            Content::Inside => None,
            Content::Is(content) => Some(Bytes::from_static(content)),
            Content::File(name) => Some(read(data, name)),
            Content::Changed(name) => {
                let mut content = read(data, name).to_vec();
                content[0] ^= 0x80;
                Some(content.into())
            }
        };
        let is_bare = matches!(self.container, Container::CmsAttached | Container::CmsDetached);
        let signed = if is_bare {
            Signed { content, signatures: vec![file] }
        } else {
            Signed { content: Some(file), signatures: Vec::new() }
        };
        let at = self.at.parse().map_err(said)?;
        let examined = examine(&signed, &Conditions::given(&trust, at));
        let report = examined.report();
        let [signature] = report.signatures.as_slice() else {
            return Err(format!("{} signatures", report.signatures.len()));
        };
        let actual = (signature.indication, signature.sub_indication);
        let expected = (self.outcome, self.level, self.container, self.algorithm);
        let actual = (actual, signature.level, report.container, signature.algorithm.as_str());
        let is_given = signature.best_time_source == BestTimeSource::Given;
        holds(actual == expected && is_given, || {
            format!("expected {expected:?}, found {actual:?}: {:?}", signature.reason)
        })
    }
}

/// The token in a `TimeStampResp` (RFC 3161 §2.4.2), judged as a signature file.
fn token(response: &[u8], says: &str) -> Checked {
    let mut fields = Element::only(response).and_then(|whole| whole.inside()).map_err(broken)?;
    fields.expect(Tag::Sequence).map_err(broken)?;
    let token = Bytes::copy_from_slice(fields.next().map_err(broken)?.raw);
    let trust = TrustStore::empty();
    let at = "2016-07-20T13:30:00Z".parse().map_err(said)?;
    let signed = Signed { content: None, signatures: vec![token] };
    let examined = examine(&signed, &Conditions::given(&trust, at));
    let report = &examined.report().signatures;
    let is_told = report.iter().any(|one| one.reason.as_deref().unwrap_or("").contains(says));
    holds(is_told, || format!("{report:#?}"))
}

/// The structure that certificates, lists and OCSP answers share: what is signed, the algorithm,
/// the value.
fn is_signed_by(file: &[u8], key: &[u8]) -> Checked {
    let whole = Element::only(file).map_err(broken)?;
    let mut parts = whole.inside().map_err(broken)?;
    let first = parts.next().map_err(broken)?;
    if first.tag == Tag::Enumerated {
        // RFC 6960 §4.2.1: a status, and the answer proper inside an OCTET STRING.
        let answer = parts.expect(asn1::constructed(0)).map_err(broken)?;
        let mut typed = Element::only(answer.value).and_then(|own| own.inside()).map_err(broken)?;
        typed.expect(Tag::ObjectIdentifier).map_err(broken)?;
        return is_signed_by(typed.expect(Tag::OctetString).map_err(broken)?.value, key);
    }
    let mut algorithm = parts.expect(Tag::Sequence).and_then(|own| own.inside()).map_err(broken)?;
    let oid = algorithm.next().and_then(|own| own.object_identifier()).map_err(broken)?;
    let parameters =
        if algorithm.is_finished() { None } else { Some(algorithm.next().map_err(broken)?.raw) };
    let value = parts.expect(Tag::BitString).map_err(broken)?.value;
    let algorithm = AlgorithmId { oid, parameters };
    algorithms::verify(&algorithm, None, key, first.raw, &value[1..]).map(|_| ()).map_err(said)
}

/// The `SubjectPublicKeyInfo`: the seventh field of what is signed in a certificate. Read here, for
/// `trust` refuses one of the certificates that others were issued with.
fn public_key(certificate: &[u8]) -> Result<Vec<u8>, String> {
    let mut whole = Element::only(certificate).and_then(|own| own.inside()).map_err(broken)?;
    let mut fields = whole.expect(Tag::Sequence).and_then(|own| own.inside()).map_err(broken)?;
    for _ in 0..6 {
        fields.next().map_err(broken)?;
    }
    Ok(fields.expect(Tag::Sequence).map_err(broken)?.raw.to_vec())
}

fn read(data: &Path, name: &str) -> Bytes {
    fs::read(data.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")).into()
}

fn certificates(data: &Path, name: &str) -> Vec<Certificate> {
    read_certificates(&read(data, name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn holds(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` wants")]
fn said(error: impl ToString) -> String {
    error.to_string()
}

fn broken(error: asn1::Broken) -> String {
    format!("{error:?}")
}
