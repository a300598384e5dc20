use Qualification as Kind;

use super::*;
use crate::{
    algorithms::Policy,
    trust::{
        ServiceStatus, TrustList,
        sample::{Draft, name, object_identifier, tlv},
    },
};

const COMPLIANCE: &str = "0.4.0.1862.1.1";
const DEVICE: &str = "0.4.0.1862.1.4";
const NATIONAL_MARK: &str = "1.2.804.2.1.1.1.2.1";
const SIGNED_AT: &str = "2027-01-01T00:00:00Z";

fn authority() -> Draft {
    Draft::authority("Надавач", 2, ("Root", 1))
}

/// Issued at the beginning of 2026, with these statements.
fn signer(statements: &[&str]) -> Draft {
    let mut signer = Draft::signer("Тестова Особа", 9, ("Надавач", 2));
    let listed: Vec<_> =
        statements.iter().map(|oid| tlv(0x30, &[object_identifier(oid)])).collect();
    signer.others.push(("1.3.6.1.5.5.7.1.3", false, tlv(0x30, &listed)));
    signer
}

fn seal(statements: &[&str]) -> Draft {
    Draft { purposes: &["1.2.804.2.1.1.1.3.9"], ..firm(statements) }
}

/// An organisation's certificate that does not say what it is for.
fn firm(statements: &[&str]) -> Draft {
    Draft {
        subject: name(&[("2.5.4.10", "Тестова Установа")]), ..signer(statements)
    }
}

fn service(kind: ServiceKind, history: &[(&str, bool)]) -> TrustService {
    let status =
        |(from, is_granted): &(&str, bool)| ServiceStatus::new(from.parse().unwrap(), *is_granted);
    TrustService {
        kind,
        provider: "КНЕДП «Зразок»".to_owned(),
        name: "Підпис".to_owned(),
        certificates: vec![authority().make()],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: history.iter().map(status).collect(),
    }
}

fn judged(signer: &Draft, services: Vec<TrustService>) -> QualificationReport {
    let trust = TrustStore::empty().with_services(services);
    let issuer = authority().make();
    qualification(&signer.make(), Some(&issuer), &trust, SIGNED_AT.parse().unwrap())
}

#[test]
fn follows_from_the_list_and_the_certificate() {
    let always = [("2020-01-01T00:00:00Z", true)];
    let withdrawn = [("2020-01-01T00:00:00Z", true), ("2026-12-01T00:00:00Z", false)];
    let withdrawn_later = [("2020-01-01T00:00:00Z", true), ("2027-01-01T00:00:01Z", false)];
    let granted_later = [("2026-06-01T00:00:00Z", true)];
    let both = [COMPLIANCE, DEVICE];
    for (what, signer, history, kind) in [
        ("КЕП", signer(&both), &always[..], Kind::QualifiedSignature),
        (
            "by the national mark",
            signer(&[NATIONAL_MARK, DEVICE]),
            &always,
            Kind::QualifiedSignature,
        ),
        ("УЕП", signer(&[COMPLIANCE]), &always, Kind::AdvancedWithQualifiedCertificate),
        ("seal", seal(&both), &always, Kind::QualifiedSeal),
        ("other seal", seal(&[COMPLIANCE]), &always, Kind::AdvancedSealWithQualifiedCertificate),
        ("a firm that says no seal", firm(&both), &always, Kind::QualifiedSignature),
        ("withdrawn at signing", signer(&both), &withdrawn, Kind::NotQualified),
        ("withdrawn afterwards", signer(&both), &withdrawn_later, Kind::QualifiedSignature),
        ("granted after issuance", signer(&both), &granted_later, Kind::NotQualified),
        ("says nothing", signer(&[]), &always, Kind::NotQualified),
        ("says device alone", signer(&[DEVICE]), &always, Kind::NotQualified),
        ("never granted", signer(&both), &[], Kind::NotQualified),
    ] {
        let report = judged(&signer, vec![service(ServiceKind::QualifiedAuthority, history)]);
        assert_eq!(report.kind, kind, "{what}: {:?}", report.reasons);
        assert!(!report.reasons.is_empty(), "{what}");
    }
}

