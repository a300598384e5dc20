//! What to ask an authority for, and whether what it says is an answer.

use der::{Encode as _, Tag, asn1::ObjectIdentifier};

use super::{
    Budget, Kept, RevocationError, RevocationRequest, RevocationStore,
    answer::key_forms,
    parts::State,
    responder::{self, Known},
    store::Item,
};
use crate::{
    algorithms::DigestAlgorithm,
    domain::{CLOCK_TOLERANCE_SECONDS, Sha256, Timestamp},
    trust::{Certificate, Purpose, TrustStore, purpose},
};

/// A certificate on a proved path, or of a responder for one, of which an answer is missing: what
/// to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The certificate.
    pub certificate: Certificate,
    /// Its issuer.
    pub issuer: Certificate,
    /// The moment from which an answer has to be true; an older one is better than none.
    pub since: Timestamp,
    /// Where lists of the issuer are when the certificate does not say it.
    other_crl_urls: Vec<String>,
}

impl Wanted {
    /// An answer about `certificate` by `issuer` that is true from `since` or later.
    #[must_use]
    pub fn new(certificate: Certificate, issuer: Certificate, since: Timestamp) -> Self {
        Self { certificate, issuer, since, other_crl_urls: Vec::new() }
    }

    /// Whatever list is in force about the responder that answers for the issuer asked about.
    pub(super) fn of_responder(responder: &Certificate, request: &RevocationRequest<'_>) -> Self {
        let since = Timestamp::from_seconds(0);
        let other_crl_urls = request.certificate.crl_urls().to_vec();
        Self { other_crl_urls, ..Self::new(responder.clone(), request.issuer.clone(), since) }
    }

    /// Where its OCSP responder answers, `http` or `https`; at most eight. None for a responder:
    /// it would answer for itself.
    #[must_use]
    pub fn ocsp_urls(&self) -> &[String] {
        if purpose::allow(self.certificate.purposes(), Purpose::OcspSigning) {
            return &[];
        }
        self.certificate.ocsp_urls()
    }

    /// Where its issuer's full lists are, `http` or `https`; at most eight.
    #[must_use]
    pub fn crl_urls(&self) -> &[String] {
        let own = self.certificate.crl_urls();
        if own.is_empty() { &self.other_crl_urls } else { own }
    }

    /// Where its issuer's delta lists are, `http` or `https`; at most eight.
    #[must_use]
    pub fn delta_crl_urls(&self) -> &[String] {
        self.certificate.delta_crl_urls()
    }

    /// The DER of an `OCSPRequest` about it (RFC 6960 §4.1.1), with this nonce (RFC 9654: 1 to 128
    /// octets) if one is given.
    ///
    /// The certificate is named by SHA-1, which every responder knows (RFC 5019 §2.1.1), and for
    /// an issuer with a DSTU 4145 key by GOST 34.311, as the Ukrainian profile has it.
    #[must_use]
    pub fn ocsp_request(&self, nonce: Option<&[u8]>) -> Vec<u8> {
        let request = sequence(&[sequence(&[self.certificate_id()])]);
        let extensions = nonce.map(|nonce| {
            let value = element(Tag::OctetString, &[element(Tag::OctetString, &[nonce.to_vec()])]);
            let extension = sequence(&[object_identifier(NONCE), value]);
            let tag = crate::asn1::constructed(2);
            element(tag, &[sequence(&[extension])])
        });
        sequence(&[sequence(&[request, extensions.unwrap_or_default()])])
    }

    fn certificate_id(&self) -> Vec<u8> {
        let national = self.has_national_key().then_some(DigestAlgorithm::Gost34311);
        let digest = national.unwrap_or(DigestAlgorithm::Sha1);
        // The national profile takes the issuer's key identifier, which is that digest of its key.
        let identifier = self.issuer.subject_key_id().filter(|_| national.is_some());
        let key = identifier.map_or_else(
            || digest.digest(key_forms(&self.issuer).next().unwrap_or_default()),
            <[u8]>::to_vec,
        );
        let parameters = match national {
            Some(_) => Vec::new(),
            None => element(Tag::Null, &[]),
        };
        sequence(&[
            sequence(&[object_identifier(digest.oid()), parameters]),
            element(Tag::OctetString, &[digest.digest(self.certificate.issuer_der())]),
            element(Tag::OctetString, &[key]),
            element(Tag::Integer, &[self.certificate.serial_octets().to_vec()]),
        ])
    }

    fn has_national_key(&self) -> bool {
        self.issuer.key_name().starts_with("DSTU")
    }

