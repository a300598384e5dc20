//! Time-stamps (RFC 3161, RFC 5816): what each is over, and what it is worth.
//!
//! A token is a `SignedData` with one signer, the time-stamping authority; it is judged with the
//! code that judges every other signature, for another content and another purpose of the
//! certificate. Where time-stamps stand around a signature and what follows from them together is
//! found in [`judge_all`]; [`judge`] judges one token over given bytes.

mod index;
mod layers;
mod target;
mod token;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use super::{
    attributes::SignedAttributes,
    best_time::{Proved, Standing},
    certificate::{self, Asked, Found, Value},
    constraints,
    problem::Problems,
    revocation::Brought,
    signer::{self, Basis, Content},
    unusual,
};
use crate::{
    algorithms::{DigestAlgorithm, Used, algorithm_name},
    domain::{
        CLOCK_TOLERANCE_SECONDS, CertificateReport, Indication, Sha256Hex, SubIndication,
        Timestamp, TimestampReport, Warning, WarningCode,
    },
    trust::{Certificate, Purpose, Question, Said, ServiceKind, TrustService},
};

use self::{
    target::Target,
    token::{Info, Token, TokenError},
};

pub(super) use self::layers::judge_all;

/// The judgement on one time-stamp.
#[derive(Clone, Debug)]
pub(super) struct JudgedTimestamp {
    pub(super) report: TimestampReport,
    /// What it proves: the moment at which its content existed. `None` when it is not right.
    pub(super) proved: Option<Proved>,
}

/// Judges a token over `covered`, parts that are hashed one after another.
///
/// `name` is what the report calls it. `basis` has the moment at which the token is proved to have
/// existed: the authority's certificates have to be valid then. `beside` are certificates that
/// came with it and not in it; nothing in them is trusted.
pub(super) fn judge(
    token: &Bytes,
    covered: &[Bytes],
    name: &str,
    beside: &[Certificate],
    basis: Basis<'_>,
) -> JudgedTimestamp {
    let target = Target { spellings: vec![covered.to_vec()], ..Target::default() };
    let token = Token::read(token, basis.limits, basis.budget);
    judge_read(token.as_ref(), &target, name, beside, basis)
}

/// Judges a token that was read, or could not be, at `basis.at`.
fn judge_read(
    token: Result<&Token, &TokenError>,
    target: &Target,
    name: &str,
    beside: &[Certificate],
    basis: Basis<'_>,
) -> JudgedTimestamp {
    let mut problems = target.problems.clone();
    let mut report = nothing_known(name);
    let mut time = None;
    let mut standing = Standing::default();
    match token {
        Ok(token) => {
            time = Some(token.info.time);
            check_info(&token.info, target, &mut problems, basis);
            standing = judge_signer(token, beside, &mut problems, &mut report, basis);
            report.warnings.extend(target.warnings.iter().cloned());
        }
        Err(error) => {
            let (indication, sub_indication) = error.indication();
            problems.push(indication, sub_indication, error.to_string());
        }
    }
    let (indication, sub_indication, reason) = problems.conclusion();
    let is_right = indication == Indication::TotalPassed;
    let time_if_right = time.filter(|_| is_right);
    JudgedTimestamp {
        report: TimestampReport {
            indication,
            sub_indication,
            reason,
            time,
            qualified: qualified(&report.chain, time_if_right, basis),
            ..report
        },
        proved: time_if_right.map(|time| Proved { time, standing }),
    }
}

/// The report on a time-stamp of which nothing is known but its name.
fn nothing_known(name: &str) -> TimestampReport {
    TimestampReport {
        kind: name.to_owned(),
        indication: Indication::Indeterminate,
        sub_indication: None,
        reason: None,
        time: None,
        policy: None,
        algorithm: None,
        digest_algorithm: None,
        authority: None,
        chain: Vec::new(),
        qualified: None,
        warnings: Vec::new(),
    }
}

