//! Containers, and every way to bend one.

#![expect(clippy::indexing_slicing, reason = "a test that counts wrongly fails")]

use bytes::Bytes;

use super::sample::{Plan, archive, manifest};
use crate::{
    domain::{BestTimeSource, Container, Indication, SubIndication, Timestamp},
    signature::{
        Conditions, Examined, Signed, examine,
        sample::{
            Identity, attached, detached,
            time_stamp::{authority, authority_valid, token},
        },
    },
    trust::{Certificate, TrustStore},
};

const COPY: &[u8] = b"a copy";
const OTHER: &[u8] = b"another copy";
const SIMPLE: &[u8] = b"application/vnd.etsi.asic-s+zip";
const EXTENDED: &[u8] = b"application/vnd.etsi.asic-e+zip";

type Outcome = (Option<Indication>, Option<SubIndication>);
const PASSED: Outcome = (Some(Indication::TotalPassed), None);

fn doubt(sub_indication: SubIndication) -> Outcome {
    (Some(Indication::Indeterminate), Some(sub_indication))
}

fn judge(plans: &[Plan<'_>]) -> Examined {
    let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
    judge_by(plans, &TrustStore::new(vec![certificate]))
}

fn judge_by(plans: &[Plan<'_>], trust: &TrustStore) -> Examined {
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let signed = Signed { content: Some(archive(plans).into()), signatures: Vec::new() };
    examine(&signed, &Conditions::new(trust, at))
}

fn outcome(examined: &Examined) -> Outcome {
    (examined.report().indication, examined.report().sub_indication)
}

fn sign(content: &[u8]) -> Bytes {
    detached(&Identity::new(1), content)
}

/// An `ASiC-E` of these files whose manifest names `named`.
fn extended(files: &[(&str, &[u8])], named: &[(&str, &[u8])]) -> Examined {
    let manifest = manifest("META-INF/signature1.p7s", named);
    let signature = sign(&manifest);
    let mut plans = vec![Plan::new("mimetype", EXTENDED)];
    plans.extend(files.iter().map(|(name, content)| Plan::new(name, content)));
    plans.push(Plan::new("META-INF/ASiCManifest1.xml", &manifest));
    plans.push(Plan::new("META-INF/signature1.p7s", &signature));
    judge(&plans)
}

#[test]
fn judges_the_only_document_of_a_simple_container() {
    let signature = sign(COPY);
    let examined = judge(&[
        Plan::new("mimetype", SIMPLE),
        Plan { deflated: true, ..Plan::new("a.pdf", COPY) },
        Plan::new("META-INF/signature.p7s", &signature),
    ]);
    assert_eq!(outcome(&examined), PASSED);
    let report = examined.report();
    assert_eq!(report.container, Container::AsicS);
    assert_eq!(report.signatures[0].covers, ["a.pdf"]);
    assert!(report.signatures[0].warnings.is_empty());
    assert!(report.not_covered.is_empty());
    assert_eq!(examined.content(), COPY);
}

#[test]
fn judges_all_documents_that_a_manifest_names() {
    let files = [("a.pdf", COPY), ("каталог/б.pdf", OTHER)];
    let examined = extended(&files, &files);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.report().container, Container::AsicE);
    assert_eq!(examined.report().signatures[0].covers, ["a.pdf", "каталог/б.pdf"]);
    // Which of the two would be the document? The container is.
    assert!(examined.content().starts_with(b"PK"));
}

#[test]
fn a_document_that_no_signature_covers_is_told_and_spoils_the_container() {
    let examined = extended(&[("a.pdf", COPY), ("b.pdf", OTHER)], &[("a.pdf", COPY)]);
    assert_eq!(outcome(&examined), doubt(SubIndication::SignedDataNotFound));
    assert_eq!(examined.report().not_covered, ["b.pdf"]);
    assert!(examined.proofs().is_empty());
    let reason = examined.report().signatures[0].reason.as_deref();
    assert_eq!(reason, Some("No signature in the container covers b.pdf."));
}

#[test]
fn a_document_that_is_not_the_one_named_fails() {
    let examined = extended(&[("a.pdf", OTHER)], &[("a.pdf", COPY)]);
    assert_eq!(
        outcome(&examined),
        (Some(Indication::TotalFailed), Some(SubIndication::HashFailure))
    );
    assert_eq!(examined.report().not_covered, ["a.pdf"]);
}

#[test]
fn a_document_that_is_named_and_absent_is_told() {
    let files = [("a.pdf", COPY), ("b.pdf", OTHER)];
    let examined = extended(&files[..1], &files);
    assert_eq!(outcome(&examined), doubt(SubIndication::SignedDataNotFound));
}

#[test]
fn a_signature_that_leaves_a_document_to_another_one_is_in_doubt() {
    let first = manifest("META-INF/signature1.p7s", &[("a.pdf", COPY)]);
    let second = manifest("META-INF/signature2.p7s", &[("b.pdf", OTHER)]);
    let (one, two) = (sign(&first), sign(&second));
    let mut plans = vec![
        Plan::new("mimetype", EXTENDED),
        Plan::new("a.pdf", COPY),
        Plan::new("b.pdf", OTHER),
        Plan::new("META-INF/ASiCManifest1.xml", &first),
        Plan::new("META-INF/ASiCManifest2.xml", &second),
        Plan::new("META-INF/signature1.p7s", &one),
        Plan::new("META-INF/signature2.p7s", &two),
    ];
    let examined = judge(&plans);
    assert_eq!(outcome(&examined), doubt(SubIndication::SignedDataNotFound));
    assert!(examined.proofs().is_empty());
    let reason = examined.report().signatures[0].reason.as_deref();
    let told = "The signature does not cover b.pdf, which is in the container too.";
    assert_eq!(reason, Some(told));
    let signature = plans.pop().unwrap();
    assert_eq!(outcome(&judge(&plans)), doubt(SubIndication::SignedDataNotFound));
    // The signature of one manifest is none of another.
    plans.push(Plan { content: &one, ..signature });
    assert_eq!(outcome(&judge(&plans)).0, Some(Indication::TotalFailed));
}

#[test]
fn a_signature_that_no_manifest_names_is_over_nothing() {
    let signature = sign(COPY);
    for documents in [&["a.pdf", "b.pdf"][..], &[]] {
        let mut plans = vec![Plan::new("META-INF/signature.p7s", &signature)];
        plans.extend(documents.iter().map(|name| Plan::new(name, COPY)));
        assert_eq!(outcome(&judge(&plans)), doubt(SubIndication::SignedDataNotFound));
    }
    let strange = Plan::new("META-INF/signature9.p7s", &signature);
    let examined = judge(&[Plan::new("a.pdf", COPY), strange]);
    assert_eq!(outcome(&examined), doubt(SubIndication::SignedDataNotFound));
}

#[test]
fn a_signature_with_another_content_inside_fails() {
    let signature = attached(&Identity::new(1), OTHER);
    let plans = [Plan::new("a.pdf", COPY), Plan::new("META-INF/signature.p7s", &signature)];
    assert_eq!(
        outcome(&judge(&plans)),
        (Some(Indication::TotalFailed), Some(SubIndication::HashFailure))
    );
}

#[test]
fn names_what_is_not_supported() {
    let xades = Plan::new("META-INF/signatures.xml", b"<a/>");
    let stamp = Plan::new("META-INF/timestamp.tst", b"0");
    for (plan, reason) in [
        (xades, "META-INF/signatures.xml is an XAdES signature, which is not supported"),
        (stamp, "The container has a time-stamp and no signature"),
        (Plan::new("mimetype", SIMPLE), "The container has no signature"),
    ] {
        let examined = judge(&[Plan::new("a.pdf", COPY), plan]);
        assert_eq!(outcome(&examined), doubt(SubIndication::FormatFailure));
        let told = examined.report().signatures[0].reason.clone().unwrap();
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn an_unusual_media_type_is_told_and_decides_nothing() {
    let signature = sign(COPY);
    let document = Plan::new("a.pdf", COPY);
    let signature = Plan::new("META-INF/signature.p7s", &signature);
    let media_type = Plan::new("mimetype", SIMPLE);
    for plans in [
        vec![document.clone(), signature.clone()],
        vec![document.clone(), signature.clone(), media_type.clone()],
        vec![Plan { deflated: true, ..media_type }, document.clone(), signature.clone()],
        vec![Plan::new("mimetype", EXTENDED), document, signature],
    ] {
        let examined = judge(&plans);
        assert_eq!(outcome(&examined), PASSED);
        assert_eq!(examined.report().signatures[0].warnings.len(), 1);
    }
}

#[test]
fn what_else_lies_in_the_meta_folder_is_named() {
    let signature = sign(COPY);
    let examined = judge(&[
        Plan::new("a.pdf", COPY),
        Plan::new("META-INF/signature.p7s", &signature),
        Plan::new("META-INF/manifest.xml", b"<m/>"),
    ]);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.report().not_covered, ["META-INF/manifest.xml"]);
}

/// ETSI EN 319 162-1 annex A.7: an archive manifest names what its time-stamp is over, the older
/// time-stamps and their manifests with it.
#[test]
fn an_archive_time_stamp_vouches_for_no_other_that_its_manifest_does_not_name() {
    let ended = authority_valid(7, [b"240101000000Z", b"260815000000Z"]);
    let lasting = authority(8);
    let parse = |one: &Identity| Certificate::parse(&one.certificate).unwrap();
    let trust = TrustStore::new([&Identity::new(1), &ended, &lasting].map(parse).to_vec());
    let main = manifest("META-INF/signature1.p7s", &[("a.pdf", COPY)]);
    let signature = sign(&main);
    let over_signature = ("META-INF/signature1.p7s", &signature[..]);
    // By an authority that ended on 2026-08-15, or by whoever has its key.
    let inner = manifest("META-INF/inner.tst", &[over_signature]);
    let inner_token = token(&ended, &inner, "20250101100000Z");
    let inner_files = [
        ("META-INF/ASiCArchiveManifest1.xml", &inner[..]),
        ("META-INF/inner.tst", &inner_token[..]),
    ];
    let other: (&str, &[u8]) = ("META-INF/inner.tst", OTHER);
    let by = |moment: &str, source| (moment.parse::<Timestamp>().unwrap(), source);
    let receipt = by("2026-09-01T10:00:05Z", BestTimeSource::Receipt);
    let archived = |moment: &str| by(moment, BestTimeSource::ArchiveTimestamp);
    let (outer, both) = (archived("2026-08-14T10:00:00Z"), archived("2025-01-01T10:00:00Z"));
    let [inner_manifest, inner_stamp] = inner_files;
    let document = ("a.pdf", COPY);
    for (what, named, due) in [
        ("there is no other", None, receipt),
        ("the signature alone", Some(vec![over_signature]), outer),
        ("others instead", Some(vec![over_signature, document]), outer),
        ("the token alone", Some(vec![over_signature, inner_stamp, document]), outer),
        ("the manifest alone", Some(vec![over_signature, inner_manifest, document]), outer),
        ("another token", Some(vec![over_signature, inner_manifest, other]), outer),
        ("both", Some(vec![over_signature, inner_manifest, inner_stamp]), both),
    ] {
        let outer = named.map(|named| manifest("META-INF/outer.tst", &named));
        let outer_token = outer.as_ref().map(|outer| token(&lasting, outer, "20260814100000Z"));
        let mut plans = vec![
            Plan::new("mimetype", EXTENDED),
            Plan::new("a.pdf", COPY),
            Plan::new("META-INF/ASiCManifest1.xml", &main),
            Plan::new("META-INF/signature1.p7s", &signature),
        ];
        plans.extend(inner_files.map(|(name, content)| Plan::new(name, content)));
        if let (Some(outer), Some(token)) = (&outer, &outer_token) {
            plans.push(Plan::new("META-INF/ASiCArchiveManifest2.xml", outer));
            plans.push(Plan::new("META-INF/outer.tst", token));
        }
        let examined = judge_by(&plans, &trust);
        let report = &examined.report().signatures[0];
        let found = (report.best_time, report.best_time_source);
        assert_eq!(found, due, "{what}: {:#?}", report.timestamps);
        assert_eq!(outcome(&examined), PASSED, "{what}");
    }
}
