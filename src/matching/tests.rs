mod age;
mod content;
mod judgement;
mod one_signature;
mod properties;
mod services;
mod signers;

use std::fmt::Write as _;

use super::*;
use crate::{
    domain::{
        BestTimeSource, CertificateReport, CertificateRole, CertificateSource, Container,
        DocumentForm, DocumentReport, FindingCode, Level, NotADocument, Qualification,
        QualificationReport, Severity, Sha256, SignatureReport, SignerKind, SignerReport, Warning,
        WarningCode,
    },
    registry::{Registry, SignerPolicy},
    signature::Proof,
};

const DAY: i64 = 86_400;

fn received_at() -> Timestamp {
    "2026-09-01T10:00:00Z".parse().unwrap()
}

/// A branch whose services have these ids, lists of documents, and further keys.
fn branch(services: &[(&str, &str, &str)]) -> Branch {
    let mut text = "[organisation]\nname = \"Тестова рада\"\n[[branch]]\nid = \"school-5\"\n\
                    name = \"Ліцей № 5\"\naddresses = [\"school5@docs.example.ua\"]\n"
        .to_owned();
    for (id, documents, more) in services {
        write!(
            text,
            "[[branch.service]]\nid = \"{id}\"\nname = \"Мета\"\nlegal_basis = \"contract\"\n\
             retention_days = 90\ndocuments = {documents}\n{more}\n"
        )
        .unwrap();
    }
    Registry::parse(&text).unwrap().branches.remove(0)
}

fn one_service(documents: &str) -> Branch {
    branch(&[("enrolment", documents, "")])
}

/// What a copy's signature is worth, in the words of the tables below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Sealed,
    Personal,
    Nameless,
    OtherSeal,
    Unsigned,
    Forged,
    IssuerUnknown,
    National,
}

const WORTHS: [Worth; 8] = [
    Worth::Sealed,
    Worth::Personal,
    Worth::Nameless,
    Worth::OtherSeal,
    Worth::Unsigned,
    Worth::Forged,
    Worth::IssuerUnknown,
    Worth::National,
];

/// A copy that owns what the judge looks at.
#[derive(Clone, Debug)]
struct Sample {
    type_code: TypeCode,
    type_source: Option<TypeSource>,
    form: Result<DocumentForm, NotADocument>,
    made_at: Option<Timestamp>,
    report: DocumentReport,
    proofs: Vec<Proof>,
    content: Option<Sha256>,
}

fn sample(code: &str, worth: Worth) -> Sample {
    let (indication, sub_indication) = match worth {
        Worth::Sealed | Worth::Personal | Worth::Nameless | Worth::OtherSeal => {
            (Some(Indication::TotalPassed), None)
        }
        Worth::Unsigned => (None, None),
        Worth::Forged => (Some(Indication::TotalFailed), Some(SubIndication::HashFailure)),
        Worth::IssuerUnknown => {
            (Some(Indication::Indeterminate), Some(SubIndication::NoCertificateChainFound))
        }
        Worth::National => {
            (Some(Indication::Indeterminate), Some(SubIndication::CryptoConstraintsFailure))
        }
    };
    let kind = match worth {
        Worth::Nameless => None,
        Worth::Personal => Some(SignerKind::Person),
        Worth::Sealed
        | Worth::OtherSeal
        | Worth::Unsigned
        | Worth::Forged
        | Worth::IssuerUnknown
        | Worth::National => Some(SignerKind::Seal),
    };
    let id = if worth == Worth::OtherSeal { "NTRUA-00000002" } else { "NTRUA-00000001" };
    let organisation_id =
        kind.filter(|kind| *kind == SignerKind::Seal).map(|_| id.parse().unwrap());
    let algorithm =
        if worth == Worth::National { "GOST R 34.10-2001" } else { "ECDSA with SHA-256" };
    let signatures = indication.map(|indication| SignatureReport {
        indication,
        sub_indication,
        reason: None,
        unsupported: (worth == Worth::National).then(|| algorithm.to_owned()),
        level: Level::Cms,
        algorithm: algorithm.to_owned(),
        digest_algorithm: "SHA-256".to_owned(),
        signer: SignerReport { organisation_id, kind, ..SignerReport::default() },
        signing_time: None,
        best_time: received_at(),
        best_time_source: BestTimeSource::Receipt,
        chain: vec![certificate("RSA 4096", b"signer")],
        timestamps: Vec::new(),
        qualification: kind.filter(|kind| *kind == SignerKind::Seal).map(|_| QualificationReport {
            kind: Qualification::QualifiedSeal,
            reasons: Vec::new(),
            list: None,
        }),
        covers: Vec::new(),
        attributes: Vec::new(),
        counter_signatures: Vec::new(),
        warnings: Vec::new(),
    });
    let passed = indication == Some(Indication::TotalPassed);
    let content = format!("{code} {worth:?}");
    Sample {
        type_code: code.parse().unwrap(),
        type_source: None,
        form: Ok(DocumentForm::Pdf),
        made_at: None,
        report: DocumentReport {
            container: Container::CmsAttached,
            indication,
            sub_indication,
            signatures: signatures.into_iter().collect(),
            not_covered: Vec::new(),
            encrypted: false,
        },
        proofs: passed
            .then(|| Proof::sample(0, b"signer", content.as_bytes()))
            .into_iter()
            .collect(),
        content: Some(Sha256::of(content.as_bytes())),
    }
}

