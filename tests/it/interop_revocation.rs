//! Revocation data by other people's software: lists and answers of Ukrainian authorities, and an
//! authority that OpenSSL runs here for the length of a test.
//!
//! The files are in the directory that `SKRYNKA_INTEROP_DATA` names; without it, or without the
//! `openssl` command, these tests say that they are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test where it stands"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use skrynka::{
    domain::{
        Indication, RevocationKind, RevocationPolicy, RevocationSource, RevocationStatus,
        SubIndication, Timestamp, WarningCode,
    },
    signature::{Conditions, Examined, Signed, examine},
    trust::{
        Answering, Certificate, RevocationRequest, RevocationStore, TrustStore, Wanted,
        read_certificates, revocation,
    },
};
use tempfile::TempDir;

use crate::support::interop;

struct Data(PathBuf);

impl Data {
    fn find() -> Option<Self> {
        interop::data().map(Self)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        let path = self.0.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::parse(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

const DIIA_DELTA: &str =
    "diia/BED5083160DBC59BCDDF707C10293F58BB6ED263C6EA5893D3781B61F493BE57-delta-0ABEA7.crl";

#[test]
fn reads_lists_and_answers_of_ukrainian_authorities() {
    use RevocationKind::{Crl, DeltaCrl, Ocsp};
    let Some(data) = Data::find() else { return };
    for (name, kind, this_update, next_update) in [
        ("cryptonite/CZO-Full.crl", Crl, "2016-09-09T20:53:16Z", Some("2016-09-16T20:53:16Z")),
        (
            "cryptonite/CZO-Delta.crl",
            DeltaCrl,
            "2016-09-16T10:53:16Z",
            Some("2016-09-16T12:53:16Z"),
        ),
        ("cryptonite/m257-pki/full.crl", Crl, "2016-09-26T14:18:54Z", Some("2016-10-03T14:18:54Z")),
        (
            "cryptonite/m257-pki/delta.crl",
            DeltaCrl,
            "2016-09-26T14:18:54Z",
            Some("2016-09-27T14:18:54Z"),
        ),
        (DIIA_DELTA, DeltaCrl, "2023-09-19T16:51:11Z", Some("2023-09-19T18:53:12Z")),
        (
            "cryptonite/ocsp_resp_for_revoked_cert.dat",
            Ocsp,
            "2016-09-26T14:18:54Z",
            Some("2016-09-27T14:18:54Z"),
        ),
        ("cryptonite/ocsp_response.dat", Ocsp, "2016-07-20T13:46:17Z", None),
    ] {
        let kept = RevocationStore::empty().add(&data.read(name));
        let kept = kept.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(kept.kind, kind, "{name}");
        assert_eq!(kept.this_update.to_string(), this_update, "{name}");
        assert_eq!(kept.next_update.map(|at| at.to_string()).as_deref(), next_update, "{name}");
    }
}

#[test]
fn knows_where_ukrainian_authorities_answer() {
    let Some(data) = Data::find() else { return };
    let wanted = Wanted::new(
        data.certificate("diia/certs/diia-test-sign-7775603.cer"),
        data.certificate("diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"),
        Timestamp::from_seconds(0),
    );
    assert_eq!(wanted.ocsp_urls(), ["http://ca.informjust.ua/services/ocsp/"]);
    let lists = "http://ca.informjust.ua/download/crls/CA-BED50831";
    assert_eq!(wanted.crl_urls(), [format!("{lists}-Full-S17.crl")]);
    assert_eq!(wanted.delta_crl_urls(), [format!("{lists}-Delta-S17.crl")]);
}

#[test]
fn a_ukrainian_delta_list_alone_says_nothing() {
    let Some(data) = Data::find() else { return };
    let mut store = RevocationStore::empty();
    store.add(&data.read(DIIA_DELTA)).unwrap();
    let outcome = revocation(&RevocationRequest {
        certificate: &data.certificate("diia/certs/diia-test-sign-7775603.cer"),
        issuer: &data
            .certificate("diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"),
        at: "2023-09-19T17:00:00Z".parse().unwrap(),
        answering: Answering::InForce,
        sources: &[(&store, RevocationSource::Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 16,
    });
    assert_eq!(outcome.report.status, RevocationStatus::Unchecked);
    let problem = outcome.report.problem.unwrap();
    assert!(problem.contains("the delta list of 2023-09-19T16:51:11Z is not used"), "{problem}");
}

/// An authority with its register of certificates, a responder, and a folder for all of it.
struct Authority {
    directory: TempDir,
}

const CONFIGURATION: &str = "
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
default_md = sha256
policy = policy
default_days = 30
x509_extensions = person
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority_extensions]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[person]
keyUsage = critical, digitalSignature, nonRepudiation
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
authorityInfoAccess = OCSP;URI:http://127.0.0.1/ocsp
[responder]
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
";

impl Authority {
    /// `None`, said aloud, when there is no OpenSSL here. In CI it is a must.
    #[expect(clippy::print_stderr, reason = "a test that skips says so")]
    fn found() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "CI needs the openssl command");
            eprintln!("SKIPPED: there is no openssl command");
            return None;
        }
        let authority = Self { directory: tempfile::tempdir().unwrap() };
        for (name, text) in [
            ("openssl.cnf", CONFIGURATION),
            ("index.txt", ""),
            ("serial", "1000\n"),
            ("crlnumber", "01\n"),
        ] {
            fs::write(authority.path(name), text).unwrap();
        }
        authority.run(&format!(
            "req -x509 {NEW_KEY} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Authority \
             -config openssl.cnf -extensions authority_extensions"
        ));
        for (name, extensions) in [("good", "person"), ("bad", "person"), ("ocsp", "responder")] {
            authority.issue(name, extensions);
        }
        authority.run(
            "ca -config openssl.cnf -cert ca.pem -keyfile ca.key -revoke bad.pem \
                       -crl_reason keyCompromise",
        );
        Some(authority)
    }

    fn issue(&self, name: &str, extensions: &str) {
        self.run(&format!(
            "req {NEW_KEY} -keyout {name}.key -out {name}.csr -subj /CN={name} -config openssl.cnf"
        ));
        self.run(&format!(
            "ca -batch -notext -config openssl.cnf -cert ca.pem -keyfile ca.key -in {name}.csr \
             -out {name}.pem -extensions {extensions}"
        ));
    }

    /// A list that is in force between these moments, as OpenSSL writes them.
    fn list(&self, from: &str, to: &str) -> Vec<u8> {
        self.run(&format!(
            "ca -config openssl.cnf -cert ca.pem -keyfile ca.key -gencrl -out list.pem \
             -crl_lastupdate {from} -crl_nextupdate {to}"
        ));
        self.read("list.pem")
    }

    /// The answer by `responder` to what we ask about the certificate `name`.
    fn answer(&self, name: &str, responder: &str, nonce: Option<&[u8]>) -> Vec<u8> {
        fs::write(self.path("request"), self.wanted(name).ocsp_request(nonce)).unwrap();
        self.run(&format!(
            "ocsp -index index.txt -CA ca.pem -rsigner {responder}.pem -rkey {responder}.key \
             -reqin request -respout answer -ndays 1"
        ));
        self.read("answer")
    }

    fn wanted(&self, name: &str) -> Wanted {
        Wanted::new(
            self.certificate(&format!("{name}.pem")),
            self.certificate("ca.pem"),
            Timestamp::from_seconds(0),
        )
    }

    fn trust(&self) -> TrustStore {
        TrustStore::new(vec![self.certificate("ca.pem")])
    }

    fn certificate(&self, name: &str) -> Certificate {
        read_certificates(&self.read(name)).unwrap().remove(0)
    }

    /// Judges a signature by `name` with what the installation has fetched.
    fn examine(
        &self,
        name: &str,
        fetched: &[&[u8]],
        at: Timestamp,
        revocation_policy: RevocationPolicy,
    ) -> Examined {
        fs::write(self.path("content"), "Тестовий документ").unwrap();
        self.run(&format!(
            "cms -sign -cades -binary -nodetach -in content -signer {name}.pem -inkey {name}.key \
             -outform DER -out signed"
        ));
        let mut store = RevocationStore::empty();
        for bytes in fetched {
            store.add(bytes).unwrap();
        }
        let trust = self.trust();
        let conditions =
            Conditions { revocation: &store, revocation_policy, ..Conditions::given(&trust, at) };
        let signatures = vec![Bytes::from(self.read("signed"))];
        examine(&Signed { content: None, signatures }, &conditions)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }

    fn run(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).current_dir(self.directory.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }
}

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
const LONG_AGO: (&str, &str) = ("20200101000000Z", "20200102000000Z");
const FOR_LONG: (&str, &str) = ("20200101000000Z", "20991231000000Z");

/// What is said of the only signature: the indication, the reason for it, the status.
fn said(examined: &Examined) -> (Indication, Option<SubIndication>, RevocationStatus) {
    let [signature] = &examined.report().signatures[..] else { panic!("one signature") };
    let status = signature.chain[0].revocation.as_ref().unwrap().status;
    (signature.indication, signature.sub_indication, status)
}

#[test]
fn openssl_understands_what_we_ask_and_we_what_it_answers() {
    let Some(authority) = Authority::found() else { return };
    let trust = authority.trust();
    for (name, nonce, indication, sub_indication, status) in [
        ("good", None, Indication::TotalPassed, None, RevocationStatus::Good),
        ("good", Some(&[7; 32][..]), Indication::TotalPassed, None, RevocationStatus::Good),
        (
            "bad",
            None,
            // OpenSSL's signer claims a time after the revocation, which proves nothing.
            Indication::Indeterminate,
            Some(SubIndication::RevokedNoPoe),
            RevocationStatus::Revoked,
        ),
    ] {
        let answer = authority.answer(name, "ocsp", nonce);
        let mut store = RevocationStore::empty();
        let at = store.add(&answer).unwrap().this_update;
        let kept = authority.wanted(name).answers(&answer, at, &trust).unwrap();
        assert_eq!(kept.kind, RevocationKind::Ocsp);
        let examined = authority.examine(name, &[&answer], at, RevocationPolicy::Require);
        assert_eq!(said(&examined), (indication, sub_indication, status), "{name}");
        assert_eq!(examined.wanted(), []);
    }
}

#[test]
fn an_answer_by_a_stranger_is_not_one() {
    let Some(authority) = Authority::found() else { return };
    authority.run(&format!(
        "req -x509 {NEW_KEY} -keyout stranger.key -out stranger.pem -days 30 -subj /CN=ocsp \
         -config openssl.cnf -extensions responder"
    ));
    for (responder, words) in [
        ("stranger", "another authority has issued its certificate"),
        ("good", "its certificate is not for OCSP answers"),
    ] {
        let answer = authority.answer("good", responder, None);
        let at = RevocationStore::empty().add(&answer).unwrap().this_update;
        let refused = authority.wanted("good").answers(&answer, at, &authority.trust());
        let told = refused.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        let examined = authority.examine("good", &[&answer], at, RevocationPolicy::Require);
        let (indication, sub_indication, status) = said(&examined);
        assert_eq!(indication, Indication::Indeterminate);
        assert_eq!(sub_indication, Some(SubIndication::TryLater));
        assert_eq!(status, RevocationStatus::Unchecked);
        let [wanted] = examined.wanted() else { panic!("one is wanted") };
        assert_eq!(wanted.certificate, authority.wanted("good").certificate);
    }
}

#[test]
fn reads_the_lists_of_openssl_and_heeds_their_dates() {
    let Some(authority) = Authority::found() else { return };
    let at = authority.certificate("ocsp.pem").not_before();
    let (old, fresh) =
        (authority.list(LONG_AGO.0, LONG_AGO.1), authority.list(FOR_LONG.0, FOR_LONG.1));
    let judge = |name, list: &[u8]| {
        let examined = authority.examine(name, &[list], at, RevocationPolicy::Prefer);
        let warnings = &examined.report().signatures[0].warnings;
        let is_told =
            warnings.iter().any(|warning| warning.code == WarningCode::RevocationUnchecked);
        (said(&examined).0, said(&examined).2, is_told, examined.wanted().len())
    };
    let (passed, good) = (Indication::TotalPassed, RevocationStatus::Good);
    assert_eq!(judge("good", &fresh), (passed, good, false, 0));
    assert_eq!(judge("good", &old), (passed, RevocationStatus::Unchecked, true, 1));
    // The revocation is of a moment ago, which a list of any date tells.
    let by_list = authority.wanted("bad").answers(&fresh, at, &TrustStore::empty());
    assert_eq!(by_list.unwrap().kind, RevocationKind::Crl);
    let later = at.plus_seconds(3600);
    let examined = authority.examine("bad", &[&fresh], later, RevocationPolicy::Prefer);
    let no_poe = (Indication::Indeterminate, Some(SubIndication::RevokedNoPoe));
    assert_eq!((said(&examined).0, said(&examined).1), no_poe);
    assert_eq!(said(&examined).2, RevocationStatus::Revoked);
}
