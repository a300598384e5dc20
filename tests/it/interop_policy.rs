//! Wycheproof's vectors against the arithmetic, and files with weak algorithms against the policy.
//!
//! No `invalid` vector passes. A `valid` one passes, or a line of the policy refuses it: each is
//! counted by that line.

use std::{collections::BTreeMap, fs};

use bytes::Bytes;
use serde_json::Value;
use skrynka::{
    algorithms::{self, AlgorithmId, Failure, Policy},
    domain::{Indication, SubIndication},
    signature::{Conditions, Signed, examine},
    trust::{TrustStore, read_certificates},
};

use crate::support::interop;

const AT: &str = "2026-11-29T12:00:00Z";

/// What became of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    /// Right, or not computed; the policy refuses it by the line of this name.
    RefusedBy(String),
    Wrong(Failure),
}

#[test]
fn wycheproof_s_vectors_are_right_wrong_or_refused_by_a_line() {
    let Some(data) = interop::data() else { return };
    let mut files: Vec<_> = fs::read_dir(data.join("suites/wycheproof"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == "json"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 36);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for path in &files {
        let read: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for group in read["testGroups"].as_array().unwrap() {
            for vector in group["tests"].as_array().unwrap() {
                let result = vector["result"].as_str().unwrap();
                let verdict = judge(group, vector);
                let flags = vector["flags"].to_string();
                let is_due = match (result, &verdict) {
                    ("valid", Verdict::Wrong(_)) | ("invalid", Verdict::Right) => false,
                    // RFC 8017 appendix A.2.4: the digest's parameters are NULL; without them there
                    // would be two encodings of one thing.
                    ("acceptable", verdict) => {
                        flags.contains("MissingNull") && matches!(verdict, Verdict::Wrong(_))
                    }
                    ("valid" | "invalid", _) => true,
                    _ => false,
                };
                if !is_due {
                    let name = path.file_name().unwrap().display();
                    problems.push(format!("{name} {}: {result}, {verdict:?}", vector["tcId"]));
                }
                let told = match verdict {
                    Verdict::Right => "right".to_owned(),
                    Verdict::RefusedBy(line) => format!("refused by: {line}"),
                    Verdict::Wrong(_) => "wrong".to_owned(),
                };
                *counts.entry(format!("{result}, {told}")).or_default() += 1;
            }
        }
    }
    assert!(problems.is_empty(), "{}: {problems:#?}", problems.len());
    for (kind, count) in &counts {
        println!("{count:5} {kind}");
    }
    assert_eq!(counts.values().sum::<usize>(), 8681);
    let valid: BTreeMap<&str, usize> = counts
        .iter()
        .filter_map(|(kind, count)| Some((kind.strip_prefix("valid, ")?, *count)))
        .collect();
    assert_eq!(valid, BTreeMap::from(VALID));
}

/// The `valid` ones by what became of them.
const VALID: [(&str, usize); 3] = [
    ("refused by: RSA-PSS with a mask of another digest", 435),
    ("refused by: SHA-1", 12),
    ("right", 2616),
];

fn judge(group: &Value, vector: &Value) -> Verdict {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bytes = |value: &Value| hex(value.as_str().unwrap());
    let key = bytes(&group["publicKeyDer"]);
    let (message, signature) = (bytes(&vector["msg"]), bytes(&vector["sig"]));
    let sha = group["sha"].as_str().unwrap_or_default();
    let (oid, parameters) = match text(&group["type"]).as_str() {
        "EcdsaVerify" => (ecdsa(sha), None),
        "EddsaVerify" => ("1.3.101.112", None),
        "RsassaPkcs1Verify" => (pkcs1(sha), Some(vec![5, 0])),
        "RsassaPssVerify" | "RsassaPssWithParametersVerify" => {
            let salt = group["sLen"].as_u64().unwrap();
            let mask = text(&group["mgfSha"]);
            ("1.2.840.113549.1.1.10", Some(pss(sha, &mask, u8::try_from(salt).unwrap())))
        }
        other => panic!("{other}"),
    };
    let algorithm = AlgorithmId { oid: oid.to_owned(), parameters: parameters.as_deref() };
    match algorithms::verify(&algorithm, None, &key, &message, &signature) {
        Ok(used) => {
            let policy = Policy::built_in();
            match policy.check(&used, AT.parse().unwrap()) {
                Ok(()) => Verdict::Right,
                Err(refused) => {
                    let lines = used.mechanisms().iter().filter_map(|part| policy.line(part));
                    let named = lines
                        .map(|line| line.name.clone())
                        .find(|name| refused.to_string().contains(name.as_str()));
                    Verdict::RefusedBy(named.unwrap())
                }
            }
        }
        Err(Failure::Unsupported { name }) => {
            let line = match name.split_once(" and a mask with ") {
                Some(_) => "RSA-PSS with a mask of another digest",
                None => name.as_str(),
            };
            let policy = Policy::built_in();
            let known = policy.lines().iter().any(|known| known.name == line);
            assert!(known, "no line of the policy speaks of {name}");
            Verdict::RefusedBy(line.to_owned())
        }
        Err(failure) => Verdict::Wrong(failure),
    }
}

fn ecdsa(sha: &str) -> &'static str {
    match sha {
        "SHA-256" => "1.2.840.10045.4.3.2",
        "SHA-384" => "1.2.840.10045.4.3.3",
        "SHA-512" => "1.2.840.10045.4.3.4",
        other => panic!("{other}"),
    }
}

