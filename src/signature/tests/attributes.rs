//! Signed and unsigned attributes (RFC 5652 §5.3 and §11): what they have to be.

use super::*;

#[test]
fn signed_attributes_are_what_the_standards_ask_for() {
    let other = Identity::new(9);
    let digest = || digest_of(CONTENT);
    let twice = tlv(0x04, &[&[0; 64]]);
    let cases: Vec<(&str, BendSigner<'_>, Outcome)> = vec![
        ("message-digest twice", Box::new(|plan| push(plan, digest())), BAD_FORMAT),
        (
            "two values of message-digest",
            Box::new(|plan| {
                replace(plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[&twice, &twice]));
            }),
            BAD_FORMAT,
        ),
        (
            "message-digest without a value",
            Box::new(|plan| replace(plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[]))),
            BAD_FORMAT,
        ),
        (
            "no message-digest",
            Box::new(|plan| drop(plan.attributes.as_mut().unwrap().remove(place::DIGEST))),
            BAD_FORMAT,
        ),
        (
            "no content-type",
            Box::new(|plan| drop(plan.attributes.as_mut().unwrap().remove(place::CONTENT_TYPE))),
            BAD_FORMAT,
        ),
        (
            "another content-type",
            Box::new(|plan| {
                replace(plan, place::CONTENT_TYPE, attribute(CONTENT_TYPE, &[&oid(SIGNED_DATA)]));
            }),
            BAD_FORMAT,
        ),
        (
            "signing-time twice",
            Box::new(|plan| {
                push(plan, attribute(SIGNING_TIME, &[&tlv(0x17, &[b"260901100000Z"])]));
            }),
            BAD_FORMAT,
        ),
        (
            "an unknown attribute twice",
            Box::new(|plan| {
                push(plan, attribute(&[0x2a, 3], &[&[5, 0]]));
                push(plan, attribute(&[0x2a, 3], &[&[5, 0]]));
            }),
            BAD_FORMAT,
        ),
        (
            "an unknown attribute",
            Box::new(|plan| push(plan, attribute(&[0x2a, 3], &[&[5, 0]]))),
            PASSED,
        ),
        (
            "another certificate",
            Box::new(|plan| {
                replace(plan, place::REFERENCE, Identity::reference_to(&other.certificate));
            }),
            NO_CERTIFICATE,
        ),
        ("no attribute at all", Box::new(|plan| plan.attributes = Some(Vec::new())), BAD_FORMAT),
        (
            "too many attributes",
            Box::new(|plan| {
                for number in 0..64 {
                    push(plan, attribute(&[0x2a, 4, number], &[&[5, 0]]));
                }
            }),
            OVER_LIMIT,
        ),
        (
            "too long attributes",
            Box::new(|plan| push(plan, attribute(&[0x2a, 3], &[&tlv(0x04, &[&[0; 70_000]])]))),
            OVER_LIMIT,
        ),
    ];
    for (name, bend, expected) in cases {
        let examined = judge_bent(bend);
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
    }
}

/// A program that writes no attributes signs the bytes of a file as another signs its attributes.
#[test]
fn attributes_in_which_other_programs_find_a_document_prove_nothing() {
    const UNKNOWN: &[u8] = &[0x2a, 3];
    const CONTENT_HINTS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 4];
    const POLICY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 15];
    const MIME_TYPE: &[u8] = &[4, 0, 0x8d, 0x45, 2, 1];
    const SIGNER_ATTRIBUTES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 18];
    const REVOCATION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 1, 1, 8];
    let (texts, known) =
        ([UNKNOWN, CONTENT_HINTS, MIME_TYPE], [POLICY, SIGNER_ATTRIBUTES, REVOCATION]);
    let all = texts.iter().chain(&known).copied();
    // What it holds, whether that is a document where any bytes may stand, and where texts do.
    for (value, is_document, is_tag) in [
        ("%PDF-1.7", true, true),
        ("<html><body><h1>HARMLESS</h1><script>/*", true, true),
        ("<H1>HARMLESS<!--", true, true),
        ("<x style='position:fixed'>HARMLESS", true, true),
        ("<x onfocus='a()' autofocus tabindex=1>", true, true),
        ("PK\x05\x06", true, true),
        ("<p>HARMLESS", false, true),
        ("</x>", false, true),
        ("<?x", false, true),
        ("text/plain; charset=utf-8", false, false),
        ("a < b and b > c", false, false),
        ("A text of sixty letters, of which the length is a bracket...", false, false),
        ("HARMLESS", false, false),
    ] {
        for id in all.clone() {
            for tag in [0x04, 0x0c, 0x80] {
                let primitive = tlv(tag, &[value.as_bytes()]);
                let is_number = tag == 0x04;
                let within = sequence(&[&[5, 0], &primitive]);
                for (held, is_structure) in [(primitive, false), (within, true)] {
                    let examined = judge_bent(|plan| push(plan, attribute(id, &[&held])));
                    // What is made of digests, keys and certificates holds texts in strings.
                    let may_be_text = texts.contains(&id) || !is_structure || !is_number;
                    let is_doubted = is_document || is_tag && may_be_text;
                    let due = if is_doubted { CONSTRAINTS } else { PASSED };
                    assert_eq!(outcome(&examined), due, "{value} in {id:x?} as {tag:x}");
                }
            }
        }
    }
    let page = tlv(0x0c, &[b"<h1>HARMLESS</h1><plaintext hidden>"]);
    let time = judge_bent(|plan| {
        replace(plan, place::SIGNING_TIME, attribute(SIGNING_TIME, &[&page]));
    });
    assert_eq!(outcome(&time), CONSTRAINTS);
}

