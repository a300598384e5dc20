//! Levels, by what stands in a signature.

use super::*;

/// `id-aa` of PKCS #9, with its last arc left out.
fn id(last: u8) -> Vec<u8> {
    vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, last]
}

const ARCHIVE_V3: &[u8] = &[0x04, 0x00, 0x8d, 0x45, 0x02, 0x04];

fn some(id: &[u8]) -> Vec<u8> {
    attribute(id, &[&sequence(&[])])
}

/// Something built as a revocation list begins.
fn list() -> Vec<u8> {
    let moment = tlv(0x17, &[b"260901100000Z"]);
    sequence(&[&sequence(&[&sequence(&[]), &sequence(&[]), &moment])])
}

fn revocation_values() -> Vec<u8> {
    let lists = tlv(0xa0, &[&sequence(&[&list()])]);
    let answers = tlv(0xa1, &[&sequence(&[&sequence(&[])])]);
    attribute(&id(24), &[&sequence(&[&lists, &answers])])
}

fn certificate_values() -> Vec<u8> {
    attribute(&id(23), &[&sequence(&[&Identity::new(7).certificate])])
}

#[test]
fn a_level_is_told_by_what_stands_there() {
    let stamp = || some(&id(14));
    let references = || vec![stamp(), some(&id(21)), some(&id(22))];
    let with = |more: &[Vec<u8>]| [references(), more.to_vec()].concat();
    for (name, unsigned, level) in [
        ("nothing", vec![], Level::CadesBes),
        ("signature time-stamp", vec![stamp()], Level::CadesT),
        ("one kind of references", vec![stamp(), some(&id(21))], Level::CadesT),
        ("references", references(), Level::CadesC),
        ("references without a time-stamp", references().split_off(1), Level::CadesBes),
        ("time-stamp over all", with(&[some(&id(25))]), Level::CadesX),
        ("time-stamp over references", with(&[some(&id(26))]), Level::CadesX),
        ("values", with(&[certificate_values(), revocation_values()]), Level::CadesXLong),
        (
            "values without references",
            vec![stamp(), certificate_values(), revocation_values()],
            Level::CadesXLong,
        ),
        ("certificate values alone", with(&[certificate_values()]), Level::CadesC),
        ("archive time-stamp", vec![stamp(), some(&id(27))], Level::CadesA),
        ("archive time-stamp v2", vec![stamp(), some(&id(48))], Level::CadesA),
        ("archive time-stamp v3", with(&[some(ARCHIVE_V3)]), Level::CadesA),
    ] {
        let examined = judge_bent(|plan| plan.unsigned = Some(unsigned));
        assert_eq!(only(&examined).level, level, "{name}: {:?}", only(&examined).reason);
        assert_eq!(outcome(&examined), PASSED, "{name}: {:?}", only(&examined).reason);
    }
}

#[test]
fn without_a_reference_to_the_certificate_it_is_no_cades() {
    let examined = judge_bent(|plan| {
        plan.attributes.as_mut().unwrap().remove(place::REFERENCE);
        plan.unsigned = Some(vec![some(&id(14)), some(&id(27))]);
    });
    assert_eq!(only(&examined).level, Level::Cms);
}

#[test]
fn revocation_data_is_kept_from_wherever_it_stands() {
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    plan.unsigned = Some(vec![some(&id(14)), revocation_values(), certificate_values()]);
    let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
    let ocsp = |format: &[u8]| tlv(0xa1, &[&oid(format), &sequence(&[&tlv(2, &[&[9]])])]);
    file.version = 5;
    file.crls = vec![
        list(),
        ocsp(&[0x2b, 6, 1, 5, 5, 7, 0x10, 2]),
        ocsp(&[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]),
        ocsp(&[0x2a, 3]),
    ];
    let bytes = file.write();
    let read = SignedData::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.crls(), [list()]);
    assert_eq!(read.ocsp_responses(), vec![sequence(&[&tlv(2, &[&[9]])]); 2]);
    let unsigned = read.signers[0].unsigned_attributes.as_ref().unwrap();
    assert_eq!(unsigned.revocation_values.crls, [list()]);
    assert_eq!(unsigned.revocation_values.ocsp, [sequence(&[])]);
    assert_eq!(unsigned.certificate_values.len(), 1);
    let positions: Vec<usize> = unsigned.time_stamps.iter().map(|stamp| stamp.position).collect();
    assert_eq!(positions, [0]);

    // What archive time-stamps are over is what stands in the file, byte for byte.
    let parts = &read.raw;
    let fields =
        [&parts.certificates_field, &parts.crls_field].map(|field| field.as_ref().unwrap());
    let inside = [&parts.certificates, &parts.crls].map(|all| all.concat());
    for (field, inside) in fields.into_iter().zip(inside) {
        assert!(field.ends_with(&inside));
    }
    let signer = &read.signers[0].raw;
    let written = [
        &signer.version,
        &signer.id,
        &signer.digest_algorithm,
        signer.signed_attributes.as_ref().unwrap(),
        &signer.signature_algorithm,
        &signer.signature,
    ];
    for part in written.into_iter().chain([fields[0], &parts.encapsulated, fields[1]]) {
        assert!(bytes.windows(part.len()).any(|window| window == part));
    }
}

#[test]
fn values_that_are_built_wrongly_fail() {
    for (name, wrong) in [
        ("no value", attribute(&id(23), &[])),
        ("certificates in no sequence", attribute(&id(23), &[&[5, 0]])),
        ("a number among certificates", attribute(&id(23), &[&sequence(&[&[2, 1, 0]])])),
        ("lists in no sequence", attribute(&id(24), &[&sequence(&[&tlv(0xa0, &[&[5, 0]])])])),
        ("something more", attribute(&id(24), &[&sequence(&[&[5, 0]])])),
    ] {
        let examined = judge_bent(|plan| plan.unsigned = Some(vec![wrong]));
        assert_eq!(outcome(&examined), BAD_FORMAT, "{name}");
    }
    let many = attribute(&id(14), &vec![&[5_u8, 0][..]; 65]);
    assert_eq!(outcome(&judge_bent(|plan| plan.unsigned = Some(vec![many]))), OVER_LIMIT);
}
