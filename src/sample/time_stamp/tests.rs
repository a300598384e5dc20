use std::{fs, process::Command};

use super::*;
use crate::{
    domain::{BestTimeSource, Indication, SignatureReport, SubIndication},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
    },
    signature::{self, Conditions, Signed},
    trust::{Certificate, TrustStore},
};

const CONTENT: &[u8] = b"%PDF-1.4 a copy\r\n";

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A year.
fn lasting() -> Validity {
    Validity::days(moment("2026-01-01T00:00:00Z"), 365)
}

/// Ends with July.
fn ended() -> Validity {
    Validity { to: moment("2026-07-31T23:59:59Z"), ..lasting() }
}

fn root() -> Authority {
    Authority::root(Seed::from([9; 32]), lasting()).unwrap()
}

/// Judged in September. A time-stamp of an authority of which nobody can be asked whether it was
/// revoked keeps no ended signer, so those in `trusted` are trusted by themselves.
fn judged(message: Vec<u8>, root: &Authority, trusted: &[&Signer]) -> SignatureReport {
    let own = trusted.iter().map(|signer| signer.certificate());
    let anchors = own.chain([root.certificate()]).map(|der| Certificate::parse(der).unwrap());
    let trust = TrustStore::new(anchors.collect());
    let signed = Signed { content: Some(CONTENT.into()), signatures: vec![message.into()] };
    let conditions = Conditions::new(&trust, moment("2026-09-01T10:00:00Z"));
    let examined = signature::examine(&signed, &conditions);
    examined.report().signatures.first().unwrap().clone()
}

#[test]
fn a_time_stamp_keeps_an_ended_signer_only_while_its_own_authority_lasts() {
    let signed_at = moment("2026-07-01T10:00:00Z");
    let none = SubIndication::OutOfBoundsNoPoe;
    for (key, stamper, due) in [
        (KeyAlgorithm::P256, Some(lasting()), None),
        (KeyAlgorithm::Ed25519, Some(lasting()), None),
        (KeyAlgorithm::P256, Some(ended()), Some(none)),
        (KeyAlgorithm::P256, None, Some(none)),
    ] {
        let mut root = root();
        let signer = root.signer(Subject::Organisation, key, ended()).unwrap();
        let mut message = sign::detached(CONTENT, &signer, signed_at).unwrap();
        let authority =
            stamper.map(|validity| root.signer(Subject::TimeStamping, key, validity).unwrap());
        if let Some(authority) = &authority {
            message = stamped(&message, authority, signed_at).unwrap();
        }
        let report = judged(message, &root, &authority.iter().collect::<Vec<_>>());
        assert_eq!(report.sub_indication, due, "{stamper:?}: {report:#?}");
        assert_eq!(report.timestamps.len(), usize::from(stamper.is_some()));
        if due.is_none() {
            assert_eq!(report.indication, Indication::TotalPassed);
            assert_eq!(report.best_time, signed_at);
            assert_eq!(report.best_time_source, BestTimeSource::SignatureTimestamp);
        }
    }
}

#[test]
fn who_may_not_time_stamp_moves_nothing() {
    let signed_at = moment("2026-07-01T10:00:00Z");
    let mut root = root();
    for subject in [Subject::Firm, Subject::Organisation, Subject::Person] {
        let signer = root.signer(subject, KeyAlgorithm::P256, lasting()).unwrap();
        let message = sign::detached(CONTENT, &signer, signed_at).unwrap();
        let report = judged(stamped(&message, &signer, signed_at).unwrap(), &root, &[]);
        assert_eq!(report.best_time_source, BestTimeSource::Receipt, "{subject:?}");
        let stamps: Vec<_> = report.timestamps.iter().map(|stamp| stamp.indication).collect();
        assert!(stamps.iter().all(|one| *one != Indication::TotalPassed), "{subject:?}");
    }
}

/// `openssl ts -verify` of a token: the other software's word.
#[test]
fn openssl_accepts_a_token_over_what_it_covers_and_nothing_else() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed, so nobody else checked these time-stamps");
        return;
    }
    let at = moment("2026-07-01T10:00:00Z");
    let mut root = root();
    let authority = root.signer(Subject::TimeStamping, KeyAlgorithm::P256, lasting()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("root.pem"), root.certificate_pem().unwrap()).unwrap();
    fs::write(path("token"), token(CONTENT, &authority, at).unwrap()).unwrap();
    for (covered, due) in [(CONTENT, true), (&b"another copy"[..], false)] {
        fs::write(path("covered"), covered).unwrap();
        let ran = Command::new("openssl")
            .args(["ts", "-verify", "-token_in", "-in", "token", "-data", "covered"])
            .args(["-CAfile", "root.pem", "-attime", &at.as_seconds().to_string()])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert_eq!(ran.status.success(), due, "{}", String::from_utf8_lossy(&ran.stderr));
    }
}