    /// Whether `answer`, in DER or PEM, is worth keeping: about this certificate, proved to come
    /// from its issuer, and in force at `at`. That the certificate is revoked is an answer too, also
    /// when a newer one is overdue: a revocation has no end. Whether it is from `since` or later is for the caller to see by its `this_update`, which of
    /// an answer about several certificates is the one about this.
    ///
    /// `trust` may have the certificate of a responder that the answer does not bring. Whether a
    /// responder was itself revoked is judged later, with the lists that are at hand then.
    ///
    /// # Errors
    /// Why not.
    pub fn answers(
        &self,
        answer: &[u8],
        at: Timestamp,
        trust: &TrustStore,
    ) -> Result<Kept, RevocationError> {
        let item = Item::read(answer)?;
        let (state, this_update, next_update) = match &item {
            Item::List(list) => {
                let state = list.says_of(&self.certificate)?;
                if state == State::Good {
                    list.check_use(&self.issuer)?;
                }
                let used = list.prove(&self.issuer)?;
                trust.algorithms().check(&used, at.max(list.this_update))?;
                check_end(state == State::Good, list.tells_all(self.certificate.not_after()))?;
                (state, list.this_update, list.next_update)
            }
            Item::Answer(answer) => {
                let singles = answer.singles.iter();
                // Of several about it one that revokes counts.
                let single = singles
                    .filter(|single| single.is_about(&self.certificate, &self.issuer))
                    .min_by_key(|single| !single.state.revokes())
                    .ok_or_else(|| RevocationError::NotAbout {
                        problem: "it names other certificates".to_owned(),
                    })?;
                let at = at.max(answer.produced_at);
                let known = Known { issuer: &self.issuer, responders: &[], trust, at };
                responder::prove(answer, known, &mut Budget::new(MAX_CHECKS))?;
                if single.state == State::Unknown {
                    return Err(RevocationError::UnknownCertificate);
                }
                let is_good = single.state == State::Good;
                check_end(is_good, single.tells_all(self.certificate.not_after()))?;
                (single.state, single.this_update, single.next_update)
            }
        };
        // What is dated ahead would clear others up to its date; it revokes whom it is about alone.
        let is_about_one = matches!(&item, Item::Answer(answer) if answer.singles.len() == 1);
        let is_early = this_update > at.plus_seconds(CLOCK_TOLERANCE_SECONDS);
        if is_early && !(is_about_one && state.revokes()) {
            return Err(RevocationError::Early { at, this_update });
        }
        match next_update {
            Some(next_update) if next_update < at && !state.revokes() => {
                Err(RevocationError::Expired { at, next_update })
            }
            Some(_) | None => Ok(Kept { this_update, next_update, ..item.kept() }),
        }
    }
}

impl Wanted {
    /// The list that these bytes are, where the issuer made it and it is in force at `at` or revokes
    /// anybody, whether it says anything of the certificate or not: others may wait for it.
    #[must_use]
    pub fn list_of_issuer(&self, bytes: &[u8], at: Timestamp, trust: &TrustStore) -> Option<Kept> {
        let Item::List(list) = Item::read(bytes).ok()? else { return None };
        let used = list.prove(&self.issuer).ok()?;
        trust.algorithms().check(&used, at.max(list.this_update)).ok()?;
        let is_begun = list.this_update <= at.plus_seconds(CLOCK_TOLERANCE_SECONDS);
        let is_in_force = list.next_update.is_none_or(|next| at <= next);
        let counts = is_begun && (is_in_force || list.revokes_anybody());
        counts.then(|| Item::List(list).kept())
    }

    /// Tells the question from others: the issuer's certificate is in its words, and may be a sender's
    /// choice.
    #[must_use]
    pub fn key(&self) -> Sha256 {
        let both = [self.certificate.sha256(), self.issuer.sha256()];
        Sha256::of(&both.map(|one| *one.as_bytes()).concat())
    }
}

/// Good says nothing of a certificate that has ended where authorities forget those.
fn check_end(is_good: bool, tells_all: Result<(), &'static str>) -> Result<(), RevocationError> {
    match tells_all {
        Err(problem) if is_good => Err(RevocationError::NotAbout { problem: problem.to_owned() }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What one answer may cost: it is at most as long as [`RevocationStore::MAX_LEN`].
const MAX_CHECKS: usize = (RevocationStore::MAX_LEN >> 20) * 8;

const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(Tag::Sequence, parts)
}

fn object_identifier(dotted: &str) -> Vec<u8> {
    let identifier = ObjectIdentifier::new(dotted).expect("one of the identifiers written here");
    element(Tag::ObjectIdentifier, &[identifier.as_bytes().to_vec()])
}

/// One element of DER.
fn element(tag: Tag, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let length = der::Length::try_from(content.len()).expect("a certificate is not so long");
    let header = der::Header::new(tag, length);
    let mut written = header.to_der().expect("a header has a few bytes");
    written.extend(content);
    written
}
