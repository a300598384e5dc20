//! Time-stamps by OpenSSL's authority (`openssl ts`) on signatures by OpenSSL: made anew in every
//! run, and judged here. Without `openssl` these tests say that they are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that counts wrongly fails where it stands"
)]

use std::{fs, path::Path, process::Command};

use bytes::Bytes;
use skrynka::{
    domain::{BestTimeSource, DocumentReport, Indication, SubIndication, Timestamp, WarningCode},
    signature::{Conditions, Signed, examine},
    trust::{Certificate, TrustStore, read_certificates},
};
use tempfile::TempDir;

const CONTENT: &[u8] = b"%PDF-1.7 a copy\n";

const CONFIGURATION: &str = "\
[tsa]
default_tsa = this
[this]
serial = serial
default_policy = 1.2.804.2.1.1.1.2.3.1
digests = sha256, sha384, sha512
signer_digest = sha256
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
[stamper]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
";

/// A folder where OpenSSL works: an authority, a signer, and a time-stamping authority.
struct Workshop(TempDir);

impl Workshop {
    /// `None`, said aloud, without OpenSSL. `key` are the arguments that make a key.
    #[expect(clippy::print_stderr, reason = "a test that skips says so")]
    fn open(key: &[&str]) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "CI needs openssl");
            eprintln!("SKIPPED: openssl is not installed, so it makes no time-stamps");
            return None;
        }
        let shop = Self(tempfile::tempdir().unwrap());
        fs::write(shop.path().join("openssl.cnf"), CONFIGURATION).unwrap();
        fs::write(shop.path().join("serial"), "01").unwrap();
        fs::write(shop.path().join("content"), CONTENT).unwrap();
        shop.certificate("authority", "/CN=Тестовий центр", key, &["-x509"]);
        let issued = ["-x509", "-CA", "authority.pem", "-CAkey", "authority.key"];
        shop.certificate("signer", "/CN=Тестова Особа", key, &issued);
        shop.certificate("stamper", "/CN=Тестова служба часу", key, &issued);
        Some(shop)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) {
        let mut openssl = Command::new("openssl");
        let ran = openssl.args(arguments).current_dir(self.path()).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    fn certificate(&self, name: &str, subject: &str, key: &[&str], how: &[&str]) {
        let (pem, secret) = (format!("{name}.pem"), format!("{name}.key"));
        let fixed = ["-config", "openssl.cnf", "-extensions", name, "-utf8", "-days", "3650"];
        let named = ["-nodes", "-subj", subject, "-keyout", &secret, "-out", &pem];
        self.run(&[&["req"], how, key, &fixed, &named].concat());
    }

    /// A CMS signature over [`CONTENT`].
    fn sign(&self) -> Vec<u8> {
        let fixed = ["cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256"];
        let files = ["-in", "content", "-outform", "DER", "-out", "signed"];
        self.run(
            &[&fixed[..], &["-signer", "signer.pem", "-inkey", "signer.key"], &files].concat(),
        );
        self.read("signed")
    }

    /// A token over `covered`.
    fn stamp(&self, covered: &[u8], digest: &str, with_certificate: bool) -> Vec<u8> {
        fs::write(self.path().join("covered"), covered).unwrap();
        let query = ["ts", "-query", "-data", "covered", digest, "-out", "query"];
        self.run(&[&query[..], if with_certificate { &["-cert"] } else { &[] }].concat());
        let reply = ["ts", "-reply", "-queryfile", "query", "-config", "openssl.cnf"];
        let keys = ["-signer", "stamper.pem", "-inkey", "stamper.key"];
        self.run(&[&reply[..], &keys, &["-token_out", "-out", "token"]].concat());
        self.read("token")
    }

    fn trust(&self, names: &[&str]) -> TrustStore {
        TrustStore::new(names.iter().flat_map(|name| self.certificates(name)).collect())
    }

    fn certificates(&self, name: &str) -> Vec<Certificate> {
        read_certificates(&self.read(&format!("{name}.pem"))).unwrap()
    }

    /// A moment after everything was made here, and while all of it is valid.
    fn tomorrow(&self) -> Timestamp {
        self.certificates("stamper")[0].not_before().plus_days(1)
    }

    fn judge(&self, file: &[u8], trusted: &[&str]) -> DocumentReport {
        let signed = Signed { content: None, signatures: vec![Bytes::copy_from_slice(file)] };
        let trust = self.trust(trusted);
        examine(&signed, &Conditions::new(&trust, self.tomorrow())).report().clone()
    }
}

/// One DER element: header and content.
fn split(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let long = usize::from(der[1] & 0x7f);
    let (header, length) = if der[1] < 0x80 {
        (2, long)
    } else {
        let octets = der[2..2 + long].iter();
        (2 + long, octets.fold(0, |length, octet| length << 8 | usize::from(*octet)))
    };
    (der[0], &der[header..header + length], &der[header + length..])
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], content].concat()
}