fn certificate(key: &str, der: &[u8]) -> CertificateReport {
    CertificateReport {
        role: CertificateRole::Signer,
        source: CertificateSource::Signature,
        subject: String::new(),
        issuer: String::new(),
        serial: String::new(),
        not_before: received_at(),
        not_after: received_at(),
        key: key.to_owned(),
        sha256: Sha256::of(der).into(),
        problem: None,
        unsupported: None,
        revocation: None,
    }
}

fn issuers() -> &'static Issuers {
    static ISSUERS: std::sync::LazyLock<Issuers> =
        std::sync::LazyLock::new(|| Issuers::named(vec!["NTRUA-00000001".parse().unwrap()]));
    &ISSUERS
}

fn circumstances(has_trust_list: bool) -> Circumstances<'static> {
    Circumstances { named: None, received_at: received_at(), has_trust_list, issuers: issuers() }
}

fn decide<'a>(
    branch: &'a Branch,
    hint: Option<&str>,
    samples: &[Sample],
    opening: Vec<Finding>,
) -> Decision<'a> {
    let named = hint.and_then(|id| branch.service(&id.parse().unwrap())).map(|found| &found.id);
    decide_in(branch, Circumstances { named, ..circumstances(false) }, samples, opening)
}

fn decide_in<'a>(
    branch: &'a Branch,
    circumstances: Circumstances<'a>,
    samples: &[Sample],
    opening: Vec<Finding>,
) -> Decision<'a> {
    decision::decide(branch, circumstances, &copies(samples), opening)
}

fn copies(samples: &[Sample]) -> Vec<Copy<'_>> {
    (1..)
        .zip(samples)
        .map(|(number, sample)| Copy {
            number,
            type_code: &sample.type_code,
            type_source: sample.type_source,
            form: sample.form,
            made_at: sample.made_at,
            report: &sample.report,
            proofs: &sample.proofs,
            content: sample.content,
        })
        .collect()
}

/// The decision on these types and worths, as verdict and findings `code document detail`.
fn decided(branch: &Branch, documents: &[(&str, Worth)]) -> (Verdict, Vec<String>) {
    let samples: Vec<_> = documents.iter().map(|(code, worth)| sample(code, *worth)).collect();
    let decision = decide(branch, None, &samples, Vec::new());
    (decision.verdict, shown(&decision.findings))
}

fn shown(findings: &[Finding]) -> Vec<String> {
    let number =
        |finding: &Finding| finding.document.map_or_else(|| "-".to_owned(), |n| n.to_string());
    findings
        .iter()
        .map(|finding| {
            let detail = finding.detail.as_deref().unwrap_or("-");
            format!("{} {} {detail}", finding.code, number(finding))
        })
        .collect()
}