fn pkcs1(sha: &str) -> &'static str {
    match sha {
        "SHA-256" => "1.2.840.113549.1.1.11",
        "SHA-384" => "1.2.840.113549.1.1.12",
        "SHA-512" => "1.2.840.113549.1.1.13",
        other => panic!("{other}"),
    }
}

/// `RSASSA-PSS-params` in DER (RFC 4055 §3.1).
fn pss(sha: &str, mask: &str, salt: u8) -> Vec<u8> {
    let digest = |sha: &str| {
        let oid = match sha {
            "SHA-1" => hex("06052b0e03021a"),
            "SHA-224" => hex("0609608648016503040204"),
            "SHA-256" => hex("0609608648016503040201"),
            "SHA-384" => hex("0609608648016503040202"),
            "SHA-512" => hex("0609608648016503040203"),
            "SHA-512/224" => hex("0609608648016503040205"),
            "SHA-512/256" => hex("0609608648016503040206"),
            other => panic!("{other}"),
        };
        tlv(0x30, &[oid, vec![5, 0]].concat())
    };
    let mgf1 = tlv(0x30, &[hex("06092a864886f70d010108"), digest(mask)].concat());
    let mut parts = Vec::new();
    // DER leaves defaults out.
    if sha != "SHA-1" {
        parts.extend(tlv(0xa0, &digest(sha)));
    }
    if mask != "SHA-1" {
        parts.extend(tlv(0xa1, &mgf1));
    }
    if salt != 20 {
        parts.extend(tlv(0xa2, &[2, 1, salt]));
    }
    tlv(0x30, &parts)
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
}

fn hex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}

/// Files by OpenSSL with `rsaEncryption` in place of a signature algorithm, read in place.
#[test]
fn files_that_name_a_digest_beside_rsa_are_judged_by_the_policy() {
    let Some(data) = interop::data() else { return };
    let folder = data.join("field/signature");
    let mut certificates = Vec::new();
    for entry in fs::read_dir(folder.join("trust")).unwrap() {
        certificates.extend(read_certificates(&fs::read(entry.unwrap().path()).unwrap()).unwrap());
    }
    let trust = TrustStore::new(certificates);
    for (name, expected, words) in [
        (
            "alg-rsa-sha1-rsaEncryption.p7s",
            (Indication::Indeterminate, Some(SubIndication::CryptoConstraintsFailure)),
            "The algorithm policy accepts SHA-1 until 2012-07-31",
        ),
        ("alg-rsa-sha3-256.p7s", (Indication::TotalPassed, None), ""),
    ] {
        let file = Bytes::from(fs::read(folder.join(name)).unwrap());
        let signed = Signed { content: None, signatures: vec![file] };
        let at = "2026-11-30T12:00:00Z".parse().unwrap();
        let examined = examine(&signed, &Conditions::given(&trust, at));
        let [report] = examined.report().signatures.as_slice() else { panic!("{name}") };
        let outcome = (report.indication, report.sub_indication);
        assert_eq!(outcome, expected, "{name}: {:?}", report.reason);
        assert!(report.reason.clone().unwrap_or_default().starts_with(words), "{name}");
    }
}
