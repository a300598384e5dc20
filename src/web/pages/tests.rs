//! Every page with every sample in both languages, a hostile one among them.

mod samples;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::{super::texts::Texts, words::*};
use crate::{
    domain::{
        Assurance, BestTimeSource, CertificateRole, CertificateSource, Container, Finding,
        FindingCode, FirstReceipt, Indication, Language, NotADocument, Qualification,
        RetentionReason, RevocationKind, RevocationStatus, Role, SenderResult, Severity, ShareId,
        SignerKind, SubIndication, TypeSource, Verdict, WarningCode, legible,
    },
    registry::LegalBasis,
};

#[test]
fn every_name_of_a_closed_set_has_its_texts() {
    let mut keys: Vec<String> = Vec::new();
    for verdict in Verdict::ALL {
        let key = verdict_key(verdict);
        keys.extend([format!("{key}.why"), format!("{key}.todo"), key]);
    }
    for assurance in Assurance::ALL.map(Some).into_iter().chain([None]) {
        let key = assurance_key(assurance);
        keys.extend([format!("{key}.why"), key]);
    }
    for kind in SignerKind::ALL.map(Some).into_iter().chain([None]) {
        let key = signer_kind_key(kind);
        keys.extend([format!("{key}.why"), key]);
    }
    keys.extend(FindingCode::ALL.map(|code| format!("{}.todo", finding_key(code))));
    keys.extend(NotADocument::ALL.map(|instead| format!("instead-{instead}")));
    keys.extend(TypeSource::ALL.map(type_source_key));
    keys.extend(SenderResult::ALL.map(signal_key));
    keys.extend(SubIndication::ALL.map(sub_indication_key));
    keys.extend(Role::ALL.map(role_key));
    keys.extend(RetentionReason::ALL.map(retention_key));
    keys.extend(LegalBasis::ALL.map(legal_basis_key));
    keys.extend([Severity::Info, Severity::Warning, Severity::Error].map(severity_key));
    let indications =
        [Indication::TotalPassed, Indication::Indeterminate, Indication::TotalFailed].map(Some);
    keys.extend(indications.into_iter().chain([None]).map(indication_key));
    keys.extend(WarningCode::ALL.map(warning_key));
    keys.extend(Qualification::ALL.iter().map(|kind| qualification_key(*kind).to_owned()));
    // The other two leave a moment open.
    let statuses = [RevocationStatus::Good, RevocationStatus::Unchecked];
    keys.extend(statuses.map(revocation_status_key).map(str::to_owned));
    let kinds = [
        RevocationKind::Crl,
        RevocationKind::DeltaCrl,
        RevocationKind::NoCheck,
        RevocationKind::Ocsp,
    ];
    keys.extend(kinds.map(revocation_kind_key).map(str::to_owned));
    let containers = [
        Container::AsicE,
        Container::AsicS,
        Container::CmsAttached,
        Container::CmsDetached,
        Container::Envelope,
        Container::Pades,
        Container::None,
    ];
    keys.extend(containers.map(container_key).map(str::to_owned));
    let roles = [
        CertificateRole::Signer,
        CertificateRole::Authority,
        CertificateRole::Anchor,
        CertificateRole::PinnedSigner,
    ];
    keys.extend(roles.map(certificate_role_key).map(str::to_owned));
    let sources = [
        CertificateSource::Signature,
        CertificateSource::TrustDirectory,
        CertificateSource::TrustList,
    ];
    keys.extend(sources.map(certificate_source_key).map(str::to_owned));
    let moments = [
        BestTimeSource::ArchiveTimestamp,
        BestTimeSource::DocumentTimestamp,
        BestTimeSource::Given,
        BestTimeSource::Receipt,
        BestTimeSource::SignatureTimestamp,
    ];
    keys.extend(moments.map(best_time_key).map(str::to_owned));
    for language in Language::ALL {
        let t = Texts::new(language);
        for key in &keys {
            assert!(t.find(key, []).is_some(), "{key} in {language:?}");
        }
        for code in FindingCode::ALL {
            let text = finding_text(t, &Finding::of_share(code));
            assert_ne!(text, finding_key(code), "{language:?}");
        }
    }
}

#[test]
fn a_duplicate_tells_where_the_copy_came_first() {
    let share = ShareId::from_bytes([7; 16]);
    let places = [FirstReceipt::Destroyed, FirstReceipt::Elsewhere, FirstReceipt::Share(share)];
    for language in Language::ALL {
        let t = Texts::new(language);
        let said = places.map(|first| {
            let finding = Finding::of_document(FindingCode::Duplicate, 1);
            finding_text(t, &finding.with_detail(first.to_string()))
        });
        let different: BTreeSet<_> = said.iter().collect();
        assert_eq!(different.len(), places.len(), "{said:?}");
    }
}

