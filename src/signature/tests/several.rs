//! Several signers, signature files and layers of one document, and the work that they share.

use super::*;
use crate::signature::Proof;

#[test]
fn the_worst_of_several_signers_decides() {
    let (right, unknown) = (Identity::new(1), Identity::new(2));
    let signers =
        [&right, &unknown].map(|identity| SignerPlan::new(identity, CONTENT).write(CONTENT));
    let file = FilePlan::new(Some(CONTENT), &[&right, &unknown], &signers);
    let examined = judge(None, &[file.write()], &trust(&[&right]));
    assert_eq!(outcome(&examined).0, Indication::Indeterminate);
    assert_eq!(examined.proofs().len(), 1);

    let forged = SignerPlan::new(&right, b"something else").write(CONTENT);
    let file = FilePlan::new(
        Some(CONTENT),
        &[&right, &unknown],
        &[signers.to_vec(), vec![forged]].concat(),
    );
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&right, &unknown]))), BAD_HASH);
}

#[test]
fn signatures_inside_signatures_are_opened_and_all_reported() {
    let (inner, outer) = (Identity::new(1), Identity::new(2));
    let nested = attached(&outer, &attached(&inner, CONTENT));
    let both = trust(&[&inner, &outer]);
    let examined = judge(None, std::slice::from_ref(&nested), &both);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    assert_eq!(examined.report().signatures.len(), 2);
    assert_eq!(outcome(&judge(Some(CONTENT), std::slice::from_ref(&nested), &both)), PASSED);
    assert_eq!(outcome(&judge(Some(b"other"), std::slice::from_ref(&nested), &both)), BAD_HASH);
    // A trusted seal around somebody's signature does not make that one trusted, nor the reverse.
    for trust in [trust(&[&inner]), trust(&[&outer])] {
        let examined = judge(None, std::slice::from_ref(&nested), &trust);
        assert_eq!(outcome(&examined).0, Indication::Indeterminate);
    }
    let deepest = attached(&outer, &nested);
    assert_eq!(outcome(&judge(None, std::slice::from_ref(&deepest), &both)), PASSED);
    assert_eq!(outcome(&judge(None, &[attached(&outer, &deepest)], &both)), OVER_LIMIT);
}

#[test]
fn a_detached_signature_may_be_over_another_signature_file() {
    let (first, second) = (Identity::new(1), Identity::new(2));
    let file = attached(&first, CONTENT);
    let over = detached(&second, &file);
    let trust = trust(&[&first, &second]);
    let examined = judge(None, &[file.clone(), over.clone()], &trust);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    let examined = judge(Some(&file), &[over], &trust);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    assert_eq!(examined.report().signatures.len(), 2);
}

#[test]
fn signature_files_of_one_document_carry_one_content() {
    let identity = Identity::new(1);
    let files = [attached(&identity, CONTENT), attached(&identity, b"%PDF-1.7 other")];
    assert_eq!(outcome(&judge(None, &files, &trust(&[&identity]))), BAD_HASH);
}

#[test]
fn many_signers_with_many_certificates_share_the_work_of_one_document() {
    // Sixteen signers, and for each four certificates of one name that it may mean, no two alike.
    let identities: Vec<Identity> = (1..=64).map(Identity::new).collect();
    let signers: Vec<Vec<u8>> = identities
        .iter()
        .take(16)
        .map(|identity| SignerPlan::new(identity, CONTENT).write(CONTENT))
        .collect();
    let all: Vec<&Identity> = identities.iter().collect();
    let file = FilePlan::new(Some(CONTENT), &all, &signers).write();
    // The first is right and known; each of the others has 63 keys that might have issued it.
    let trusted = trust(&all[..1]);
    let signed = Signed { content: None, signatures: vec![file] };
    let conditions = Conditions::new(&trusted, at());
    let examined = examine(&signed, &conditions);
    assert_eq!(examined.report().signatures.len(), 16);
    assert!(!examined.is_over_budget());

    let limits = Limits { key_checks: 100, ..Limits::default() };
    let examined = examine(&signed, &Conditions { limits, ..conditions });
    assert_eq!(examined.over_budget(), Some(Resource::KeyChecks));
    assert_eq!(outcome(&examined), BAD_FORMAT);
    assert!(examined.proofs().is_empty());
}

#[test]
fn documents_that_came_together_share_the_work() {
    let identity = Identity::new(1);
    let limits = Limits { key_checks: 2, ..Limits::default() };
    let budget = Budget::new(&limits);
    let trust = trust(&[&identity]);
    let conditions = Conditions { limits, budget: Some(&budget), ..Conditions::new(&trust, at()) };
    let signed = Signed { content: None, signatures: vec![attached(&identity, CONTENT)] };
    for _ in 0..2 {
        let examined = examine(&signed, &conditions);
        assert_eq!(outcome(&examined), PASSED);
        assert!(!examined.is_over_budget());
    }
    let third = examine(&signed, &conditions);
    assert_eq!(outcome(&third), BAD_FORMAT);
    assert_eq!(third.over_budget(), Some(Resource::KeyChecks));
    assert_eq!(third.proofs(), []);
}

#[test]
fn too_many_signature_files_are_refused() {
    let identity = Identity::new(1);
    let files = vec![detached(&identity, CONTENT); 17];
    let examined = judge(Some(CONTENT), &files, &trust(&[&identity]));
    assert_eq!(outcome(&examined), OVER_LIMIT);
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    assert!(SignedData::parse(&attached(&identity, CONTENT), &limits).is_err());
}

/// One that is not judged may be the one that speaks against the copy.
#[test]
fn beside_a_signature_that_a_limit_leaves_out_none_proves_the_document() {
    let identity = Identity::new(1);
    let right = detached(&identity, CONTENT);
    let signer = SignerPlan::new(&identity, CONTENT).write(CONTENT);
    let signers = |count: usize| FilePlan::new(None, &[&identity], &vec![signer.clone(); count]);
    let many_certificates =
        FilePlan::new(None, &[&identity; 65], std::slice::from_ref(&signer)).write();
    for (what, files, is_proved) in [
        ("one", vec![right.clone()], true),
        ("sixteen signers", vec![signers(16).write()], true),
        ("seventeen signers", vec![signers(17).write()], false),
        ("signers in two files", vec![signers(16).write(), right.clone()], false),
        ("seventeen files", vec![right.clone(); 17], false),
        ("certificates", vec![right.clone(), many_certificates], false),
        ("what is no signature", vec![right, b"no signature".as_slice().into()], true),
    ] {
        let examined = judge(Some(CONTENT), &files, &trust(&[&identity]));
        let proofs: Vec<bool> = examined.proofs().iter().map(Proof::covers_document).collect();
        assert_eq!(proofs.contains(&true), is_proved, "{what}");
        assert!(proofs.iter().all(|covers| *covers == is_proved), "{what}");
    }
}
