//! Which certificate is the signer's, what its key says of the signature value, and what its chain
//! is worth (ETSI EN 319 102-1 §5.2.3, §5.2.7 and §5.2.6).

use bytes::Bytes;

use super::{
    Budget, Resource,
    attributes::{CertificateReference, ReferenceVersion, SignedAttributes},
    best_time::Standing,
    budget::Spent,
    cms::{SignedData, Signer, has_issuer_and_serial},
    problem::Problems,
    revocation::{self, AskedOfPath, Brought},
    signer::Basis,
};
use crate::{
    algorithms::{self, AlgorithmId, DigestAlgorithm, Failure, Used},
    domain::{
        CertificateReport, Indication, ListReport, Qualification, QualificationReport,
        SubIndication, Timestamp, Warning, WarningCode,
    },
    trust::{self, Certificate, PathLimits, PathOutcome, PathRequest, Purpose},
};

/// The signature value and the bytes that it is over.
pub(super) struct Value<'a> {
    algorithm: AlgorithmId<'a>,
    /// The object identifier of the digest named beside it.
    digest: &'a str,
    /// `None` when the content is not at hand, or the signed attributes cannot be read.
    message: Option<Bytes>,
    signature: &'a [u8],
}

impl<'a> Value<'a> {
    /// RFC 5652 §5.4: over the signed attributes, or without any over the content itself.
    pub(super) fn new(signer: &'a Signer, content: Option<&Bytes>) -> Self {
        let message = match &signer.signed_attributes {
            Some(attributes) => attributes.as_ref().ok().map(|read| read.to_verify.clone()),
            None => content.cloned(),
        };
        Self {
            algorithm: AlgorithmId {
                oid: signer.signature_algorithm.id.clone(),
                parameters: signer.signature_algorithm.parameters.as_deref(),
            },
            digest: &signer.digest_algorithm.id,
            message,
            signature: &signer.signature,
        }
    }

    /// Takes what one check costs.
    fn spend(&self, budget: &Budget) -> Result<(), Spent> {
        let length = self.message.as_ref().map_or(0, Bytes::len);
        let digest = DigestAlgorithm::from_oid(self.digest);
        budget.hash(digest.unwrap_or(DigestAlgorithm::Sha512), length)?;
        budget.spend(Resource::KeyChecks, 1)
    }

    /// `None` when there is nothing to check it against.
    fn check(&self, certificate: &Certificate) -> Option<Result<Used, Failure>> {
        self.message.as_ref().map(|message| {
            let key = certificate.public_key();
            algorithms::verify(&self.algorithm, Some(self.digest), key, message, self.signature)
        })
    }
}

/// The signer's certificate, what its key says of the value, and what its chain is worth.
#[derive(Default)]
pub(super) struct Found {
    pub(super) certificate: Option<Certificate>,
    /// What a right value rests on, or why it is not right.
    pub(super) value: Option<Result<Used, Failure>>,
    pub(super) chain: Vec<CertificateReport>,
    /// The certificates of `chain`, in its order.
    pub(super) path: Vec<Certificate>,
    /// What is known of whether those were revoked.
    pub(super) standing: Standing,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<Warning>,
    /// What kind of signature the certificate makes.
    pub(super) qualification: Option<QualificationReport>,
}

/// What a signer's certificate is asked for, and where else it may lie.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) purpose: Purpose,
    /// Certificates that came beside the `SignedData`: looked into for the signer's when it
    /// brings none, and for the authorities above. Nothing in them is trusted.
    pub(super) beside: &'a [Certificate],
    /// Whether the signer's certificate may lie elsewhere though the `SignedData` brings others.
    pub(super) anywhere: bool,
    /// The signature is not older: what it is over was time-stamped before it was signed.
    pub(super) younger_than: Option<Timestamp>,
}

