//! `docs/report.schema.json` is the form of what `skrynka verify --json` prints: no more, no less.
//!
//! The checker knows the keywords of JSON Schema 2020-12 that the file uses, and stops at others.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use skrynka::{
    domain::{
        BestTimeSource, CertificateRole, CertificateSource, Container, Indication, Level,
        Qualification, RevocationKind, RevocationSource, RevocationStatus, SignerKind,
        SubIndication, Timestamp,
    },
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Subject, Validity},
        sign,
    },
};

use crate::support::{
    installation::{both, skrynka},
    interop,
};

#[test]
fn what_verify_prints_is_of_the_form_that_the_schema_describes() {
    let schema = schema();
    let directory = tempfile::tempdir().unwrap();
    let mut runs = vec![samples(directory.path())];
    if let Some(data) = interop::data() {
        let trust = [data.join("diia/certs"), data.join("trust"), data.join("ossl")];
        let files = [
            "diia/attached-bes.p7s",
            "ossl/dev-rsa-attached.p7s",
            "asic-dss/multifiles-ok.asice",
            "asic-dss/brokenReference.asice",
            "pades/dev-p256-pades-b.pdf",
            "uapki-gen/asice-cades-bb-gost34311.asice",
            "uapki-gen/env-gost28147-fox.p7e",
            "jkurwa/message.p7",
        ];
        runs.push((trust.to_vec(), files.map(|file| data.join(file)).to_vec()));
    }
    for (trust, files) in runs {
        let mut command = skrynka();
        command.args(["verify", "--json"]);
        for directory in trust {
            command.arg("--trust").arg(directory);
        }
        let output = command.args(&files).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", both(&output)));
        assert_eq!(report["files"].as_array().unwrap().len(), files.len());
        let wrong = Checker { schema: &schema }.problems(&schema, &report, "");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn the_schema_names_every_value_that_the_program_knows_and_no_other() {
    let definitions = &schema()["$defs"];
    let signature = &definitions["signature"]["properties"];
    let certificate = &definitions["certificate"]["properties"];
    let revocation = &definitions["revocation"]["properties"];
    for (described, known) in [
        (&definitions["indication"], names::<Indication>()),
        (&definitions["sub_indication"], names::<SubIndication>()),
        (&definitions["file"]["properties"]["container"], names::<Container>()),
        (&signature["level"], names::<Level>()),
        (&signature["best_time_source"], names::<BestTimeSource>()),
        (&definitions["signer"]["properties"]["assurance"], names::<SignerKind>()),
        (&certificate["role"], names::<CertificateRole>()),
        (&certificate["source"], names::<CertificateSource>()),
        (&revocation["status"], names::<RevocationStatus>()),
        (&revocation["kind"], names::<RevocationKind>()),
        (&revocation["source"], names::<RevocationSource>()),
        (&definitions["qualification"]["properties"]["kind"], names::<Qualification>()),
    ] {
        let listed = described.get("enum").unwrap_or_else(|| &described["anyOf"][0]["enum"]);
        let listed = listed.as_array().unwrap_or_else(|| panic!("no names: {described}"));
        let listed: BTreeSet<_> =
            listed.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        assert_eq!(listed, known);
    }
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let schema = schema();
    let checker = Checker { schema: &schema };
    let file = json!({
        "file": "x.p7s", "container": "none", "indication": null, "sub_indication": null,
        "signatures": [], "not_covered": [], "encrypted": false,
    });
    let report = |file: &Value| {
        let policy = json!({ "name": "Own", "version": 1, "issued": "2026-11-29" });
        json!({ "algorithm_policy": policy, "files": [file] })
    };
    assert_eq!(checker.problems(&schema, &report(&file), ""), [""; 0]);
    for (key, value) in [
        ("container", json!("zip")),
        ("indication", json!("PASSED")),
        ("signatures", json!([{}])),
        ("not_covered", json!([1])),
        ("more", json!(null)),
    ] {
        let mut wrong = file.clone();
        wrong[key] = value;
        let found = checker.problems(&schema, &report(&wrong), "");
        assert!(found.iter().all(|problem| problem.contains(key)), "{key}: {found:?}");
        assert!(!found.is_empty(), "{key}");
    }
    assert!(!checker.problems(&schema, &json!({}), "").is_empty());
}

/// Files of every outcome with a trust directory: sealed and detached, changed, of a stranger,
/// bare, and no signature at all.
fn samples(directory: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let now: Timestamp = "2026-09-01T10:00:00Z".parse().unwrap();
    let validity = Validity::days(now, 3650);
    let mut files = Vec::new();
    let mut keep = |name: &str, bytes: &[u8]| {
        fs::write(directory.join(name), bytes).unwrap();
        files.push(directory.join(name));
    };
    let trust = directory.join("trust");
    fs::create_dir(&trust).unwrap();
    for (name, mut root, algorithm) in [
        ("p256", Authority::root(Seed::from([1; 32]), validity).unwrap(), KeyAlgorithm::P256),
        (
            "dstu",
            Authority::national_root(Seed::from([2; 32]), validity).unwrap(),
            KeyAlgorithm::Dstu4145,
        ),
    ] {
        fs::write(trust.join(format!("{name}.pem")), root.certificate_pem().unwrap()).unwrap();
        let signer = root.signer(Subject::Organisation, algorithm, validity).unwrap();
        keep(&format!("{name}.p7s"), &sign::attached(b"%PDF-1.7", &signer, now).unwrap());
        keep(&format!("{name}.changed.pdf"), b"%PDF-1.7 changed");
        let detached = sign::detached(b"%PDF-1.7", &signer, now).unwrap();
        keep(&format!("{name}.changed.pdf.p7s"), &detached);
        keep(&format!("{name}.alone.p7s"), &detached);
    }
    let mut stranger = Authority::root(Seed::from([3; 32]), validity).unwrap();
    let signer = stranger.signer(Subject::Person, KeyAlgorithm::Ed25519, validity).unwrap();
    keep("stranger.p7s", &sign::attached(b"%PDF-1.7", &signer, now).unwrap());
    keep("bare.pdf", b"%PDF-1.7");
    keep("broken.p7s", b"0\x80");
    files.push(directory.join("missing.pdf"));
    (vec![trust], files)
}

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The names that a closed set is read from, as serde lists them to one who gives another.
fn names<T: DeserializeOwned>() -> BTreeSet<String> {
    let refused = serde_json::from_value::<T>(json!("?")).err().unwrap().to_string();
    let (_, expected) = refused.split_once("expected").unwrap();
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

struct Checker<'a> {
    schema: &'a Value,
}

impl Checker<'_> {
    /// What is wrong with `value`, each with its place.
    fn problems(&self, rule: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (keyword, argument) in rule.as_object().unwrap() {
            match keyword.as_str() {
                "$ref" => {
                    let name = argument.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    let named = self.schema["$defs"].get(name);
                    let named = named.unwrap_or_else(|| panic!("{name} is not defined"));
                    found.extend(self.problems(named, value, place));
                }
                "type" if !is_of_type(value, argument) => {
                    found.push(format!("{place}: {value} is no {argument}"));
                }
                "enum" if !argument.as_array().unwrap().contains(value) => {
                    found.push(format!("{place}: {value} is not one of {argument}"));
                }
                "pattern" | "format" if !value.as_str().is_some_and(|v| fits(v, argument)) => {
                    found.push(format!("{place}: {value} does not fit {argument}"));
                }
                // Words that say nothing of a value, and rules that it fits.
                "$schema" | "title" | "description" | "$defs" | "type" | "enum" | "pattern"
                | "format" => {}
                "anyOf" => {
                    let any: Vec<_> = argument.as_array().unwrap().iter().collect();
                    let each = any.iter().map(|one| self.problems(one, value, place));
                    let each: Vec<_> = each.collect();
                    if each.iter().all(|problems| !problems.is_empty()) {
                        found.extend(each.into_iter().flatten());
                    }
                }
                "allOf" => {
                    for one in argument.as_array().unwrap() {
                        found.extend(self.problems(one, value, place));
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        found.extend(self.problems(argument, item, &format!("{place}/{index}")));
                    }
                }
                "properties" => {
                    for (name, rule) in argument.as_object().unwrap() {
                        if let Some(inner) = value.get(name) {
                            found.extend(self.problems(rule, inner, &format!("{place}/{name}")));
                        }
                    }
                }
                "required" => {
                    let names = argument.as_array().unwrap().iter().map(|n| n.as_str().unwrap());
                    let missing = names.filter(|name| value.get(name).is_none());
                    found.extend(missing.map(|name| format!("{place}: {name} is missing")));
                }
                "additionalProperties" => {
                    assert_eq!(argument, &json!(false));
                    let known = rule["properties"].as_object().unwrap();
                    let names = value.as_object().into_iter().flatten().map(|(name, _)| name);
                    let other = names.filter(|name| !known.contains_key(*name));
                    found.extend(other.map(|name| format!("{place}: {name} is not described")));
                }
                other => panic!("{other} is not a keyword that the checker knows"),
            }
        }
        found
    }
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("{other} is not a type that the checker knows"),
    }
}

/// Whether a text fits one of the schema's patterns and formats.
fn fits(text: &str, pattern: &Value) -> bool {
    match pattern.as_str().unwrap() {
        "^[0-9a-f]{64}$" => {
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        }
        "^[a-z0-9_]+: " => text.split_once(": ").is_some_and(|(code, _)| {
            !code.is_empty() && code.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'_'))
        }),
        "date-time" => text.parse::<Timestamp>().is_ok(),
        other => panic!("{other} is not a pattern that the checker knows"),
    }
}