#[test]
fn with_a_list_a_seal_says_that_it_is_one() {
    let always = [("2020-01-01T00:00:00Z", true)];
    let listed =
        TrustStore::empty().with_services(vec![service(ServiceKind::QualifiedAuthority, &always)]);
    let both = [COMPLIANCE, DEVICE];
    for (draft, without, with) in [
        (seal(&both), Some(SignerKind::Seal), Some(SignerKind::Seal)),
        (firm(&both), Some(SignerKind::Seal), None),
        (signer(&both), Some(SignerKind::Person), Some(SignerKind::Person)),
    ] {
        assert_eq!(signer_kind(&draft.make(), &TrustStore::empty()), without);
        assert_eq!(signer_kind(&draft.make(), &listed), with);
    }
}

#[test]
fn without_a_list_nothing_can_be_said() {
    let report = judged(&signer(&[COMPLIANCE]), Vec::new());
    assert_eq!(report.kind, Kind::Undetermined);
    assert_eq!(report.reasons, ["No trust list is loaded."]);
}

#[test]
fn only_a_service_that_issues_qualified_certificates_with_this_key_counts() {
    let always = [("2020-01-01T00:00:00Z", true)];
    let signer = signer(&[COMPLIANCE, DEVICE]);
    let stamps = service(ServiceKind::QualifiedTimeStamping, &always);
    assert_eq!(judged(&signer, vec![stamps]).kind, Kind::NotQualified);
    let mut other_key = service(ServiceKind::QualifiedAuthority, &always);
    other_key.certificates = vec![Draft::authority("Надавач", 3, ("Root", 1)).make()];
    other_key.key_ids = vec!["02".repeat(20)];
    assert_eq!(judged(&signer, vec![other_key]).kind, Kind::NotQualified);
    let mut renewed = service(ServiceKind::QualifiedAuthority, &always);
    renewed.certificates = vec![Draft { serial: vec![77], ..authority() }.make()];
    assert_eq!(judged(&signer, vec![renewed]).kind, Kind::QualifiedSignature);
}

#[test]
fn the_issuer_of_a_pinned_signer_is_looked_for_in_the_list() {
    let always = [("2020-01-01T00:00:00Z", true)];
    let listed = vec![service(ServiceKind::QualifiedAuthority, &always)];
    let trust = TrustStore::empty().with_services(listed);
    let at = SIGNED_AT.parse().unwrap();
    let right = signer(&[COMPLIANCE, DEVICE]);
    assert_eq!(qualification(&right.make(), None, &trust, at).kind, Kind::QualifiedSignature);
    let forged = Draft { issuer_key: 5, ..right };
    assert_eq!(qualification(&forged.make(), None, &trust, at).kind, Kind::NotQualified);
}

#[test]
fn the_issuer_of_a_pinned_signer_is_found_by_what_the_policy_accepts() {
    let service = || service(ServiceKind::QualifiedAuthority, &[("2020-01-01T00:00:00Z", true)]);
    for (until, kind) in [
        ("2099-12-31", Kind::QualifiedSignature),
        ("2027-01-01", Kind::QualifiedSignature),
        ("2026-12-31", Kind::Undetermined),
        ("2020-12-31", Kind::Undetermined),
    ] {
        let policy = Policy::built_in_but(&[("Ed25519", until)]);
        let trust = TrustStore::empty().with_services(vec![service()]).with_algorithms(policy);
        let signer = signer(&[COMPLIANCE, DEVICE]).make();
        let report = qualification(&signer, None, &trust, SIGNED_AT.parse().unwrap());
        assert_eq!(report.kind, kind, "{until}: {:?}", report.reasons);
        let is_refused = report.reasons.iter().any(|reason| reason.contains("Ed25519"));
        assert_eq!(is_refused, kind == Kind::Undetermined, "{until}: {:?}", report.reasons);
    }
}