/// ETSI EN 319 102-1 §5.2.3, then §5.2.7 and §5.2.6 with each certificate that it may be.
pub(super) fn find(
    signed_data: &SignedData,
    signer: &Signer,
    attributes: Option<&SignedAttributes>,
    value: &Value<'_>,
    asked: Asked<'_>,
    basis: Basis<'_>,
) -> Found {
    /// Certificates that one signer may mean; a renewed one has the same key identifier.
    const MAX_CANDIDATES: usize = 4;

    // A signature that brings certificates brings its signer's (ETSI EN 319 122-1 §6.3). Only for
    // one that brings none is the trust directory looked into: otherwise a changed certificate
    // in the file would silently be replaced by the right one.
    let own = signed_data.certificates();
    let brings_none = own.is_empty() && signed_data.unread_certificates() == 0;
    let mut candidates = named(signer, &[own]);
    // Who counter-signs need not add his certificate to the file.
    if candidates.is_empty() && (brings_none || asked.anywhere) {
        candidates = named(signer, &[asked.beside, basis.trust.certificates()]);
    }
    if candidates.is_empty() {
        let nothing = Found::nothing("the signer's certificate is not in the signature".to_owned());
        // With others in its place: what was signed names this key, so one of the two was changed.
        let own = own.iter().take(MAX_CANDIDATES);
        let is_changed = signed_data.unread_certificates() > 0 || fits_any(value, own, basis);
        return if is_changed { nothing.contradicted() } else { nothing };
    }
    if candidates.len() > MAX_CANDIDATES {
        return Found::nothing(format!(
            "more than {MAX_CANDIDATES} certificates may be the signer's"
        ));
    }

    candidates
        .into_iter()
        .map(|certificate| {
            judge_certificate(certificate, signed_data, attributes, value, asked, basis)
        })
        // The best of them: with a right value, and then with a right chain. No wrong one can
        // pass, and one that somebody added cannot spoil the right one.
        .min_by_key(Found::rank)
        .unwrap_or_default()
}

/// Whether the value is right under the key of one of `certificates`, whatever they are called.
fn fits_any<'a>(
    value: &Value<'_>,
    mut certificates: impl Iterator<Item = &'a Certificate>,
    basis: Basis<'_>,
) -> bool {
    certificates.any(|certificate| {
        value.spend(basis.budget).is_ok() && matches!(value.check(certificate), Some(Ok(_)))
    })
}

/// The certificates that the signer may mean, each once.
fn named<'a>(signer: &Signer, pools: &[&'a [Certificate]]) -> Vec<&'a Certificate> {
    let mut found: Vec<&Certificate> = Vec::new();
    for certificate in pools.iter().copied().flatten() {
        if signer.id.names(certificate) && !found.contains(&certificate) {
            found.push(certificate);
        }
    }
    found
}

fn judge_certificate(
    certificate: &Certificate,
    signed_data: &SignedData,
    attributes: Option<&SignedAttributes>,
    value: &Value<'_>,
    asked: Asked<'_>,
    basis: Basis<'_>,
) -> Found {
    let mut problems = Problems::default();
    if let Err(spent) = value.spend(basis.budget) {
        problems.spent(spent);
        let certificate = Some(certificate.clone());
        return Found { certificate, problems, ..Found::default() };
    }
    let checked = value.check(certificate);
    match &checked {
        Some(Err(failure @ Failure::Unsupported { .. })) => {
            problems.doubt(SubIndication::CryptoConstraintsFailure, failure.to_string());
        }
        Some(Err(failure)) => problems.fail(SubIndication::SigCryptoFailure, failure.to_string()),
        Some(Ok(used)) => problems.rely(used, basis.when(certificate.not_before()), ""),
        None => {}
    }
    let mut is_meant = true;
    for reference in attributes.iter().flat_map(|attributes| &attributes.references) {
        is_meant &= reference.check(certificate, basis, &mut problems);
    }
    let is_signed = matches!(checked, Some(Ok(_)));
    let Above { chain, path, mut standing, problems: of_path, mut warnings, qualification } =
        judge_above(certificate, signed_data, asked, is_signed, basis);
    problems.extend(of_path);
    let mut qualification = Some(qualification);
    // A time-stamp of which nobody can say whether its authority was revoked saves nothing from what
    // is known without it.
    if basis.at < basis.sure {
        let without = Basis { at: basis.sure, ..basis };
        let without = judge_above(certificate, signed_data, asked, is_signed, without);
        problems.extend(without.problems);
        standing = standing.min(without.standing);
        let known = warnings.len();
        for warning in without.warnings {
            let is_told = warnings.iter().take(known).any(|told| told.code == warning.code);
            warnings.extend((!is_told).then_some(warning));
        }
        qualification = Some(without.qualification);
    }
    let found = Found {
        certificate: Some(certificate.clone()),
        value: checked,
        chain,
        path,
        standing,
        problems,
        warnings,
        qualification,
    };
    if is_meant || !signed_data.certificates().contains(certificate) {
        return found;
    }
    found.contradicted()
}