/// What the authority states: that it is over `target`, at a time that can be, and nothing that
/// is not understood.
fn check_info(info: &Info, target: &Target, problems: &mut Problems, basis: Basis<'_>) {
    match DigestAlgorithm::from_oid(&info.digest_algorithm) {
        Ok(algorithm) => check_imprint(info, algorithm, target, problems, basis),
        Err(failure) => problems.uncomputed(&failure, "of what the time-stamp is over, "),
    }
    let now = basis.conditions.at;
    if info.time > now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        problems.doubt(
            SubIndication::TimestampOrderFailure,
            format!("the time-stamp says {}, later than {now}, when it is judged", info.time),
        );
    }
    for extension in &info.unknown_critical {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!(
                "the time-stamp has an extension that may not be passed over and is not \
                 understood: {extension}"
            ),
        );
    }
}

fn check_imprint(
    info: &Info,
    algorithm: DigestAlgorithm,
    target: &Target,
    problems: &mut Problems,
    basis: Basis<'_>,
) {
    // What cannot be put together has its problem already.
    if target.spellings.is_empty() {
        return;
    }
    let digest = |parts: &[Bytes]| match parts {
        [whole] => basis.budget.digest(algorithm, whole),
        parts => {
            let length = parts.iter().map(Bytes::len).fold(0, usize::saturating_add);
            basis.budget.hash(algorithm, length)?;
            Ok(algorithm.digest(&parts.concat()))
        }
    };
    let mut is_over = false;
    for parts in &target.spellings {
        match digest(parts) {
            Ok(digest) => is_over |= digest == *info.imprint,
            Err(spent) => return problems.spent(spent),
        }
    }
    if !is_over {
        problems.fail(
            SubIndication::HashFailure,
            format!(
                "the time-stamp is over other bytes: its {} digest is {}",
                algorithm.name(),
                signer::hex(&info.imprint)
            ),
        );
    }
    let when = basis.when(info.time);
    problems.rely(&Used::digest(algorithm), when, "of what the time-stamp is over, ");
}

/// The authority's own signature, its certificate and the chain above it: gives what is known of
/// their revocation.
fn judge_signer(
    token: &Token,
    beside: &[Certificate],
    problems: &mut Problems,
    report: &mut TimestampReport,
    basis: Basis<'_>,
) -> Standing {
    let Token { signed_data, info } = token;
    report.policy = Some(info.policy.clone());
    report.digest_algorithm = Some(algorithm_name(&info.digest_algorithm));
    let [signer] = signed_data.signers.as_slice() else {
        let count = signed_data.signers.len();
        problems.fail(
            SubIndication::FormatFailure,
            format!("the token has {count} signers; RFC 3161 §2.4.2 asks for one"),
        );
        return Standing::Unknown;
    };
    report.algorithm = Some(algorithm_name(&signer.signature_algorithm.id));
    let attributes = signer.signed_attributes.as_ref().and_then(|read| read.as_ref().ok());
    let statement = signed_data.encapsulated().cloned();
    let brought = Brought::with(basis.brought, signed_data, basis.budget);
    let basis = Basis { brought: Some(&brought), ..basis };
    let value = Value::new(signer, statement.as_ref());
    let asked = Asked { purpose: Purpose::TimeStamping, beside, ..Asked::default() };
    let found = certificate::find(signed_data, signer, attributes, &value, asked, basis);
    let mut content = statement.map(Content::new);
    signer::check_content(
        signer,
        attributes,
        content.as_mut(),
        "time-stamp's statement",
        &found,
        basis,
        problems,
    );
    problems.extend(constraints::check_token(signed_data, signer));
    check_binding(attributes, problems);
    let Found { certificate, chain, path, standing, problems: of_certificate, warnings, .. } =
        found;
    problems.extend(of_certificate);
    report.warnings = unusual::warnings(signed_data, signer, certificate.as_ref(), basis);
    report.warnings.extend(warnings);
    report.warnings.retain(is_of_time_stamps);
    if let Some(certificate) = &certificate {
        if info.time < certificate.not_before() {
            problems.doubt(
                SubIndication::NotYetValid,
                format!(
                    "the time-stamp says {}, and its authority's certificate begins at {}",
                    info.time,
                    certificate.not_before()
                ),
            );
        }
        report.warnings.extend(unusual_purposes(certificate));
    }
    report.authority =
        Some(certificate.map_or_else(|| signer::nameless(&signer.id), |found| found.signer()));
    check_grant(info.time, &path, problems, basis);
    report.chain = chain;
    standing
}