#[test]
fn a_list_that_is_long_overdue_says_nothing_for_what_came_later() {
    const DAY: i64 = 86_400;
    let list = |next_update: Option<&str>| TrustList {
        territory: "UA".to_owned(),
        sequence: 7,
        issued_at: "2026-06-01T00:00:00Z".parse().unwrap(),
        next_update: next_update.map(|next| next.parse().unwrap()),
        services: vec![service(ServiceKind::QualifiedAuthority, &[("2020-01-01T00:00:00Z", true)])],
        problems: Vec::new(),
    };
    let issuer = authority().make();
    let stranger = Draft::authority("Інший", 3, ("Інший", 3)).make();
    let next = Some("2026-12-01T00:00:00Z");
    for (next, grace, at, known) in [
        (next, 7, "2026-12-01T00:00:00Z", true),
        (next, 7, "2026-12-08T00:00:00Z", true),
        (next, 7, "2026-12-08T00:00:01Z", false),
        (next, 0, "2026-12-01T00:00:01Z", false),
        (next, 90, SIGNED_AT, true),
        // Closed: no other list follows.
        (None, 0, SIGNED_AT, true),
        // What is proved to be older than the list's end is judged by it.
        (next, 7, "2026-11-01T00:00:00Z", true),
    ] {
        let url = Some("https://example.org/UA-TL.xml".to_owned());
        let trust = TrustStore::empty().with_list_from(list(next), url.clone());
        let trust = trust.with_grace(grace * DAY);
        let of = |issuer: &Certificate| {
            let signer = signer(&[COMPLIANCE, DEVICE]).make();
            qualification(&signer, Some(issuer), &trust, at.parse().unwrap())
        };
        let (own, strange) = (of(&issuer), of(&stranger));
        let due = if known { Kind::QualifiedSignature } else { Kind::Undetermined };
        assert_eq!(own.kind, due, "{next:?} {grace} {at}: {:?}", own.reasons);
        let due = if known { Kind::NotQualified } else { Kind::Undetermined };
        assert_eq!(strange.kind, due, "{next:?} {grace} {at}: {:?}", strange.reasons);
        let told = own.list.unwrap();
        assert_eq!((told.sequence, told.territory.as_str(), &told.url), (7, "UA", &url));
        assert_eq!(told.next_update.map(|next| next.to_string()).as_deref(), next);
    }
    // A fresh one that names the service as well decides.
    let fresh = TrustList { sequence: 8, ..list(None) };
    let trust = TrustStore::empty().with_list(list(next)).with_list(fresh);
    let signer = signer(&[COMPLIANCE, DEVICE]).make();
    let report = qualification(&signer, Some(&issuer), &trust, SIGNED_AT.parse().unwrap());
    assert_eq!(report.kind, Kind::QualifiedSignature, "{:?}", report.reasons);
}

/// A service of the key for seals was withdrawn when the certificate was issued, and another one of the
/// key names no use.
#[test]
fn the_moment_of_issuance_is_asked_as_that_of_signing_is() {
    let named = |history: &[(&str, bool)]| {
        let mut service = service(ServiceKind::QualifiedAuthority, history);
        for status in &mut service.history {
            status.extensions.uses = [CertificateUse::Seals].into_iter().collect();
        }
        service
    };
    let always = || service(ServiceKind::QualifiedAuthority, &[("2020-01-01T00:00:00Z", true)]);
    let since =
        |day| [("2020-01-01T00:00:00Z", true), ("2025-06-01T00:00:00Z", false), (day, true)];
    for (day, kind) in [
        ("2025-12-01T00:00:00Z", Kind::QualifiedSeal),
        ("2026-06-01T00:00:00Z", Kind::NotQualified),
        ("2027-06-01T00:00:00Z", Kind::NotQualified),
    ] {
        for services in [vec![named(&since(day)), always()], vec![always(), named(&since(day))]] {
            let report = judged(&seal(&[COMPLIANCE, DEVICE]), services);
            assert_eq!(report.kind, kind, "{day}: {:?}", report.reasons);
        }
    }
}