/// What the certificates above a signer's are worth.
struct Above {
    chain: Vec<CertificateReport>,
    path: Vec<Certificate>,
    standing: Standing,
    problems: Problems,
    warnings: Vec<Warning>,
    qualification: QualificationReport,
}

/// ETSI EN 319 102-1 §5.2.6 for `basis.at`. `is_signed` says whether the signature value is right.
fn judge_above(
    certificate: &Certificate,
    signed_data: &SignedData,
    asked: Asked<'_>,
    is_signed: bool,
    basis: Basis<'_>,
) -> Above {
    let mut problems = Problems::default();
    let mut limits = PathLimits::default();
    let left = basis.budget.left(Resource::KeyChecks);
    let steps_left = basis.budget.left(Resource::Steps);
    limits.signature_checks = limits.signature_checks.min(left);
    limits.steps = limits.steps.min(steps_left);
    let mut intermediates = signed_data.certificates().to_vec();
    for certificate in asked.beside {
        if !intermediates.contains(certificate) {
            intermediates.push(certificate.clone());
        }
    }
    let mut path = trust::validate(
        &PathRequest {
            signer: certificate,
            purpose: asked.purpose,
            intermediates: &intermediates,
            limits,
            at: basis.at,
            clock_tolerance_seconds: basis.clock_tolerance_seconds(),
        },
        basis.trust,
    );
    let checks = basis.budget.spend(Resource::KeyChecks, path.signature_checks);
    let steps = basis.budget.spend(Resource::Steps, path.steps);
    if let Err(spent) = checks.and(steps) {
        problems.spent(spent);
    } else if path.gave_up && path.signature_checks == left {
        problems.spent(basis.budget.exhaust(Resource::KeyChecks));
    } else if path.gave_up && path.steps == steps_left {
        problems.spent(basis.budget.exhaust(Resource::Steps));
    }
    let basis = Basis { at: path.at, ..basis };
    let qualification = qualification_of(certificate, &path, basis);
    let nothing = Brought::default();
    let brought = basis.brought.unwrap_or(&nothing);
    let has_expired = path.sub_indication == Some(SubIndication::OutOfBoundsNoPoe);
    if has_expired && revocation::was_good_to_its_end(&path, brought, basis) {
        path.sub_indication = Some(SubIndication::OutOfBoundsNotRevoked);
    }
    if path.indication != Indication::TotalPassed {
        problems.push(
            path.indication,
            path.sub_indication.unwrap_or(SubIndication::CertificateChainGeneralFailure),
            path.reason.take().unwrap_or_else(|| "the certificate chain is not valid".to_owned()),
        );
    }
    let end = certificate.not_after();
    // ETSI EN 319 102-1 §5.3.4: no proof that the signature is older can come any more.
    if let Some(stamped) = asked.younger_than.filter(|stamped| has_expired && *stamped > end) {
        problems.fail(
            SubIndication::Expired,
            format!(
                "the content was time-stamped at {stamped} and signed after that, and the \
                 validity of the signer's certificate ended at {end}"
            ),
        );
    }
    let asked = AskedOfPath {
        purpose: asked.purpose,
        brought,
        younger_than: asked.younger_than,
        is_signed,
    };
    let standing = revocation::judge_path(&mut path, asked, &mut problems, basis);
    Above {
        chain: path.chain,
        path: path.certificates,
        standing,
        problems,
        warnings: path.warnings,
        qualification,
    }
}

