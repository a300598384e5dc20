//! Samples of every page. Persons and organisations are invented.

use super::{
    super::{
        super::{
            disclosure::{Disclosed, DisclosedDocument},
            query::ShareQuery,
            texts::Texts,
        },
        error::ErrorPage,
        frame::Frame,
        list::{ListPage, Listing},
        login::{LoginPage, LoginReason},
        share::{SharePage, Surroundings},
        words::accepted_signers,
    },
    rendered,
};
use crate::{
    domain::{
        Assurance, AttributeReport, BestTimeSource, BranchScope, CertificateReport,
        CertificateRole, CertificateSource, Container, DocumentDetails, DocumentReport,
        DocumentRow, Finding, FindingCode, Indication, Language, Level, MailId, Qualification,
        QualificationReport, Retention, RetentionReason, RevocationKind, RevocationReport,
        RevocationSource, RevocationStatus, Role, Sha256, ShareDetails, ShareId, ShareRow,
        SignatureReport, SignerKind, SignerReport, SubIndication, Term, Timestamp, TimestampReport,
        TypeSource, Verdict, VerdictChange, Warning, WarningCode,
    },
    registry::Registry,
    store::{Names, SharePage as SharesOfStore},
    trust::TrustStore,
};

const REGISTRY: &str = r#"
[organisation]
name = "Тестова міська рада"

[[branch]]
id = "school-5"
name = "Ліцей № 5"
addresses = ["school5@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate", "internal-passport"]
retention_days = 90
"#;

/// Every page with every sample, by a name for messages.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for language in Language::ALL {
        let t = Texts::new(language);
        let mut add = |name: &str, html: String| {
            pages.push((format!("{name}-{}", language.as_str()), html));
        };
        add("login", login(t, LoginReason::Start, ""));
        let now = moment("2026-11-22T09:00:00Z");
        add("login-wrong", login(t, LoginReason::Wrong, HOSTILE));
        let until = now.plus_seconds(61);
        add("login-busy", login(t, LoginReason::Busy, "оператор"));
        add("login-locked", login(t, LoginReason::Locked { now, until }, "оператор"));
        add("login-needs-https", login(t, LoginReason::NeedsHttps, ""));
        add("signed-out", login(t, LoginReason::SignedOut, ""));
        for key in ERRORS {
            let incident = (*key == "error-internal").then(|| "0badc0ffee".to_owned());
            let page = ErrorPage::new(t, Frame::new(t, "Рада", "/"), 500, key, incident);
            add(key, rendered(&page));
        }
        add("list", list(t, &shares(), ""));
        add("list-empty", list(t, &[], ""));
        add("list-empty-filtered", list(t, &[], "verdict=invalid&from=2026-11-01"));
        for share in [
            verified(),
            incomplete(),
            invalid(),
            made_up(),
            past("past-ended", SubIndication::OutOfBoundsNoPoe),
            past("past-broken", SubIndication::HashFailure),
            hostile(),
            closed(),
            destroyed(),
        ] {
            add(&share.0.clone(), share_page(t, &share.1));
        }
    }
    pages
}

const ERRORS: &[&str] = &[
    "error-bad-request",
    "error-busy",
    "error-forbidden",
    "error-gone",
    "error-internal",
    "error-method",
    "error-not-found",
    "error-needs-https",
    "error-stale-form",
    "error-timeout",
    "error-too-large",
];

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'<b> style=x &amp;";

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn frame(t: Texts, here: &str) -> Frame {
    Frame::new(t, "Тестова міська рада", here).with_user(
        t,
        "olena.testova",
        Role::Operator,
        "form-token",
    )
}

fn login(t: Texts, reason: LoginReason, name: &str) -> String {
    let frame = Frame::new(t, "Тестова міська рада", "/login");
    rendered(&LoginPage::new(t, frame, reason, name, "/"))
}

fn list(t: Texts, shares: &[ShareRow], query: &str) -> String {
    let registry = Registry::parse(REGISTRY).unwrap();
    let query = ShareQuery::of_page(&format!("/?{query}").parse().unwrap()).unwrap();
    let next = (!shares.is_empty())
        .then(|| "1790000000000000.01990000-0000-7000-8000-000000000000".parse().unwrap());
    let listing = Listing {
        shares: &SharesOfStore { items: shares.to_vec(), next },
        counts: &Verdict::ALL.map(|verdict| (verdict, 3)),
        query: &query,
        names: &Names::default(),
        registry: &registry,
        scope: &BranchScope::All,
    };
    let frame = frame(t, "/").with_trust(t, &TrustStore::empty());
    rendered(&ListPage::new(t, frame, &listing))
}

