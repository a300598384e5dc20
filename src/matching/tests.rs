mod judgement;
mod properties;

use std::fmt::Write as _;

use super::*;
use crate::{
    domain::{
        BestTimeSource, CertificateReport, CertificateRole, CertificateSource, Container,
        DocumentReport, FindingCode, Level, Severity, Sha256, SignatureReport, SignerReport,
        Warning, WarningCode,
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
    Unsigned,
    Forged,
    IssuerUnknown,
    National,
}

const WORTHS: [Worth; 7] = [
    Worth::Sealed,
    Worth::Personal,
    Worth::Nameless,
    Worth::Unsigned,
    Worth::Forged,
    Worth::IssuerUnknown,
    Worth::National,
];

/// A copy that owns what the judge looks at.
#[derive(Clone, Debug)]
struct Sample {
    type_code: TypeCode,
    made_at: Option<Timestamp>,
    report: DocumentReport,
    proofs: Vec<Proof>,
    first_receipt: Option<ShareId>,
}

fn sample(code: &str, worth: Worth) -> Sample {
    let (indication, sub_indication) = match worth {
        Worth::Sealed | Worth::Personal | Worth::Nameless => (Some(Indication::TotalPassed), None),
        Worth::Unsigned => (None, None),
        Worth::Forged => (Some(Indication::TotalFailed), Some(SubIndication::HashFailure)),
        Worth::IssuerUnknown => {
            (Some(Indication::Indeterminate), Some(SubIndication::NoCertificateChainFound))
        }
        Worth::National => {
            (Some(Indication::Indeterminate), Some(SubIndication::CryptoConstraintsFailure))
        }
    };
    let assurance = match worth {
        Worth::Nameless => None,
        Worth::Personal => Some(Assurance::PersonSigned),
        Worth::Sealed
        | Worth::Unsigned
        | Worth::Forged
        | Worth::IssuerUnknown
        | Worth::National => Some(Assurance::Sealed),
    };
    let algorithm =
        if worth == Worth::National { "GOST R 34.10-2001" } else { "ECDSA with SHA-256" };
    let signatures = indication.map(|indication| SignatureReport {
        indication,
        sub_indication,
        reason: None,
        level: Level::Cms,
        algorithm: algorithm.to_owned(),
        digest_algorithm: "SHA-256".to_owned(),
        signer: SignerReport { assurance, ..SignerReport::default() },
        signing_time: None,
        best_time: received_at(),
        best_time_source: BestTimeSource::Receipt,
        chain: vec![certificate("RSA 4096", b"signer")],
        timestamps: Vec::new(),
        qualification: None,
        covers: Vec::new(),
        attributes: Vec::new(),
        counter_signatures: Vec::new(),
        warnings: Vec::new(),
    });
    let passed = indication == Some(Indication::TotalPassed);
    Sample {
        type_code: code.parse().unwrap(),
        made_at: None,
        report: DocumentReport {
            container: Container::CmsAttached,
            indication,
            sub_indication,
            signatures: signatures.into_iter().collect(),
            not_covered: Vec::new(),
            encrypted: false,
        },
        proofs: passed.then(|| Proof::sample(0, b"signer", code.as_bytes())).into_iter().collect(),
        first_receipt: None,
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
        revocation: None,
    }
}

fn decide<'a>(
    branch: &'a Branch,
    hint: Option<&str>,
    samples: &[Sample],
    opening: Vec<Finding>,
) -> Decision<'a> {
    let hint: Option<ServiceId> = hint.map(|id| id.parse().unwrap());
    let circumstances = Circumstances {
        service_hint: hint.as_ref(),
        received_at: received_at(),
        has_trust_list: false,
    };
    decide_in(branch, circumstances, samples, opening)
}

fn decide_in<'a>(
    branch: &'a Branch,
    circumstances: Circumstances<'_>,
    samples: &[Sample],
    opening: Vec<Finding>,
) -> Decision<'a> {
    let copies: Vec<Copy<'_>> = (1..)
        .zip(samples)
        .map(|(number, sample)| Copy {
            number,
            type_code: &sample.type_code,
            made_at: sample.made_at,
            report: &sample.report,
            proofs: &sample.proofs,
            first_receipt: sample.first_receipt,
        })
        .collect();
    decision::decide(branch, circumstances, &copies, opening)
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
        (&[uid, uid, pass], Verified, &[]),
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

