use proptest::{prelude::*, sample::select};

use super::*;

const CODES: [&str; 6] =
    ["u-id", "internal-passport", "foreign-passport", "pension-card", "driver-license", "unknown"];

fn forms() -> impl Strategy<Value = Result<DocumentForm, NotADocument>> {
    let instead = select(&NotADocument::ALL).prop_map(Err);
    prop_oneof![6 => Just(Ok(DocumentForm::Pdf)), 1 => select(&DocumentForm::ALL).prop_map(Ok), 1 => instead]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    // What a content is follows from its bytes.
    let one = (select(&CODES), select(&WORTHS), forms()).prop_map(|(code, worth, form)| {
        let content = format!("{code} {worth:?} {form:?}");
        let sample = sample(code, worth);
        let proof = sample.proofs.first();
        let proofs = proof.map(|_| Proof::sample(0, b"signer", content.as_bytes()));
        Sample {
            form,
            content: Some(Sha256::of(content.as_bytes())),
            proofs: proofs.into_iter().collect(),
            ..sample
        }
    });
    proptest::collection::vec(one, 1..6)
}

fn branches() -> impl Strategy<Value = Branch> {
    let lists = [
        "[\"u-id\"]",
        "[\"passport\"]",
        "[\"u-id\", \"passport\"]",
        "[\"u-id\", { type = \"pension-card\", optional = true }]",
        "[\"driver-license\", \"pension-card\"]",
    ];
    let signers = ["anchors", "seal", "person", "seal-or-person"];
    let images = ["", "accept_images = [\"jpeg\"]", "accept_images = [\"png\", \"jpeg\"]"];
    let service =
        (select(lists.to_vec()), select(signers.to_vec()), any::<bool>(), select(images.to_vec()));
    proptest::collection::vec(service, 1..4).prop_map(|services| {
        let rows: Vec<_> = services
            .into_iter()
            .enumerate()
            .map(|(number, (list, signers, fresh, images))| {
                let more = format!("signers = \"{signers}\"\nrequire_fresh = {fresh}\n{images}");
                (format!("s{number}"), list, more)
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(|(id, list, more)| (&**id, *list, &**more)).collect();
        branch(&rows)
    })
}

fn accepts(policy: &SignerPolicy, sample: &Sample) -> bool {
    let Some(signature) = sample.report.signatures.first() else { return false };
    let is_person = signature.signer.kind == Some(SignerKind::Person);
    let id = signature.signer.organisation_id.as_ref();
    let is_issuers = id.is_some_and(|id| issuers().has(id));
    match policy {
        SignerPolicy::Anchors => true,
        SignerPolicy::Seal => is_issuers,
        SignerPolicy::Person => is_person,
        SignerPolicy::SealOrPerson => is_issuers || is_person,
        SignerPolicy::Pinned(_) => false,
    }
}

proptest! {
    #[test]
    fn a_further_failed_signature_never_improves_the_verdict(
        branch in branches(),
        before in samples(),
        code in select(&CODES),
        place in any::<proptest::sample::Index>(),
    ) {
        let mut after = before.clone();
        after.insert(place.index(before.len() + 1), sample(code, Worth::Forged));
        let verdict_before = decide(&branch, None, &before, Vec::new()).verdict;
        let decision = decide(&branch, None, &after, Vec::new());
        prop_assert!(decision.verdict <= verdict_before);
        let asked_for = decision
            .service
            .is_some_and(|service| service.requirement(&code.parse().unwrap()).is_some());
        prop_assert!(!asked_for || decision.verdict == Verdict::Invalid);
    }

    #[test]
    fn verified_means_that_all_that_is_asked_for_is_there_and_genuine(
        branch in branches(),
        samples in samples(),
    ) {
        let decision = decide(&branch, None, &samples, Vec::new());
        if decision.verdict == Verdict::Verified {
            let service = decision.service.unwrap();
            for requirement in service.documents.iter().filter(|r| !r.optional) {
                prop_assert!(samples.iter().any(|sample| requirement.accepts(&sample.type_code)));
            }
            for sample in &samples {
                let asked_for = service.requirement(&sample.type_code).is_some();
                let passed = sample.report.indication == Some(Indication::TotalPassed);
                let policy = service.accepted_signers(false).policy;
                let is_document = sample.form.is_ok_and(|form| service.accept_images.accept(form));
                let counts = passed && accepts(policy, sample) && is_document;
                prop_assert!(!asked_for || counts);
            }
            prop_assert!(decision.findings.iter().all(|f| f.severity < Severity::Error));
        } else {
            prop_assert!(decision.findings.iter().any(|f| f.severity == Severity::Error));
        }
    }

    #[test]
    fn the_order_of_the_documents_does_not_matter(
        branch in branches(),
        samples in samples(),
    ) {
        let reversed: Vec<_> = samples.iter().rev().cloned().collect();
        let one = decide(&branch, None, &samples, Vec::new());
        let other = decide(&branch, None, &reversed, Vec::new());
        prop_assert_eq!((one.verdict, one.assurance), (other.verdict, other.assurance));
        prop_assert_eq!(one.service, other.service);
    }
}