pub(super) fn share_page(t: Texts, share: &Disclosed) -> String {
    let around = Surroundings {
        names: &Names::default(),
        legal_basis: Some(t.say("legal-basis-contract")),
        signers: Some(accepted_signers(t, Some("default-seal-or-person"))),
    };
    rendered(&SharePage::new(t, frame(t, "/shares/1"), share, &around))
}

fn id(number: u8) -> ShareId {
    let mail = MailId::new(moment("2026-11-22T08:32:11Z"), [number; 10]);
    ShareId::of(mail, &"school-5".parse().unwrap())
}

fn row(number: u8, verdict: Verdict, findings: Vec<Finding>) -> ShareRow {
    let received_at = moment("2026-11-22T08:32:11Z").plus_seconds(-4000 * i64::from(number));
    let verified = verdict == Verdict::Verified;
    ShareRow {
        id: id(number),
        branch: "school-5".parse().unwrap(),
        service: Some("enrolment".parse().unwrap()),
        verdict,
        assurance: (verdict >= Verdict::Incomplete).then_some(Assurance::Sealed),
        received_at,
        judged_at: received_at.plus_seconds(2),
        verdict_change: (verdict == Verdict::Invalid).then_some(VerdictChange {
            before: Verdict::Verified,
            at: received_at.plus_seconds(2),
        }),
        retention: Retention {
            destroy_at: received_at.plus_days(if verified { 90 } else { 30 }),
            reason: if verified { RetentionReason::Service } else { RetentionReason::Quarantine },
        },
        destroyed_at: None,
        mail_bytes: 1_843_200,
        findings,
        sealed_details: Some(Vec::new()),
    }
}

fn shares() -> Vec<ShareRow> {
    let mut rows: Vec<ShareRow> = vec![
        row(1, Verdict::Verified, Vec::new()),
        row(2, Verdict::Incomplete, vec![missing("internal-passport|foreign-passport")]),
        row(
            3,
            Verdict::Invalid,
            vec![
                Finding::of_document(FindingCode::SignatureInvalid, 1).with_detail("HASH_FAILURE"),
                Finding::of_document(FindingCode::StaleCopy, 1).with_detail("73"),
                Finding::of_document(FindingCode::TypeUnknown, 2),
                Finding::of_share(FindingCode::SenderDkim).with_detail("pass (diia.test)"),
                Finding::of_share(FindingCode::SenderDmarc).with_detail(HOSTILE),
                Finding::of_share(FindingCode::SenderSpf).with_detail("temperror"),
            ],
        ),
        row(
            4,
            Verdict::Undetermined,
            vec![
                Finding::of_document(FindingCode::SignatureUndetermined, 1)
                    .with_detail("NO_CERTIFICATE_CHAIN_FOUND"),
            ],
        ),
        row(5, Verdict::Unsigned, vec![Finding::of_document(FindingCode::UnsignedDocument, 1)]),
        row(6, Verdict::Unrecognised, vec![Finding::of_share(FindingCode::NoDocument)]),
        row(
            7,
            Verdict::Malformed,
            vec![Finding::of_share(FindingCode::Unreadable).with_detail(HOSTILE)],
        ),
        row(8, Verdict::Verified, Vec::new()),
    ];
    rows[7].destroyed_at = Some(moment("2026-11-20T02:00:00Z"));
    rows
}

fn missing(types: &str) -> Finding {
    Finding::of_share(FindingCode::MissingDocument).with_detail(types)
}

fn details() -> ShareDetails {
    ShareDetails {
        sender: Some("testova.osoba@example.com".parse().unwrap()),
        recipients: vec!["school5+enrolment@docs.example.ua".parse().unwrap()],
        message_id: Some("CAK7x2p@mail.example.com".to_owned()),
        subject: Some("Копії документів".to_owned()),
        peer: "192.0.2.7".to_owned(),
    }
}

fn document(number: u32, type_code: &str, report: DocumentReport) -> DisclosedDocument {
    let name = format!("{type_code}-1234567890123-22.11.2026-10:31:55.pdf");
    DisclosedDocument {
        row: DocumentRow {
            number,
            type_code: type_code.parse().unwrap(),
            type_source: Some(TypeSource::Name),
            excess: false,
            term: Term::Share,
            size: 482_113,
            indication: report.indication,
            sub_indication: report.sub_indication,
            signature_files: 1,
            sealed_details: Some(Vec::new()),
        },
        hidden: false,
        destroyed: false,
        details: Some(DocumentDetails {
            signature_names: vec![format!("{name}.p7s")],
            is_enclosed: false,
            revision: None,
            type_code: None,
            name,
            sha256: Sha256::of(&[number.to_le_bytes()[0]]).into(),
            report,
        }),
    }
}

/// A copy that is proved.
pub(super) fn proved() -> DisclosedDocument {
    document(1, "birth-certificate", report(Indication::TotalPassed, None))
}