#[test]
fn gives_every_verdict_for_its_reason() {
    type Row<'a> = (&'a [(&'a str, Worth)], Verdict, &'a [&'a str]);

    use Verdict::{Incomplete, Invalid, Undetermined, Unrecognised, Unsigned, Verified};
    use Worth::{Forged, IssuerUnknown, Nameless, National, Personal, Sealed, Unsigned as Bare};

    let branch =
        one_service("[\"u-id\", \"passport\", { type = \"taxpayer-card\", optional = true }]");
    let uid = ("u-id", Sealed);
    let pass = ("foreign-passport", Personal);
    let missing_passport = "missing_document - internal-passport|foreign-passport";
    let table: &[Row<'_>] = &[
        (&[], Unrecognised, &["no_document - -"]),
        (&[uid, pass], Verified, &[]),
        (&[uid, ("foreign-passport", Nameless)], Verified, &[]),
        (&[uid, pass, ("taxpayer-card", Sealed)], Verified, &[]),
        (&[uid], Incomplete, &[missing_passport]),
        (&[uid, ("taxpayer-card", Sealed)], Incomplete, &[missing_passport]),
        // Several copies of one type, and an any-of that is met twice: all were asked for.
        (&[uid, uid, pass], Verified, &["same_document 2 1"]),
        (&[uid, pass, ("internal-passport", Sealed)], Verified, &[]),
        (
            &[uid, pass, ("internal-passport", Forged)],
            Invalid,
            &["signature_invalid 3 HASH_FAILURE"],
        ),
        (&[uid, pass, ("u-id", Bare)], Unsigned, &["unsigned_document 3 -"]),
        // An optional document that came is judged as any other.
        (&[uid, pass, ("taxpayer-card", Bare)], Unsigned, &["unsigned_document 3 -"]),
        // Excess: noticed, and without effect.
        (&[uid, pass, ("driver-license", Sealed)], Verified, &["excess_document 3 driver-license"]),
        (&[uid, pass, ("driver-license", Forged)], Verified, &["excess_document 3 driver-license"]),
        (
            &[uid, pass, ("unknown", Bare)],
            Verified,
            &["excess_document 3 unknown", "type_unknown 3 -"],
        ),
        // Only excess: the normal rules.
        (
            &[("unknown", Forged)],
            Invalid,
            &[
                "missing_document - internal-passport|foreign-passport",
                "missing_document - u-id",
                "signature_invalid 1 HASH_FAILURE",
                "type_unknown 1 -",
            ],
        ),
        (
            &[("unknown", National)],
            Undetermined,
            &[
                "missing_document - internal-passport|foreign-passport",
                "missing_document - u-id",
                "algorithm_unsupported 1 GOST R 34.10-2001",
                "signature_undetermined 1 CRYPTO_CONSTRAINTS_FAILURE",
                "type_unknown 1 -",
            ],
        ),
        (
            &[("unknown", Sealed)],
            Incomplete,
            &[
                "missing_document - internal-passport|foreign-passport",
                "missing_document - u-id",
                "type_unknown 1 -",
            ],
        ),
        // A copy whose name is lost is excess only where nothing is missing that it could be.
        (
            &[("u-id", Sealed), ("internal-passport", Sealed), ("unknown", Bare)],
            Verified,
            &["excess_document 3 unknown", "type_unknown 3 -"],
        ),
        // The worst wins, and all of it is told.
        (
            &[("u-id", Forged), ("foreign-passport", Bare)],
            Invalid,
            &["signature_invalid 1 HASH_FAILURE", "unsigned_document 2 -"],
        ),
        (
            &[("u-id", IssuerUnknown), ("foreign-passport", Bare)],
            Undetermined,
            &["signature_undetermined 1 NO_CERTIFICATE_CHAIN_FOUND", "unsigned_document 2 -"],
        ),
        (&[("u-id", Bare)], Unsigned, &[missing_passport, "unsigned_document 1 -"]),
    ];
    for (documents, verdict, findings) in table {
        let decided = decided(&branch, documents);
        assert_eq!(decided.0, *verdict, "{documents:?}");
        assert_eq!(decided.1, *findings, "{documents:?}");
    }
}

#[test]
fn the_worst_verdict_comes_first_whatever_else_applies() {
    let branch = one_service("[\"u-id\", \"pension-card\", \"student-id-card\"]");
    let limit = Finding::of_share(FindingCode::LimitExceeded);
    let steps = [
        (Verdict::Incomplete, sample("u-id", Worth::Sealed), None),
        (Verdict::Unsigned, sample("u-id", Worth::Unsigned), None),
        (Verdict::Undetermined, sample("pension-card", Worth::IssuerUnknown), None),
        (Verdict::Invalid, sample("u-id", Worth::Forged), None),
        (Verdict::Malformed, sample("u-id", Worth::Sealed), Some(limit)),
    ];
    let (mut samples, mut opening) = (Vec::new(), Vec::new());
    for (verdict, sample, finding) in steps {
        samples.push(sample);
        opening.extend(finding);
        assert_eq!(decide(&branch, None, &samples, opening.clone()).verdict, verdict);
        samples.reverse();
        assert_eq!(decide(&branch, None, &samples, opening.clone()).verdict, verdict, "reversed");
    }
    assert_eq!(decide(&branch, None, &[], opening).verdict, Verdict::Malformed);
}

#[test]
fn what_was_noticed_at_opening_counts() {
    let branch = one_service("[\"u-id\"]");
    let good = [sample("u-id", Worth::Sealed)];
    for (code, verdict) in [
        (FindingCode::CrashedWhileOpening, Verdict::Malformed),
        (FindingCode::LimitExceeded, Verdict::Malformed),
        (FindingCode::Unreadable, Verdict::Malformed),
        (FindingCode::SignatureWithoutContent, Verdict::Undetermined),
        (FindingCode::TypeUnknown, Verdict::Verified),
    ] {
        let finding = Finding::of_share(code);
        let decision = decide(&branch, None, &good, vec![finding.clone()]);
        assert_eq!((decision.verdict, decision.findings), (verdict, vec![finding]), "{code}");
    }
}

#[test]
fn what_was_noticed_about_an_excess_copy_does_not_count() {
    let branch = one_service("[\"u-id\"]");
    let copies = [sample("u-id", Worth::Sealed), sample("unknown", Worth::IssuerUnknown)];
    let noticed = |number| Finding::of_document(FindingCode::SignatureWithoutContent, number);
    let decision = decide(&branch, None, &copies, vec![noticed(2)]);
    assert_eq!(decision.verdict, Verdict::Verified);
    assert!(decision.findings.iter().all(|finding| finding.severity < Severity::Error));
    for number in [1, 3] {
        let decision = decide(&branch, None, &copies, vec![noticed(number)]);
        assert_eq!(decision.verdict, Verdict::Undetermined, "{number}");
    }
    let decision = decide(&branch, None, copies.get(1..).unwrap(), vec![noticed(1)]);
    assert_eq!(decision.verdict, Verdict::Undetermined);
}

/// Every sub-indication with the verdict that it leads to when it is all that is wrong.
#[test]
fn every_sub_indication_leads_to_its_verdict() {
    for sub in SubIndication::ALL {
        // What is certain does not depend on the main indication: a key that was revoked may be
        // stolen, and no copy brings a later proof of its age.
        let undecided = match sub {
            SubIndication::RevokedNoPoe => Verdict::Invalid,
            SubIndication::ChainConstraintsFailure
            | SubIndication::CertificateChainGeneralFailure
            | SubIndication::CryptoConstraintsFailure
            | SubIndication::CryptoConstraintsFailureNoPoe
            | SubIndication::Expired
            | SubIndication::FormatFailure
            | SubIndication::HashFailure
            | SubIndication::NoCertificateChainFound
            | SubIndication::NoSigningCertificateFound
            | SubIndication::NotYetValid
            | SubIndication::OutOfBoundsNoPoe
            | SubIndication::OutOfBoundsNotRevoked
            | SubIndication::Revoked
            | SubIndication::RevokedCaNoPoe
            | SubIndication::SigCryptoFailure
            | SubIndication::SigConstraintsFailure
            | SubIndication::SignedDataNotFound
            | SubIndication::TimestampOrderFailure
            | SubIndication::TryLater => Verdict::Undetermined,
        };
        for (indication, verdict) in
            [(Indication::Indeterminate, undecided), (Indication::TotalFailed, Verdict::Invalid)]
        {
            let mut copy = sample("u-id", Worth::Forged);
            (copy.report.indication, copy.report.sub_indication) = (Some(indication), Some(sub));
            let signature = copy.report.signatures.first_mut().unwrap();
            (signature.indication, signature.sub_indication) = (indication, Some(sub));
            let branch = one_service("[\"u-id\"]");
            let decision = decide(&branch, None, &[copy], Vec::new());
            assert_eq!(decision.verdict, verdict, "{indication} {sub}");
            assert_eq!(decision.assurance, None, "{indication} {sub}");
            let is_invalid = verdict == Verdict::Invalid;
            let code = if is_invalid { "signature_invalid" } else { "signature_undetermined" };
            assert_eq!(shown(&decision.findings).last().unwrap(), &format!("{code} 1 {sub}"));
        }
    }
}

#[test]
fn a_revoked_signer_beside_one_that_cannot_be_decided_spoils_the_copy() {
    let branch = one_service("[\"u-id\"]");
    let mut copy = sample("u-id", Worth::IssuerUnknown);
    let mut revoked = copy.report.signatures.first().unwrap().clone();
    revoked.sub_indication = Some(SubIndication::RevokedNoPoe);
    copy.report.signatures.push(revoked);
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Invalid);
    assert_eq!(shown(&decision.findings), ["signature_invalid 1 REVOKED_NO_POE"]);
}

#[test]
fn a_certificate_that_contradicts_the_signature_makes_the_copy_invalid() {
    let branch = one_service("[\"u-id\"]");
    let mut copy = sample("u-id", Worth::IssuerUnknown);
    let contradicted = Warning::new(WarningCode::CertificateContradicted, "Changed.");
    copy.report.signatures.first_mut().unwrap().warnings.push(contradicted);
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Invalid);
    assert_eq!(shown(&decision.findings), ["signature_invalid 1 NO_CERTIFICATE_CHAIN_FOUND"]);
}

#[test]
fn an_unchecked_revocation_is_said_and_leaves_the_verdict() {
    let branch = one_service("[\"u-id\"]");
    let mut copy = sample("u-id", Worth::Sealed);
    let unchecked = Warning::new(WarningCode::RevocationUnchecked, "Nobody has answered yet.");
    copy.report.signatures.first_mut().unwrap().warnings.push(unchecked);
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(shown(&decision.findings), ["revocation_unchecked 1 -"]);
}

/// By what the report says, and not by what the names sound like.
#[test]
fn names_the_algorithm_that_is_not_supported() {
    let branch = one_service("[\"u-id\"]");
    for algorithm in ["GOST R 34.10-2001", "ECDSA secp256k1", "ECDSA P-192", "RSA with MD5", "MD5"]
    {
        for unsupported in [None, Some(algorithm)] {
            let mut copy = sample("u-id", Worth::National);
            let signature = copy.report.signatures.first_mut().unwrap();
            signature.algorithm = algorithm.to_owned();
            signature.unsupported = unsupported.map(str::to_owned);
            let found = decide(&branch, None, &[copy], Vec::new());
            assert_eq!(found.verdict, Verdict::Undetermined);
            let named = unsupported.map(|name| format!("algorithm_unsupported 1 {name}"));
            let mut expected: Vec<String> = named.into_iter().collect();
            expected.push("signature_undetermined 1 CRYPTO_CONSTRAINTS_FAILURE".to_owned());
            assert_eq!(shown(&found.findings), expected);
        }
    }
}

#[test]
fn flags_an_expired_code_without_a_worse_verdict() {
    let branch = branch(&[("x", "[\"u-id\"]", "qr_issued_on = 2026-03-01")]);
    let decision = decide(&branch, None, &[sample("u-id", Worth::Sealed)], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(shown(&decision.findings), ["qr_expired - 2026-09-01"]);
}