/// Who is trusted by a list alone may time-stamp while the list grants some service of it: one
/// that is withdrawn is withdrawn for a reason, and of one whose list is long overdue nobody knows.
///
/// The time in a token is its authority's word, and whoever has the key of a withdrawn one writes
/// an early time into it. So the grant is asked for the moment at which the token is proved to
/// have existed; it must have begun, too, when the token says that it was made.
fn check_grant(time: Timestamp, path: &[Certificate], problems: &mut Problems, basis: Basis<'_>) {
    for (at, what) in [
        (basis.at, "when it is proved to have existed"),
        (basis.sure, "when it is sure to have existed"),
        (time, "when it says it was made"),
    ] {
        let question = Question { purpose: Purpose::TimeStamping, used: None, at };
        let said: Vec<_> =
            path.iter().map(|certificate| basis.trust.said_of(certificate, question)).collect();
        if said.contains(&Said::Withdrawn) {
            problems.doubt(
                SubIndication::ChainConstraintsFailure,
                format!("the trust list has not granted the authority's service at {at}, {what}"),
            );
            return;
        }
        if said.contains(&Said::Lost) {
            problems.doubt(
                SubIndication::CertificateChainGeneralFailure,
                "a trust list that is expected cannot be used: whether it has withdrawn the \
                 authority is not known",
            );
            return;
        }
        if let Some(Said::Overdue(list)) = said.last() {
            problems.doubt(
                SubIndication::CertificateChainGeneralFailure,
                format!("only a trust list vouches for the authority: {list}"),
            );
            return;
        }
    }
}

/// RFC 3161 §2.4.2: the token names its authority's certificate in a signed attribute, by SHA-1 in
/// older ones (RFC 5816 §2.2.1).
fn check_binding(attributes: Option<&SignedAttributes>, problems: &mut Problems) {
    let Some(read) = attributes else { return };
    if read.references.is_empty() {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            "the token has no signing-certificate attribute, which RFC 3161 §2.4.2 asks for",
        );
    }
}

/// Certificates of authorities allow digitalSignature alone, and what a token lacks is a problem.
fn is_of_time_stamps(warning: &Warning) -> bool {
    let others = [
        WarningCode::CertificateNotBound,
        WarningCode::KeyUsageUnusual,
        WarningCode::NoSignedAttributes,
    ];
    !others.contains(&warning.code)
}

/// RFC 3161 §2.3: `extKeyUsage` has the one purpose, and is critical.
fn unusual_purposes(certificate: &Certificate) -> Option<Warning> {
    let purposes = certificate.purposes()?;
    let text = if purposes.len() > 1 {
        "The authority's certificate is for other purposes besides time-stamping; RFC 3161 §2.3 \
         allows none."
    } else if !certificate.purposes_are_critical() {
        "The extended key usage of the authority's certificate is not critical; RFC 3161 §2.3 \
         asks for it."
    } else {
        return None;
    };
    Some(Warning::new(WarningCode::Tolerated, text))
}

/// Whether a trust list had granted the service, which names the authority's certificate or the one
/// that issued it: at `time`, which a right time-stamp states, and when it is proved to have existed.
fn qualified(
    chain: &[CertificateReport],
    time: Option<Timestamp>,
    basis: Basis<'_>,
) -> Option<bool> {
    // A list that is long overdue says nothing.
    let services = basis.trust.services().iter();
    let is_outdated = |service: &&TrustService| {
        [basis.at, basis.sure].iter().any(|moment| service.is_outdated_at(*moment))
    };
    let services: Vec<_> = services.filter(|service| !is_outdated(service)).collect();
    if services.is_empty() {
        return None;
    }
    let Some(time) = time else { return Some(false) };
    let names = |certificate: &Certificate| {
        let sha256 = Sha256Hex::from(certificate.sha256());
        chain.iter().take(2).any(|link| link.sha256 == sha256)
    };
    Some(services.iter().any(|service| {
        service.kind == ServiceKind::QualifiedTimeStamping
            && service.certificates.iter().any(names)
            && [time, basis.at, basis.sure].iter().all(|moment| service.is_granted_at(*moment))
    }))
}