#[test]
fn the_sentence_under_a_verdict_is_true_of_the_share() {
    let said = |verdict, codes: &[FindingCode]| {
        let findings: Vec<_> = codes.iter().map(|code| Finding::of_document(*code, 1)).collect();
        verdict_variant(verdict, &findings)
    };
    for (verdict, codes, variant) in [
        (Verdict::Invalid, [FindingCode::SignatureInvalid].as_slice(), ""),
        (Verdict::Invalid, &[FindingCode::SignerNotAccepted], "-signer"),
        (Verdict::Invalid, &[FindingCode::SignatureInvalid, FindingCode::SignerNotAccepted], ""),
        (Verdict::Undetermined, &[FindingCode::SignatureUndetermined], ""),
        (Verdict::Undetermined, &[FindingCode::NotADocument], "-content"),
        (Verdict::Undetermined, &[FindingCode::NotADocument, FindingCode::OtherIssuer], "-content"),
        (Verdict::Undetermined, &[FindingCode::OtherIssuer], "-issuer"),
        (Verdict::Undetermined, &[FindingCode::OtherIssuer, FindingCode::StaleCopy], "-issuer"),
        (Verdict::Undetermined, &[FindingCode::ServiceAmbiguous, FindingCode::StaleCopy], ""),
        (Verdict::Verified, &[], ""),
        (Verdict::Verified, &[FindingCode::Duplicate], "-noted"),
        (Verdict::Unsigned, &[FindingCode::UnsignedDocument], ""),
    ] {
        assert_eq!(said(verdict, codes), variant, "{verdict} {codes:?}");
        let none = assurance_key(None);
        let parts: &[&str] = match variant {
            "-content" => &["why"],
            "-signer" => &["word", "why"],
            _ => &[],
        };
        let assurance = parts.iter().map(|part| format!("{none}.{part}{variant}"));
        let key = verdict_key(verdict);
        let keys = [format!("{key}.why{variant}"), format!("{key}.todo{variant}")];
        for key in keys.into_iter().chain(assurance) {
            for language in Language::ALL {
                assert!(Texts::new(language).find(&key, []).is_some(), "{key} in {language:?}");
            }
        }
    }
}

#[test]
fn an_old_copy_is_the_reason_only_where_a_fresh_one_is_required() {
    let mut finding = Finding::of_document(FindingCode::StaleCopy, 1);
    for (severity, variant) in [(Severity::Warning, ""), (Severity::Error, "-stale")] {
        finding.severity = severity;
        let findings = std::slice::from_ref(&finding);
        assert_eq!(verdict_variant(Verdict::Undetermined, findings), variant);
    }
}

/// Its documents stay as they were judged at first.
#[test]
fn no_copy_of_a_share_that_was_judged_otherwise_is_green() {
    let t = Texts::new(Language::Uk);
    let document = samples::proved().row;
    assert_eq!(Badge::of_document(t, &document, &[]).tone, "good");
    let otherwise = Finding::of_share(FindingCode::JudgedOtherwise).with_detail("mail");
    assert_eq!(Badge::of_document(t, &document, &[otherwise]).tone, "ask");
}

/// ETSI EN 319 102-1: for these an earlier moment would do, and nothing that comes later.
#[test]
fn what_only_an_earlier_moment_would_save_is_not_said_to_be_checked_later() {
    for sub in SubIndication::ALL {
        let finding = Finding::of_document(FindingCode::SignatureUndetermined, 1);
        let finding = finding.with_detail(sub.as_str());
        let is_past = sub.as_str().ends_with("_NO_POE");
        let variant = verdict_variant(Verdict::Undetermined, std::slice::from_ref(&finding));
        assert_eq!(variant == "-past", is_past, "{sub}");
        for (language, later, again) in
            [(Language::Uk, "зараз", "надіслати нову"), (Language::En, "now:", "send a new one")]
        {
            let view = FindingView::new(Texts::new(language), &finding, None);
            assert_eq!(view.text.contains(later), !is_past, "{}", view.text);
            assert_eq!(view.todo.contains(again), is_past, "{}", view.todo);
        }
    }
}

#[test]
fn a_time_stamp_that_does_not_save_the_signature_is_named() {
    let pages: BTreeMap<_, _> = samples::pages().into_iter().collect();
    for (page, said) in [
        ("past-ended-uk", "В електронній позначці часу зазначено «22.11.2026, 10:32»"),
        ("past-ended-en", "The time-stamp says “22 Nov 2026, 10:32”"),
        ("past-broken-uk", "«Тестовий надавач позначок часу», не зараховано: документ змінено"),
        ("past-broken-en", "“Тестовий надавач позначок часу” does not count: the document was"),
    ] {
        assert!(pages[page].contains(said), "{page}");
    }
    assert!(!pages["invalid-uk"].contains("Електронну позначку часу, яку поставила"));
}