fn report(indication: Indication, sub: Option<SubIndication>) -> DocumentReport {
    let certificate = |role, source, subject: &str, issuer: &str| CertificateReport {
        role,
        source,
        subject: subject.to_owned(),
        issuer: issuer.to_owned(),
        serial: "3ddd1f04a7b2".to_owned(),
        not_before: moment("2026-01-01T00:00:00Z"),
        not_after: moment("2028-01-01T00:00:00Z"),
        key: "ECDSA P-256".to_owned(),
        sha256: Sha256::of(subject.as_bytes()).into(),
        problem: (sub == Some(SubIndication::Expired)).then(|| "expired".to_owned()),
        unsupported: None,
        revocation: (role == CertificateRole::Signer).then(|| RevocationReport {
            status: RevocationStatus::Good,
            kind: Some(RevocationKind::Ocsp),
            source: Some(RevocationSource::Cache),
            this_update: Some(moment("2026-11-22T08:30:00Z")),
            next_update: None,
            revoked_at: None,
            reason: None,
            invalid_since: None,
            problem: None,
        }),
    };
    let signer = "CN=Тестова печатка,O=Тестове державне підприємство,C=UA";
    let root = "CN=Тестовий кореневий центр,C=UA";
    DocumentReport {
        container: Container::CmsDetached,
        indication: Some(indication),
        sub_indication: sub,
        signatures: vec![SignatureReport {
            indication,
            sub_indication: sub,
            reason: sub.map(|_| {
                "the signed digest is 12ab…, the digest of the content is 34cd…".to_owned()
            }),
            unsupported: None,
            level: Level::CadesBes,
            algorithm: "ECDSA P-256".to_owned(),
            digest_algorithm: "SHA-256".to_owned(),
            signer: SignerReport {
                name: "Тестова печатка".to_owned(),
                organisation: Some("Тестове державне підприємство".to_owned()),
                code: Some("00000000".to_owned()),
                country: Some("UA".to_owned()),
                organisation_id: "NTRUA-00000000".parse().ok(),
                kind: Some(SignerKind::Seal),
                issuer: root.to_owned(),
                serial: "3ddd1f04a7b2".to_owned(),
            },
            signing_time: Some(moment("2026-11-22T08:31:55Z")),
            best_time: moment("2026-11-22T08:32:11Z"),
            best_time_source: BestTimeSource::Receipt,
            chain: vec![
                certificate(CertificateRole::Signer, CertificateSource::Signature, signer, root),
                certificate(CertificateRole::Anchor, CertificateSource::TrustDirectory, root, root),
            ],
            timestamps: vec![TimestampReport {
                kind: "signature-time-stamp".to_owned(),
                indication: Indication::Indeterminate,
                sub_indication: Some(SubIndication::NoCertificateChainFound),
                reason: Some("No certificate of its issuer is known.".to_owned()),
                time: Some(moment("2026-11-22T08:32:00Z")),
                policy: Some("1.2.804.2.1.1.1.2.3.1".to_owned()),
                algorithm: Some("ECDSA with SHA-256".to_owned()),
                digest_algorithm: Some("SHA-256".to_owned()),
                authority: Some(SignerReport {
                    name: "Тестовий надавач позначок часу".to_owned(),
                    ..SignerReport::default()
                }),
                chain: Vec::new(),
                qualified: Some(false),
                warnings: Vec::new(),
            }],
            qualification: Some(QualificationReport {
                kind: Qualification::AdvancedSealWithQualifiedCertificate,
                reasons: vec!["The certificate says QcCompliance and not QcSSCD.".to_owned()],
                list: None,
            }),
            covers: vec!["довідка.pdf".to_owned()],
            attributes: vec![AttributeReport {
                id: "1.2.3.4".to_owned(),
                name: None,
                value: "0500".to_owned(),
            }],
            counter_signatures: Vec::new(),
            warnings: vec![Warning::new(
                WarningCode::Tolerated,
                "The signature repeats the certificate of its signer.",
            )],
        }],
        not_covered: vec!["додаток.pdf".to_owned()],
        encrypted: true,
    }
}

fn passed() -> DocumentReport {
    report(Indication::TotalPassed, None)
}

fn opened(row: ShareRow, documents: Vec<DisclosedDocument>) -> Disclosed {
    Disclosed { row, details: Some(details()), details_closed: false, mail_open: false, documents }
}

pub(super) fn verified() -> (String, Disclosed) {
    let documents = vec![
        document(1, "birth-certificate", passed()),
        document(2, "internal-passport", passed()),
    ];
    let share = opened(row(1, Verdict::Verified, Vec::new()), documents);
    ("verified".to_owned(), Disclosed { mail_open: true, ..share })
}