#[test]
fn accepts_only_the_signers_that_the_service_names() {
    let pinned = format!("[\"{}\"]", Sha256::of(b"signer"));
    let other = format!("[\"{}\"]", Sha256::of(b"another"));
    for (signers, worth, verdict, assurance) in [
        ("\"anchors\"", Worth::Nameless, Verdict::Verified, None),
        ("\"anchors\"", Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        ("\"seal\"", Worth::Sealed, Verdict::Verified, Some(Assurance::Sealed)),
        ("\"seal\"", Worth::Personal, Verdict::Invalid, None),
        ("\"person\"", Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        ("\"person\"", Worth::Sealed, Verdict::Invalid, None),
        ("\"seal-or-person\"", Worth::Sealed, Verdict::Verified, Some(Assurance::Sealed)),
        ("\"seal-or-person\"", Worth::Nameless, Verdict::Invalid, None),
        (&pinned, Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        (&other, Worth::Sealed, Verdict::Invalid, None),
        (&other, Worth::Forged, Verdict::Invalid, None),
    ] {
        let branch = branch(&[("x", "[\"u-id\"]", &format!("signers = {signers}"))]);
        let decision = decide(&branch, None, &[sample("u-id", worth)], Vec::new());
        assert_eq!(decision.verdict, verdict, "{signers} {worth:?}");
        assert_eq!(decision.assurance, assurance, "{signers} {worth:?}");
        let refused = decision.findings.iter().any(|f| f.code == FindingCode::SignerNotAccepted);
        assert_eq!(refused, verdict == Verdict::Invalid && worth != Worth::Forged);
    }
}

#[test]
fn says_whose_signatures_a_service_accepts_when_it_refuses_one() {
    for (signers, has_trust_list, detail) in [
        ("", false, None),
        ("", true, Some("default-seal-or-person")),
        ("signers = \"anchors\"", true, None),
        ("signers = \"seal\"", false, Some("seal")),
        ("signers = \"person\"", true, Some("person")),
        ("signers = \"seal-or-person\"", false, Some("seal-or-person")),
        (&format!("signers = [\"{}\"]", Sha256::of(b"other")), false, Some("pinned")),
    ] {
        let branch = branch(&[("x", "[\"u-id\"]", signers)]);
        let circumstances =
            Circumstances { service_hint: None, received_at: received_at(), has_trust_list };
        let copies = [sample("u-id", Worth::Nameless)];
        let decision = decide_in(&branch, circumstances, &copies, Vec::new());
        let verdict = if detail.is_some() { Verdict::Invalid } else { Verdict::Verified };
        assert_eq!(decision.verdict, verdict, "{signers} {has_trust_list}");
        assert_eq!(decision.findings.first().and_then(|f| f.detail.as_deref()), detail);
    }
    let branch = one_service("[\"u-id\"]");
    let circumstances =
        Circumstances { service_hint: None, received_at: received_at(), has_trust_list: true };
    for worth in [Worth::Sealed, Worth::Personal] {
        let decision = decide_in(&branch, circumstances, &[sample("u-id", worth)], Vec::new());
        assert_eq!((decision.verdict, decision.findings), (Verdict::Verified, vec![]), "{worth:?}");
    }
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
            (copy.report.indication, copy.report.sub_indication) = (Some(indication), Some(*sub));
            let signature = copy.report.signatures.first_mut().unwrap();
            (signature.indication, signature.sub_indication) = (indication, Some(*sub));
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

#[test]
fn a_seal_of_somebody_who_is_not_pinned_says_nothing_beside_a_pinned_signer() {
    let pinned = format!("signers = [\"{}\"]", Sha256::of(b"signer"));
    let branch = branch(&[("x", "[\"u-id\"]", &pinned)]);
    let mut copy = sample("u-id", Worth::Personal);
    let mut seal = sample("u-id", Worth::Sealed).report.signatures.remove(0);
    seal.chain = vec![certificate("RSA 4096", b"somebody")];
    copy.report.signatures.push(seal);
    copy.proofs.push(Proof::sample(1, b"somebody", b"u-id"));
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(decision.assurance, Some(Assurance::PersonSigned));
}

#[test]
fn a_share_is_sealed_only_when_every_copy_that_counts_is() {
    use Worth::{Personal, Sealed, Unsigned};
    let branch = one_service("[\"u-id\", { type = \"pension-card\", optional = true }]");
    for (documents, assurance) in [
        (vec![("u-id", Sealed), ("pension-card", Sealed)], Some(Assurance::Sealed)),
        (vec![("u-id", Sealed), ("pension-card", Personal)], Some(Assurance::PersonSigned)),
        (vec![("u-id", Sealed), ("pension-card", Unsigned)], None),
        (vec![("u-id", Sealed), ("driver-license", Unsigned)], Some(Assurance::Sealed)),
        (vec![], None),
    ] {
        let samples: Vec<_> = documents.iter().map(|(code, worth)| sample(code, *worth)).collect();
        let decision = decide(&branch, None, &samples, Vec::new());
        assert_eq!(decision.assurance, assurance, "{documents:?}");
    }
}

#[test]
fn names_the_algorithm_in_the_chain_that_is_not_supported() {
    let mut copy = sample("u-id", Worth::National);
    let signature = copy.report.signatures.first_mut().unwrap();
    signature.algorithm = "ECDSA with SHA-256".to_owned();
    let mut with_key = |key: &str| {
        copy.report.signatures.first_mut().unwrap().chain = vec![certificate(key, b"")];
        let branch = one_service("[\"u-id\"]");
        shown(&decide(&branch, None, std::slice::from_ref(&copy), Vec::new()).findings)
    };
    let undetermined = "signature_undetermined 1 CRYPTO_CONSTRAINTS_FAILURE";
    assert_eq!(with_key("ECGOST"), ["algorithm_unsupported 1 ECGOST", undetermined]);
    assert_eq!(with_key("RSA 1024"), [undetermined]);
}

#[test]
fn chooses_the_service_by_hint_then_alone_then_by_types() {
    type Row<'a> = (&'a Branch, Option<&'a str>, &'a [&'a str], Option<&'a str>);

    let two = branch(&[
        ("uid", "[\"u-id\"]", ""),
        ("full", "[\"u-id\", \"pension-card\"]", ""),
        ("old", "[\"driver-license\"]", "active = false"),
    ]);
    let twins = branch(&[("a", "[\"u-id\"]", ""), ("b", "[\"u-id\"]", "")]);
    let one =
        branch(&[("now", "[\"u-id\"]", ""), ("old", "[\"driver-license\"]", "active = false")]);
    let none = branch(&[]);
    let table: &[Row<'_>] = &[
        (&two, Some("full"), &["u-id"], Some("full")),
        (&two, Some("old"), &["u-id"], Some("old")),
        (&two, Some("gone"), &["u-id"], Some("uid")),
        (&two, None, &["u-id"], Some("uid")),
        (&two, None, &["u-id", "unknown"], Some("uid")),
        (&two, None, &["pension-card", "u-id"], Some("full")),
        (&two, None, &["pension-card"], Some("full")),
        (&two, None, &["u-id", "student-id-card"], Some("uid")),
        (&two, None, &["u-id", "pension-card", "student-id-card"], None),
        (&two, None, &["driver-license"], None),
        (&two, None, &["unknown"], None),
        (&twins, None, &["u-id"], None),
        (&one, None, &["driver-license"], Some("now")),
        (&one, None, &[], Some("now")),
        (&none, None, &["u-id"], None),
    ];
    for (branch, hint, types, service) in table {
        let samples: Vec<_> = types.iter().map(|code| sample(code, Worth::Sealed)).collect();
        let decision = decide(branch, *hint, &samples, Vec::new());
        assert_eq!(decision.service.map(|s| s.id.as_str()), *service, "{hint:?} {types:?}");
        let ambiguous = decision.findings.iter().any(|f| f.code == FindingCode::ServiceAmbiguous);
        assert_eq!(ambiguous, service.is_none(), "{types:?}");
        assert!(service.is_some() || decision.verdict == Verdict::Undetermined);
        assert!(service.is_some() || decision.excess.iter().all(|excess| !excess));
    }
    let forged = [sample("u-id", Worth::Forged)];
    assert_eq!(decide(&twins, None, &forged, Vec::new()).verdict, Verdict::Invalid);
}

#[test]
fn tells_a_stale_copy_by_the_oldest_of_its_times() {
    let relaxed = one_service("[\"u-id\"]");
    let strict = branch(&[("x", "[\"u-id\"]", "require_fresh = true")]);
    let ago = |seconds: i64| Some(received_at().plus_seconds(-seconds));
    for (signed, made, detail) in [
        (ago(3 * DAY), None, None),
        (ago(3 * DAY + 1), None, Some("72")),
        (ago(60), ago(4 * DAY), Some("96")),
        (ago(4 * DAY), ago(60), Some("96")),
        (ago(-3600), None, None),
    ] {
        let mut copy = sample("u-id", Worth::Sealed);
        copy.report.signatures.first_mut().unwrap().signing_time = signed;
        copy.made_at = made;
        let copies = [copy];
        let warned = decide(&relaxed, None, &copies, Vec::new());
        assert_eq!(warned.verdict, Verdict::Verified);
        assert_eq!(warned.findings.first().and_then(|f| f.detail.as_deref()), detail);
        let stopped = decide(&strict, None, &copies, Vec::new());
        let verdict = if detail.is_some() { Verdict::Undetermined } else { Verdict::Verified };
        assert_eq!(stopped.verdict, verdict, "{signed:?} {made:?}");
    }
    let timeless = [sample("u-id", Worth::Sealed)];
    assert_eq!(decide(&relaxed, None, &timeless, Vec::new()).findings, []);
    let stopped = decide(&strict, None, &timeless, Vec::new());
    assert_eq!(stopped.verdict, Verdict::Undetermined);
    assert_eq!(shown(&stopped.findings), ["stale_copy 1 unknown"]);
    assert_eq!(stopped.findings.first().unwrap().severity, Severity::Error);
}

#[test]
fn links_a_duplicate_and_flags_an_expired_code_without_a_worse_verdict() {
    let branch = branch(&[("x", "[\"u-id\"]", "qr_issued_on = 2026-03-01")]);
    let first = ShareId::from_bytes([7; 16]);
    let copy = Sample { first_receipt: Some(first), ..sample("u-id", Worth::Sealed) };
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(
        shown(&decision.findings),
        ["qr_expired - 2026-09-01".to_owned(), format!("duplicate 1 {first}")]
    );
}
