//! What `skrynka verify` ends with, for scripts that go by it alone.

use std::fs;

use skrynka::{
    clock::Clock,
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Subject, Validity},
        sign,
    },
};

use crate::support::installation::{Installation, both, skrynka};

/// A container (APPNOTE 4.3) of a file without a signature.
fn container() -> Vec<u8> {
    const MEDIA_TYPE: (&[u8], &[u8], u32) =
        (b"mimetype", b"application/vnd.etsi.asic-e+zip", 0x45f9_218a);
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, crc) in [MEDIA_TYPE, (b"a.txt", b"a text", 0xa964_2a83)] {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let at = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let alike =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 33, 0][..], &crc.to_le_bytes(), &length, &length].concat();
        let local = [&b"PK\x03\x04"[..], &alike, &name_length, &[0, 0], name, content];
        bytes.extend(local.concat());
        let central =
            [&b"PK\x01\x02\x14\0"[..], &alike, &name_length, &[0; 12], &at, name].concat();
        directory.extend(central);
    }
    let at = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let end = [&b"PK\x05\x06\0\0\0\0\x02\0\x02\0"[..], &length, &at, &[0, 0]].concat();
    [bytes, directory, end].concat()
}

#[test]
fn a_signature_that_is_over_another_file_than_the_document_is_no_success() {
    let installation = Installation::without_registry();
    let now = Clock::system().now();
    let validity = Validity { from: now.plus_seconds(-86_400), to: now.plus_days(30) };
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let signer = authority.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    installation.trust("root.pem", authority.certificate_pem().unwrap());
    let container = container();
    for (name, content, code) in
        [("a.txt", &b"a text"[..], 0), ("a.asice", container.as_slice(), 3)]
    {
        let file = installation.path().join(name);
        let signature = installation.path().join(format!("{name}.p7s"));
        fs::write(&file, content).unwrap();
        fs::write(&signature, sign::detached(content, &signer, now).unwrap()).unwrap();
        let trust = installation.path().join("trust");
        let shown = skrynka().arg("verify").arg("--trust").args([&trust, &signature]).output();
        let shown = shown.unwrap();
        assert_eq!(shown.status.code(), Some(code), "{name}: {}", both(&shown));
        assert!(both(&shown).contains("TOTAL_PASSED"), "{name}: {}", both(&shown));
    }
}