/// With copies nobody asked for, hidden from the reader.
fn incomplete() -> (String, Disclosed) {
    let first = id(9).to_string();
    let findings = vec![
        missing("internal-passport|foreign-passport"),
        Finding::of_document(FindingCode::Duplicate, 1).with_detail(first),
        Finding::of_document(FindingCode::ExcessDocument, 2).with_detail("taxpayer-card"),
    ];
    let mut excess = document(2, "taxpayer-card", passed());
    excess.row.excess = true;
    excess.hidden = true;
    excess.details = None;
    let documents = vec![document(1, "birth-certificate", passed()), excess];
    ("incomplete".to_owned(), opened(row(2, Verdict::Incomplete, findings), documents))
}

fn invalid() -> (String, Disclosed) {
    let finding =
        Finding::of_document(FindingCode::SignatureInvalid, 1).with_detail("HASH_FAILURE");
    let broken = report(Indication::TotalFailed, Some(SubIndication::HashFailure));
    let mut unsigned = document(2, "foreign-passport", passed());
    unsigned.row.indication = None;
    if let Some(details) = &mut unsigned.details {
        details.report.signatures.clear();
        details.signature_names.clear();
    }
    let mut excess = document(3, "taxpayer-card", passed());
    excess.row.excess = true;
    let documents = vec![document(1, "internal-passport", broken), unsigned, excess];
    let findings = vec![finding, Finding::of_document(FindingCode::UnsignedDocument, 2)];
    ("invalid".to_owned(), opened(row(3, Verdict::Invalid, findings), documents))
}

/// Under the genuine seal of an organisation that issues no copies.
pub(super) fn made_up() -> (String, Disclosed) {
    let finding = Finding::of_document(FindingCode::OtherIssuer, 1).with_detail("NTRUA-00000000");
    let row = row(9, Verdict::Undetermined, vec![finding]);
    ("made-up".to_owned(), opened(row, vec![document(1, "internal-passport", passed())]))
}

/// With a certificate that ended, and a time-stamp that does not save the signature.
fn past(name: &str, of_stamp: SubIndication) -> (String, Disclosed) {
    let sub = SubIndication::OutOfBoundsNoPoe;
    let mut report = report(Indication::Indeterminate, Some(sub));
    for stamp in report.signatures.iter_mut().flat_map(|one| &mut one.timestamps) {
        stamp.sub_indication = Some(of_stamp);
    }
    let finding = Finding::of_document(FindingCode::SignatureUndetermined, 1);
    let row = row(8, Verdict::Undetermined, vec![finding.with_detail(sub.as_str())]);
    (name.to_owned(), opened(row, vec![document(1, "internal-passport", report)]))
}

/// Markup, a thousand letters, hidden characters and a pile of marks in every text of a stranger.
fn hostile() -> (String, Disclosed) {
    let pile = "\u{336}".repeat(300);
    let long = format!("{HOSTILE}\u{202e}{}a{pile}.pdf\u{0}", "Ж".repeat(1000));
    let mut report = report(Indication::TotalFailed, Some(SubIndication::Expired));
    for signature in &mut report.signatures {
        signature.reason = Some(long.clone());
        signature.algorithm.clone_from(&long);
        signature.digest_algorithm.clone_from(&long);
        signature.signer.name.clone_from(&long);
        signature.signer.organisation = Some(long.clone());
        signature.signer.code = Some(long.clone());
        signature.warnings = vec![Warning::new(WarningCode::Other, long.clone())];
        for certificate in &mut signature.chain {
            certificate.subject.clone_from(&long);
            certificate.serial.clone_from(&long);
            certificate.key.clone_from(&long);
            certificate.problem = Some(long.clone());
        }
    }
    let mut document = document(1, "unknown", report);
    if let Some(details) = &mut document.details {
        details.name.clone_from(&long);
        details.signature_names = vec![long.clone()];
    }
    let findings = vec![Finding::of_document(FindingCode::LimitExceeded, 1).with_detail(&*long)];
    let mut share = opened(row(7, Verdict::Malformed, findings), vec![document]);
    if let Some(details) = &mut share.details {
        details.subject = Some(long.clone());
        details.message_id = Some(long);
        details.sender = None;
    }
    ("hostile".to_owned(), share)
}

/// As an auditor sees it.
fn closed() -> (String, Disclosed) {
    let (_, mut share) = incomplete();
    share.details = None;
    share.details_closed = true;
    for document in &mut share.documents {
        document.details = None;
    }
    ("closed".to_owned(), share)
}

fn destroyed() -> (String, Disclosed) {
    let (_, mut share) = verified();
    share.row.destroyed_at = Some(moment("2027-02-20T02:00:00Z"));
    share.details = None;
    share.mail_open = false;
    for document in &mut share.documents {
        document.details = None;
        document.destroyed = true;
    }
    ("destroyed".to_owned(), share)
}