/// A minimal header, as DER asks for.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => [&[tag, short], content].concat(),
        Ok(longer) => [&[tag, 0x81, longer], content].concat(),
        Err(_) => tlv(tag, content),
    }
}

/// Where the last element inside begins.
fn last(content: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = split(&content[at..]).2;
        if rest.is_empty() {
            return at;
        }
        at = content.len() - rest.len();
    }
}

/// The signature value: the last field of the only `SignerInfo`.
fn signature_value(file: &[u8]) -> Vec<u8> {
    let mut inside = split(file).1;
    for _ in 0..5 {
        inside = split(&inside[last(inside)..]).1;
    }
    inside.to_vec()
}

/// The same file with a signature time-stamp behind the signature value.
fn stamped(der: &[u8], token: &[u8], depth: usize) -> Vec<u8> {
    const SIGNATURE_TIME_STAMP: &[u8] =
        &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e];
    let (tag, content, _) = split(der);
    if depth == 0 {
        let attribute = element(0x30, &[SIGNATURE_TIME_STAMP, &element(0x31, token)].concat());
        return element(tag, &[content, &element(0xa1, &attribute)].concat());
    }
    let (before, inner) = content.split_at(last(content));
    element(tag, &[before, &stamped(inner, token, depth - 1)].concat())
}

/// How deep a `SignerInfo` lies: `ContentInfo`, `[0]`, `SignedData`, `signerInfos`.
const SIGNER_INFO: usize = 4;

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];

#[test]
fn a_time_stamp_of_openssl_proves_the_time_of_a_signature() {
    for (key, digest, with_certificate) in [
        (P256, "-sha256", true),
        (P256, "-sha384", false),
        (RSA, "-sha512", true),
        (RSA, "-sha256", false),
    ] {
        let Some(shop) = Workshop::open(key) else { return };
        let file = shop.sign();
        let value = signature_value(&file);
        let token = shop.stamp(&value, digest, with_certificate);
        let whole = stamped(&file, &token, SIGNER_INFO);
        // An authority that the token does not bring has to lie in the trust directory.
        let trusted: &[&str] =
            if with_certificate { &["authority"] } else { &["authority", "stamper"] };
        let report = shop.judge(&whole, trusted);
        assert_eq!(report.indication, Some(Indication::TotalPassed), "{report:#?}");
        let [signature] = report.signatures.as_slice() else { panic!("{report:#?}") };
        let [stamp] = signature.timestamps.as_slice() else { panic!("{report:#?}") };
        assert_eq!(stamp.indication, Indication::TotalPassed, "{stamp:#?}");
        assert_eq!(stamp.policy.as_deref(), Some("1.2.804.2.1.1.1.2.3.1"));
        let authority = stamp.authority.as_ref().map(|authority| authority.name.as_str());
        assert_eq!(authority, Some("Тестова служба часу"));
        // Nobody says whether the unit was revoked, and its issuer is known in both cases.
        let codes: Vec<_> = stamp.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [WarningCode::RevocationUnchecked]);
        assert_eq!(signature.best_time_source, BestTimeSource::SignatureTimestamp);
        assert_eq!(Some(signature.best_time), stamp.time);
        assert!(signature.best_time < shop.tomorrow());

        let elsewhere = shop.stamp(b"other", digest, with_certificate);
        let wrong = shop.judge(&stamped(&file, &elsewhere, SIGNER_INFO), trusted);
        assert_eq!(wrong.indication, Some(Indication::TotalPassed));
        let signature = &wrong.signatures[0];
        assert_eq!(signature.timestamps[0].sub_indication, Some(SubIndication::HashFailure));
        assert_eq!(signature.best_time_source, BestTimeSource::Receipt);
    }
}

/// Every byte of the token is changed in three ways: the lowest bit, the highest, and all. Its
/// reference to the certificate is by SHA-1, which is not relied on.
#[test]
fn no_byte_of_a_token_of_openssl_can_be_changed() {
    let Some(shop) = Workshop::open(P256) else { return };
    let older = CONFIGURATION.replace("ess_cert_id_alg = sha256", "ess_cert_id_alg = sha1");
    fs::write(shop.path().join("openssl.cnf"), older).unwrap();
    let file = shop.sign();
    let token = shop.stamp(&signature_value(&file), "-sha256", true);
    let trust = shop.trust(&["authority"]);
    let conditions = Conditions::new(&trust, shop.tomorrow());
    let is_right = |token: &[u8]| {
        let file = stamped(&file, token, SIGNER_INFO).into();
        let examined = examine(&Signed { content: None, signatures: vec![file] }, &conditions);
        let signatures = &examined.report().signatures;
        let stamps = signatures.iter().flat_map(|signature| &signature.timestamps);
        stamps.filter(|stamp| stamp.indication == Indication::TotalPassed).count() > 0
    };
    assert!(is_right(&token));
    let mut right = Vec::new();
    for place in 0..token.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bent = token.clone();
            bent[place] ^= mask;
            if is_right(&bent) {
                right.push((place, mask));
            }
        }
    }
    assert_eq!(right, [], "of {} bytes", token.len());
}