#[test]
fn protected_algorithms_are_those_that_were_used() {
    let protection = |digest: &[u8], signature: &[u8]| {
        let signature = tlv(0xa1, &[&oid(signature)]);
        attribute(ALGORITHM_PROTECTION, &[&sequence(&[&algorithm(digest), &signature])])
    };
    for (digest, signature, expected) in
        [(SHA512, ED25519, PASSED), (SHA256, ED25519, BAD_FORMAT), (SHA512, SHA256, BAD_FORMAT)]
    {
        let examined = judge_bent(|plan| push(plan, protection(digest, signature)));
        assert_eq!(outcome(&examined), expected, "{:?}", only(&examined).reason);
    }
}

#[test]
fn fields_outside_the_signature_value_have_one_right_form() {
    let null = [5, 0];
    let with_null = sequence(&[&oid(SHA512), &null]);
    let with_text = sequence(&[&oid(SHA512), &tlv(0x04, &[])]);
    let cases: Vec<(&str, BendFile<'_>, Outcome)> = vec![
        ("version 3", Box::new(|file| file.version = 3), CONSTRAINTS),
        ("version 0", Box::new(|file| file.version = 0), CONSTRAINTS),
        ("no digest algorithms", Box::new(|file| file.digest_algorithms.clear()), CONSTRAINTS),
        (
            "another digest algorithm",
            Box::new(|file| file.digest_algorithms = vec![algorithm(SHA256)]),
            CONSTRAINTS,
        ),
        ("NULL parameters", Box::new(|file| file.digest_algorithms = vec![with_null]), PASSED),
        ("other parameters", Box::new(|file| file.digest_algorithms = vec![with_text]), BAD_FORMAT),
        ("no certificate", Box::new(|file| file.certificates.clear()), PASSED),
        (
            "a certificate that cannot be read",
            Box::new(|file| file.certificates.push(sequence(&[&[5, 0]]))),
            PASSED,
        ),
        (
            "only a certificate that cannot be read",
            Box::new(|file| file.certificates = vec![sequence(&[&[5, 0]])]),
            NO_CERTIFICATE,
        ),
        ("something else", Box::new(|file| file.certificates.push(vec![5, 0])), BAD_FORMAT),
        (
            "too many certificates",
            Box::new(|file| file.certificates = vec![file.certificates[0].clone(); 65]),
            OVER_LIMIT,
        ),
        ("no signer", Box::new(|file| file.signers.clear()), BAD_FORMAT),
        (
            "too many signers",
            Box::new(|file| file.signers = vec![file.signers[0].clone(); 17]),
            OVER_LIMIT,
        ),
        (
            "the same signer twice",
            Box::new(|file| file.signers.push(file.signers[0].clone())),
            PASSED,
        ),
    ];
    for (name, bend, expected) in cases {
        let examined = judge_file(bend);
        assert_eq!(outcome(&examined), expected, "{name}: {:#?}", examined.report());
    }
}

#[test]
fn attributes_out_of_order_pass_with_a_warning_when_the_bytes_are_what_was_signed() {
    let examined = judge_bent(|plan| plan.attributes.as_mut().unwrap().reverse());
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(only(&examined).warnings[0].code, WarningCode::UnsortedAttributes);
}

#[test]
fn a_signature_without_attributes_is_over_the_content_itself() {
    let examined = judge_bent(|plan| plan.attributes = None);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(only(&examined).level, Level::Cms);
    assert!(!only(&examined).warnings.is_empty());
}

/// The attributes of a genuine signature are shown as a document of their own.
#[test]
fn signed_attributes_cannot_be_passed_off_as_a_document() {
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    let attributes = plan.attributes.take().unwrap();
    let forged = set(&attributes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let file = FilePlan::new(Some(&forged), &[&identity], &[plan.write(&forged)]);
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&identity]))), CONSTRAINTS);
}

#[test]
fn unsigned_values_are_counted_over_all_attributes() {
    let identity = Identity::new(1);
    let values = |number: u8, value: &[u8]| {
        attribute(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, number], &[value, value])
    };
    let certificates = sequence(&[&identity.certificate.repeat(40)]);
    let answers = sequence(&[&tlv(0xa1, &[&sequence(&[&sequence(&[]).repeat(40)])])]);
    for (attribute, words) in [
        (values(23, &certificates), "more than 64 certificate values"),
        (values(24, &answers), "more than 64 revocation values"),
    ] {
        let mut plan = SignerPlan::new(&identity, CONTENT);
        plan.unsigned = Some(vec![attribute]);
        let file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]).write();
        let examined = judge(None, &[file], &trust(&[&identity]));
        assert_eq!(outcome(&examined), OVER_LIMIT);
        let reason = only(&examined).reason.clone().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
}