/// Only a proved path says who issued the certificate.
fn qualification_of(
    certificate: &Certificate,
    path: &PathOutcome,
    basis: Basis<'_>,
) -> QualificationReport {
    if path.indication == Indication::TotalPassed {
        trust::qualification(certificate, path.certificates.get(1), basis.trust, basis.at)
    } else {
        let list = basis.trust.newest_list().map(ListReport::from);
        QualificationReport { list, ..undetermined("The certificate's chain is not proved.") }
    }
}

fn undetermined(reason: &str) -> QualificationReport {
    QualificationReport {
        kind: Qualification::Undetermined,
        reasons: vec![reason.to_owned()],
        list: None,
    }
}

impl Found {
    fn nothing(reason: String) -> Self {
        let mut problems = Problems::default();
        problems.doubt(SubIndication::NoSigningCertificateFound, reason);
        let qualification = Some(undetermined("The signer's certificate is not known."));
        Self { problems, qualification, ..Self::default() }
    }

    /// With the warning that certificate and signature do not belong together.
    fn contradicted(mut self) -> Self {
        self.warnings.push(Warning::new(
            WarningCode::CertificateContradicted,
            "The certificate that came with the signature is not the one it was made with: one \
             of the two was changed afterwards.",
        ));
        self
    }

    /// A signature is not older than its signer's certificate.
    pub(super) fn not_before(&self) -> Timestamp {
        let certificate = self.certificate.as_ref();
        certificate.map_or_else(|| Timestamp::from_micros(i64::MIN), Certificate::not_before)
    }

    fn rank(&self) -> (Indication, usize) {
        (self.problems.conclusion().0, self.problems.len())
    }
}

impl CertificateReference {
    /// Checks that this is a reference to `certificate`; `false` when it names another one.
    ///
    /// ETSI EN 319 102-1 §5.2.3.4: when no reference fits, the signing certificate is not
    /// identified, which is `NO_SIGNING_CERTIFICATE_FOUND`: the key fits, and yet the signer did
    /// not mean this certificate. RFC 5035 §3 lets only the first reference be the signer's.
    fn check(&self, certificate: &Certificate, basis: Basis<'_>, problems: &mut Problems) -> bool {
        let attribute = self.version.attribute();
        let (hash, used) = match self.version {
            ReferenceVersion::One => {
                let hash = DigestAlgorithm::Sha1.digest(certificate.der());
                (hash, Used::first_certificate_name())
            }
            ReferenceVersion::Two => match DigestAlgorithm::from_oid(&self.hash_algorithm.id) {
                Ok(algorithm) if self.hash_algorithm.has_plain_parameters() => {
                    match basis.budget.digest(algorithm, certificate.der()) {
                        Ok(digest) => (digest, Used::digest(algorithm)),
                        Err(spent) => {
                            problems.spent(spent);
                            return true;
                        }
                    }
                }
                Ok(algorithm) => {
                    problems.doubt(
                        SubIndication::CryptoConstraintsFailure,
                        format!(
                            "in the {attribute} attribute {} has parameters that are not known",
                            algorithm.name()
                        ),
                    );
                    return true;
                }
                Err(failure) => {
                    problems.doubt(
                        SubIndication::CryptoConstraintsFailure,
                        format!("in the {attribute} attribute {failure}"),
                    );
                    return true;
                }
            },
        };
        if hash != *self.hash {
            problems.doubt(
                SubIndication::NoSigningCertificateFound,
                format!("the {attribute} attribute names another certificate"),
            );
            return false;
        }
        let when = basis.when(certificate.not_before());
        problems.rely(&used, when, &format!("in the {attribute} attribute "));
        let names_it = self.issuer_and_serial.as_ref().is_none_or(|named| match &named.issuer {
            Some(issuer) => has_issuer_and_serial(certificate, issuer, &named.serial),
            None => *named.serial == *certificate.serial_octets(),
        });
        if !names_it {
            problems.doubt(
                SubIndication::NoSigningCertificateFound,
                format!("the {attribute} attribute names another issuer or serial number"),
            );
        }
        names_it
    }
}
