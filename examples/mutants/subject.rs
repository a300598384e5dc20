//! The files, and what each is judged with.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use skrynka::{
    domain::{Indication, RevocationPolicy, Timestamp},
    envelope::{self, OrganisationKeys},
    signature::{
        self, Conditions, Limits, Signed,
        asic::{Archive, ArchiveLimits},
        cms::SignedData,
    },
    trust::{Certificate, RevocationStore, TrustStore, read_certificates},
};

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    Container,
    Envelope,
    KeyFile,
    Revocation,
    Signature,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Container => "container",
            Self::Envelope => "envelope",
            Self::KeyFile => "key file",
            Self::Revocation => "revocation",
            Self::Signature => "signature",
        }
    }
}

/// One file with everything that it takes to judge it.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) file: Vec<u8>,
    /// The document beside a detached signature.
    content: Option<Bytes>,
    trust: TrustStore,
    revocation: RevocationStore,
    at: Timestamp,
    keys: Arc<OrganisationKeys>,
    /// What the signed contents are that may pass.
    contents: Vec<Bytes>,
}

/// What came of one mutant.
pub(crate) struct Verdict {
    pub(crate) outcome: String,
    /// Whether nothing is proved that nobody signed.
    pub(crate) is_honest: bool,
}

impl Subject {
    /// Judges `file` as this subject.
    pub(crate) fn judge(&self, file: &[u8]) -> Verdict {
        let told = |outcome: &str| Verdict { outcome: outcome.to_owned(), is_honest: true };
        match self.kind {
            Kind::Signature | Kind::Container => self.judge_signature(file),
            Kind::Certificate => {
                let read = Certificate::parse(file);
                let _ = read_certificates(file);
                told(if read.is_ok() { "read" } else { "refused" })
            }
            Kind::Revocation => {
                let read = RevocationStore::empty().add(file);
                told(if read.is_ok() { "read" } else { "refused" })
            }
            Kind::KeyFile => {
                let read = OrganisationKeys::read(file, "testpassword");
                told(if read.is_ok() { "read" } else { "refused" })
            }
            Kind::Envelope => {
                let limits = envelope::Limits::default();
                let _ = envelope::recipients(file, &limits);
                let opened = envelope::open(file, &self.keys, &|_| None, &limits);
                told(if opened.is_ok() { "opened" } else { "refused" })
            }
        }
    }

    fn judge_signature(&self, file: &[u8]) -> Verdict {
        let file = Bytes::copy_from_slice(file);
        let signed = match (self.kind, &self.content) {
            (Kind::Container, _) => Signed { content: Some(file), signatures: Vec::new() },
            (_, content) => Signed { content: content.clone(), signatures: vec![file] },
        };
        let conditions = Conditions {
            revocation: &self.revocation,
            revocation_policy: RevocationPolicy::Prefer,
            ..Conditions::given(&self.trust, self.at)
        };
        let examined = signature::examine(&signed, &conditions);
        let report = examined.report();
        let outcome = match (report.indication, report.sub_indication) {
            (None, _) => "unsigned".to_owned(),
            (Some(indication), None) => format!("{indication:?}"),
            (Some(indication), Some(sub_indication)) => {
                format!("{indication:?} {sub_indication:?}")
            }
        };
        let is_passed = report.indication == Some(Indication::TotalPassed);
        let proved = signed_part(examined.content());
        let is_honest = !is_passed || self.contents.iter().any(|own| signed_part(own) == proved);
        Verdict { outcome, is_honest }
    }
}

/// What the signatures inside `content` are over: of a PDF file, all but the room for the
/// signature; of an archive, the documents with their names.
fn signed_part(content: &Bytes) -> Bytes {
    if let Ok(archive) = Archive::read(content, &ArchiveLimits::default()) {
        let entries = archive.entries().iter();
        let documents = entries.filter(|entry| !entry.name.starts_with("META-INF/"));
        let mut named: Vec<_> =
            documents.map(|entry| [entry.name.as_bytes(), &entry.content].concat()).collect();
        named.sort();
        return named.concat().into();
    }
    if !content.starts_with(b"%PDF") {
        return content.clone();
    }
    let text = String::from_utf8_lossy(content);
    let range: Vec<usize> = text
        .split_once("/ByteRange")
        .and_then(|(_, rest)| rest.split_once('[')?.1.split_once(']'))
        .map(|(numbers, _)| numbers.split_whitespace().flat_map(str::parse).collect())
        .unwrap_or_default();
    let [_, length, start, rest] = range[..] else { return content.clone() };
    let first = content.get(..length).unwrap_or_default();
    let last = content.get(start..start.saturating_add(rest)).unwrap_or_default();
    let after = content.get(start.saturating_add(rest)..).unwrap_or_default();
    [first, last, after].concat().into()
}

