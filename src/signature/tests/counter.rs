//! Signatures over signatures.

use super::*;

const COUNTER_SIGNATURE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x06];

/// The signature value that a `SignerInfo` ends with.
fn value_of(signer: &[u8]) -> Vec<u8> {
    let plain = crate::asn1::Element::only(signer).unwrap();
    let mut fields = plain.inside().unwrap();
    let mut value = Vec::new();
    while !fields.is_finished() {
        let field = fields.next().unwrap();
        if field.tag == der::Tag::OctetString {
            value = field.value.to_vec();
        }
    }
    value
}

/// A right counter-signature over a `SignerInfo`.
fn over(signer: &[u8], identity: &Identity) -> Vec<u8> {
    counter(signer, identity, |_| {}).write(&value_of(signer))
}

fn counter<'a>(
    signer: &[u8],
    identity: &'a Identity,
    bend: impl FnOnce(&mut SignerPlan<'_>),
) -> SignerPlan<'a> {
    let mut plan = SignerPlan::new(identity, &value_of(signer));
    plan.attributes.as_mut().unwrap().remove(place::CONTENT_TYPE);
    bend(&mut plan);
    plan
}

fn attribute_of(signatures: &[Vec<u8>]) -> Vec<u8> {
    let values: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    attribute(COUNTER_SIGNATURE, &values)
}

/// Judges a document's signature with these counter-signatures; the file has `certificates`.
fn judge_countered(
    countered: impl FnOnce(&[u8]) -> Vec<u8>,
    certificates: &[&Identity],
    trusted: &[&Identity],
) -> SignatureReport {
    let signer = Identity::new(1);
    let mut plan = SignerPlan::new(&signer, CONTENT);
    let attribute = countered(&plan.write(CONTENT));
    plan.unsigned = Some(vec![attribute]);
    let all = [&[&signer], certificates].concat();
    let file = FilePlan::new(Some(CONTENT), &all, &[plan.write(CONTENT)]);
    let examined = judge(None, &[file.write()], &trust(&[&[&signer], trusted].concat()));
    assert_eq!(outcome(&examined), PASSED, "{:?}", only(&examined).reason);
    assert_eq!(examined.proofs().len(), 1);
    only(&examined).clone()
}

fn outcomes(reports: &[SignatureReport]) -> Vec<Outcome> {
    reports.iter().map(|report| (report.indication, report.sub_indication)).collect()
}

#[test]
fn a_counter_signature_is_over_the_signature_value_and_judged_by_itself() {
    let (notary, stranger) = (Identity::new(2), Identity::new(3));
    let report = judge_countered(
        |signer| {
            let wrong = SignerPlan::new(&notary, b"another value").write(b"another value");
            attribute_of(&[over(signer, &notary), over(signer, &stranger), wrong])
        },
        &[&notary, &stranger],
        &[&notary],
    );
    let unknown = (Indication::Indeterminate, Some(SubIndication::NoCertificateChainFound));
    assert_eq!(outcomes(&report.counter_signatures), [PASSED, unknown, BAD_HASH]);
    assert_eq!(report.counter_signatures[0].level, Level::CadesBes);
    assert!(report.counter_signatures[0].warnings.is_empty());
}

#[test]
fn its_certificate_is_in_the_file_or_among_the_trusted() {
    let notary = Identity::new(2);
    for (certificates, trusted, expected) in [
        (&[&notary][..], &[&notary][..], PASSED),
        (&[], &[&notary], PASSED),
        (&[], &[], NO_CERTIFICATE),
    ] {
        let report =
            judge_countered(|signer| attribute_of(&[over(signer, &notary)]), certificates, trusted);
        assert_eq!(outcomes(&report.counter_signatures), [expected]);
    }
}

#[test]
fn it_has_a_digest_and_no_content_type() {
    type Bend = fn(&mut SignerPlan<'_>);
    let notary = Identity::new(2);
    let cases: [(&str, Bend, Outcome, Option<WarningCode>); 4] = [
        (
            "a content-type",
            |plan| push(plan, attribute(CONTENT_TYPE, &[&oid(DATA)])),
            PASSED,
            Some(WarningCode::Tolerated),
        ),
        (
            "no message-digest",
            |plan| drop(plan.attributes.as_mut().unwrap().pop()),
            BAD_FORMAT,
            None,
        ),
        (
            "no attributes",
            |plan| plan.attributes = None,
            PASSED,
            Some(WarningCode::NoSignedAttributes),
        ),
        ("version 3", |plan| plan.version = 3, CONSTRAINTS, None),
    ];
    for (name, bend, expected, warning) in cases {
        let report = judge_countered(
            |signer| {
                let plan = counter(signer, &notary, bend);
                attribute_of(&[plan.write(&value_of(signer))])
            },
            &[&notary],
            &[&notary],
        );
        let [counter] = report.counter_signatures.as_slice() else { panic!() };
        assert_eq!((counter.indication, counter.sub_indication), expected, "{name}");
        if let Some(code) = warning {
            assert!(counter.warnings.iter().any(|told| told.code == code), "{name}");
        }
    }
}

#[test]
fn those_over_each_other_and_their_number_are_bounded() {
    let notary = Identity::new(2);
    let nested = |signer: &[u8], depth: usize| {
        let mut values = vec![value_of(signer)];
        let mut plans = Vec::new();
        for _ in 0..depth {
            let plan = SignerPlan::new(&notary, values.last().unwrap());
            values.push(value_of(&plan.write(values.last().unwrap())));
            plans.push(plan);
        }
        let mut inner: Option<Vec<u8>> = None;
        for (mut plan, value) in plans.into_iter().zip(values).rev() {
            plan.unsigned = inner.map(|signature| vec![attribute_of(&[signature])]);
            inner = Some(plan.write(&value));
        }
        attribute_of(&[inner.unwrap()])
    };
    let report = judge_countered(|signer| nested(signer, 3), &[&notary], &[&notary]);
    let first = &report.counter_signatures[0];
    let second = &first.counter_signatures[0];
    assert_eq!(outcomes(&[first.clone(), second.clone()]), [PASSED, PASSED]);
    assert_eq!(outcomes(&second.counter_signatures), [OVER_LIMIT]);
    let told = second.counter_signatures[0].reason.as_ref().unwrap();
    assert!(told.contains("more than 2 counter-signatures over each other"), "{told}");

    let many = |signer: &[u8]| attribute_of(&vec![over(signer, &notary); 20]);
    let report = judge_countered(many, &[&notary], &[&notary]);
    assert_eq!(report.counter_signatures.len(), 17);
    assert_eq!(outcomes(&report.counter_signatures)[16], OVER_LIMIT);
}

#[test]
fn what_is_no_counter_signature_changes_nothing() {
    let report = judge_countered(|_| attribute_of(&[sequence(&[])]), &[], &[]);
    assert_eq!(outcomes(&report.counter_signatures), [BAD_FORMAT]);
}