#[test]
fn a_copy_that_something_speaks_against_has_no_green_badge_and_the_page_says_what() {
    let pages: BTreeMap<_, _> = samples::pages().into_iter().collect();
    let badges = |page: &str| -> Vec<String> {
        let documents = pages[page].split("<p class=\"badges\">").skip(1);
        documents.map(|rest| rest.split("</p>").next().unwrap().to_owned()).collect()
    };
    assert!(badges("verified-uk").iter().all(|badge| badge.contains("good")));
    for (page, seal, word) in [
        ("made-up-uk", "документів: Тестова печатка, код ЄДРПОУ 00000000.", "але є зауваження"),
        ("made-up-en", "documents: Тестова печатка, ЄДРПОУ code 00000000.", "but see the notes"),
    ] {
        let badges = badges(page);
        assert!(badges.iter().all(|one| one.contains(word) && !one.contains("good")), "{badges:?}");
        assert!(pages[page].contains(seal), "{page}");
    }
}

#[test]
fn a_number_is_told_by_the_name_that_people_know_it_by() {
    let t = Texts::new(Language::Uk);
    for (code, said) in [
        ("NTRUA-00000000", "код ЄДРПОУ 00000000"),
        ("NTRUA-0000000000", "РНОКПП 0000000000"),
        ("TINUA-0000000000", "РНОКПП 0000000000"),
        ("TINUA-АА000000", "TINUA-АА000000"),
        ("PNOEE-00000000000", "PNOEE-00000000000"),
        ("00000000", "00000000"),
    ] {
        assert_eq!(registered_number(t, code), said);
    }
    let finding = Finding::of_document(FindingCode::OtherIssuer, 1).with_detail("NTRUA-00000000");
    let text = finding_text(t, &finding);
    assert!(text.ends_with(": код ЄДРПОУ 00000000."), "{text}");
}

#[test]
fn the_wrong_signer_is_not_called_an_invalid_signature() {
    let t = Texts::new(Language::Uk);
    let mut share = samples::verified().1.row;
    share.verdict = Verdict::Invalid;
    for (code, word) in [
        (FindingCode::SignatureInvalid, "Підпис недійсний"),
        (FindingCode::SignerNotAccepted, "Не той підписувач"),
    ] {
        share.findings = vec![Finding::of_document(code, 1)];
        assert_eq!(Badge::of_share(t, &share).word, word);
    }
}

/// Another organisation's seal on the same file may be over something else.
#[test]
fn the_organisation_that_is_named_is_the_one_that_the_finding_is_about() {
    let (_, mut share) = samples::made_up();
    let signatures = &mut share.documents[0].details.as_mut().unwrap().report.signatures;
    let mut other = signatures[0].clone();
    other.signer.name = "Тестовий банк".to_owned();
    other.signer.organisation_id = Some("NTRUA-11111111".parse().unwrap());
    signatures[0].signer.name = "Тестова фірма".to_owned();
    signatures[0].signer.kind = Some(SignerKind::Seal);
    signatures[0].signer.organisation_id = Some("NTRUA-00000000".parse().unwrap());
    other.signer.kind = Some(SignerKind::Seal);
    signatures.insert(0, other);
    let page = samples::share_page(Texts::new(Language::Uk), &share);
    assert!(page.contains("Тестова фірма, код ЄДРПОУ 00000000"), "{page}");
    assert!(!page.contains("Тестовий банк, код ЄДРПОУ 11111111"), "{page}");
}

#[test]
fn every_page_renders_with_every_sample() {
    for (name, html) in samples::pages() {
        assert!(html.contains("<html lang=\"") && html.ends_with("</html>"), "{name}");
        assert_eq!(html.matches("<main ").count(), 1, "{name}");
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
    }
}

#[test]
fn no_page_shows_markup_of_a_stranger_as_markup() {
    let mut escaped = 0;
    for (name, html) in samples::pages() {
        for markup in ["<script", "<img", "<b>"] {
            assert!(!html.contains(markup), "{markup} on {name}");
        }
        escaped += html.matches("&#60;script&#62;alert(1)").count();
    }
    assert!(escaped > 20, "the samples are hostile, {escaped}");
}

#[test]
fn no_page_shows_what_people_do_not_see() {
    for (name, html) in samples::pages() {
        for line in html.lines() {
            assert_eq!(legible(line), line, "{name}");
        }
    }
}

#[test]
fn a_page_loads_nothing_from_elsewhere_and_names_its_controls() {
    for (name, html) in samples::pages() {
        // A text may tell people an address, an element may not have one.
        for elsewhere in ["=\"http", "='http", "=http", "=\"//", "url("] {
            assert!(!html.contains(elsewhere), "{elsewhere} on {name}");
        }
        for input in html.split("<input ").skip(1).chain(html.split("<select ").skip(1)) {
            let tag = input.split('>').next().unwrap();
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = tag.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{id} on {name}");
        }
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id twice on {name}");
    }
}

fn rendered(page: &impl Template) -> String {
    page.render().unwrap()
}