/// All files in the folder that are of a kind to be judged.
pub(crate) fn all(folder: &Path) -> Vec<Subject> {
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    paths.sort();
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    let keys = Arc::new(keys(&read));
    let mut subjects: Vec<Subject> =
        paths.iter().filter_map(|path| subject(folder, path, &keys)).collect();
    // The signed document of any file may pass, whatever stands around it.
    for subject in &mut subjects {
        let judged = subject.original();
        subject.contents = judged.into_iter().collect();
    }
    let signed: Vec<Bytes> = subjects
        .iter()
        .filter(|subject| subject.kind == Kind::Signature)
        .flat_map(|subject| subject.contents.clone())
        .collect();
    for subject in &mut subjects {
        subject.contents.extend(signed.iter().cloned());
    }
    subjects
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

fn keys(read: &dyn Fn(&str) -> Vec<u8>) -> OrganisationKeys {
    let mut keys = OrganisationKeys::default();
    for (name, password) in [
        ("diia/test-diia.p12", "testpassword"),
        ("jkurwa/Key40A0.cer", ""),
        ("ossl/dev-p256env.key", ""),
    ] {
        if let Ok(own) = OrganisationKeys::read(&read(name), password) {
            keys = keys.merge(own).unwrap();
        }
    }
    keys
}

fn subject(folder: &Path, path: &Path, keys: &Arc<OrganisationKeys>) -> Option<Subject> {
    let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    let file = fs::read(path).unwrap();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let kind = match ending {
        "asice" | "asics" | "pdf" => Kind::Container,
        "dat" if !name.contains("resp") => return None,
        "crl" | "dat" => Kind::Revocation,
        "cer" | "pem" | "crt" => Kind::Certificate,
        "p7" | "p7b" | "p7s" if !name.contains("enc_") => Kind::Signature,
        "p7" | "p7e" | "transport" => Kind::Envelope,
        "p12" | "key" => Kind::KeyFile,
        _ => return None,
    };
    // The biggest ones say nothing that a smaller one of their kind does not.
    if file.len() > 1 << 18 {
        return None;
    }
    let (trusted, at) = circumstances(folder, &name, kind, &file);
    let beside = || match name.split_once('/') {
        Some(("diia", _)) => Bytes::from(fs::read(folder.join("diia/content.dat")).unwrap()),
        Some(("jkurwa", _)) => Bytes::from_static(b"123"),
        _ => Bytes::from(fs::read(folder.join("uapki-gen/big.bin")).unwrap()),
    };
    let content = name.contains("detached").then(beside);
    let mut revocation = RevocationStore::empty();
    for near in fs::read_dir(path.parent()?).unwrap() {
        let near = near.unwrap().path();
        if kind == Kind::Signature && near.extension().is_some_and(|ending| ending == "crl") {
            let _ = revocation.add(&fs::read(near).unwrap());
        }
    }
    Some(Subject {
        name,
        kind,
        file,
        content,
        trust: TrustStore::new(trusted),
        revocation,
        at,
        keys: Arc::clone(keys),
        contents: Vec::new(),
    })
}

/// Whom to trust, and when, so that the original is right.
fn circumstances(
    folder: &Path,
    name: &str,
    kind: Kind,
    file: &[u8],
) -> (Vec<Certificate>, Timestamp) {
    let certificates = |name: &str| {
        let file = fs::read(folder.join(name)).unwrap_or_default();
        read_certificates(&file).unwrap_or_default()
    };
    let inside = |file: &[u8]| {
        let file = Bytes::copy_from_slice(file);
        let read = SignedData::parse(&file, &Limits::default());
        read.map(|read| read.certificates().to_vec()).unwrap_or_default()
    };
    let trusted = if name.starts_with("ossl/") || name.starts_with("pades/") {
        certificates("ossl/dev-ca.pem")
    } else if name.starts_with("bc/") {
        certificates("bc/dev-ed25519.cer")
    } else if kind == Kind::Container {
        let archive = Archive::read(&Bytes::copy_from_slice(file), &ArchiveLimits::default());
        let mut trusted =
            certificates("diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer");
        if let Ok(archive) = archive {
            let signatures =
                archive.entries().iter().filter(|one| one.name.to_lowercase().ends_with("p7s"));
            trusted.extend(signatures.flat_map(|one| inside(&one.content)));
        }
        trusted
    } else {
        inside(file)
    };
    // The first moment at which all of them are valid that were made for each other.
    let at = if name.starts_with("asic-dss/") {
        "2019-07-31T00:00:00Z"
    } else if name.starts_with("ossl/") || name.starts_with("bc/") || name.starts_with("pades/") {
        "2027-03-01T12:00:00Z"
    } else if name.starts_with("uapki-gen/") || name.starts_with("diia/") {
        "2023-10-01T12:00:00Z"
    } else {
        let latest = trusted.iter().map(Certificate::not_before).max();
        return (trusted, latest.unwrap_or_else(|| Timestamp::from_seconds(1_790_000_000)));
    };
    (trusted, at.parse().unwrap())
}

impl Subject {
    /// The content of the original, if it passes.
    fn original(&self) -> Option<Bytes> {
        let is_signed = matches!(self.kind, Kind::Signature | Kind::Container);
        if !is_signed {
            return None;
        }
        let file = Bytes::from(self.file.clone());
        let signed = match (self.kind, &self.content) {
            (Kind::Container, _) => Signed { content: Some(file), signatures: Vec::new() },
            (_, content) => Signed { content: content.clone(), signatures: vec![file] },
        };
        let conditions = Conditions::given(&self.trust, self.at);
        let examined = signature::examine(&signed, &conditions);
        println!(
            "{}: {:?} {:?}",
            self.name,
            examined.report().indication,
            examined.report().sub_indication
        );
        (examined.report().indication == Some(Indication::TotalPassed))
            .then(|| examined.content().clone())
    }
}
