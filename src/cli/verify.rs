//! `skrynka verify`: judges the signatures of files on disk.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use clap::Args;
use serde::Serialize;

mod table;

use super::{complain, say};
use crate::{
    algorithms::Policy,
    app::{ListProof, read_algorithm_policy, read_organisation_keys, read_trust_directory},
    bundle::{Decrypted, Opening},
    clock::Clock,
    domain::{Container, Date, DocumentReport, Indication, Timestamp},
    envelope::OrganisationKeys,
    signature::{self, Conditions, Encrypted, Examined, Limits, Proof, Signed},
    trust::TrustStore,
};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// The exit code when nothing failed and something is undecided.
const UNDECIDED: u8 = 3;

/// The exit code when what the files are to be judged by cannot be read.
const WRONG_USAGE: u8 = 2;

/// Judges the signatures of files.
///
/// A detached signature X.p7s is judged over X beside it, or over --content. Exit code: 0 when
/// every signature is `TOTAL_PASSED`, 1 when one is `TOTAL_FAILED` or a file cannot be read as
/// signed, 3 when none failed and one is INDETERMINATE, stays encrypted, or is over another file than
/// the document, 2 on wrong usage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  skrynka verify --trust trust passport.pdf.p7s\n  \
                        skrynka verify --trust trust --content passport.pdf signature.p7s --json\n  \
                        skrynka verify --trust trust --key org.p12 --password-file org.password \
                        passport.pdf.p7s.p7e")]
pub(super) struct Arguments {
    /// A directory of trusted certificates; may be repeated.
    #[arg(long, value_name = "DIR")]
    trust: Vec<PathBuf>,
    /// The content of a detached signature.
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// A file with private keys that open encrypted files (.p7e), readable by its owner alone; may
    /// be repeated.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// A file whose first line is the keys' password, readable by its owner alone.
    #[arg(long, value_name = "FILE", requires = "key")]
    password_file: Option<PathBuf>,
    /// An algorithm policy in place of the one that is built in; see `skrynka policy show`.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Judges for this moment, in place of now.
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// The signed files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    algorithm_policy: PolicyName,
    files: Vec<FileReport>,
}

/// By which issue of which policy the algorithms were judged.
#[derive(Serialize)]
struct PolicyName {
    name: String,
    version: u32,
    issued: Date,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    /// Whether it is told elsewhere why there is nothing to print.
    #[serde(skip)]
    is_unreadable: bool,
    #[serde(flatten)]
    report: DocumentReport,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (trust, keys, content) = match given(arguments) {
        Ok(given) => given,
        // Of the files nothing is known: 1 would say that one of them is wrong.
        Err(error) => {
            complain(&format!("skrynka: {}", super::sentence(&error)));
            return Ok(ExitCode::from(WRONG_USAGE));
        }
    };
    let conditions = match arguments.at {
        Some(at) => Conditions::given(&trust, at),
        None => Conditions::new(&trust, Clock::system().now()),
    };
    let mut files = Vec::new();
    let mut worst = None;
    for file in &arguments.files {
        let mut opening = Opening::new(&keys, trust.certificates());
        let signed = signed(file, content.as_ref(), &mut opening);
        if let Err(error) = &signed {
            complain(&format!("skrynka: {}", super::sentence(error)));
        }
        let is_unreadable = signed.is_err();
        let (outcome, report) = signed.map_or_else(
            |_| (Outcome::Failed, not_signed()),
            |(signed, encrypted)| {
                let conditions = Conditions { encrypted: &encrypted, ..conditions };
                let examined = signature::examine(&signed, &conditions);
                (outcome(&examined), examined.report().clone())
            },
        );
        worst = worst.max(Some(outcome));
        files.push(FileReport { file: file.display().to_string(), is_unreadable, report });
    }
    let policy = trust.algorithms();
    let algorithm_policy = PolicyName {
        name: policy.name().to_owned(),
        version: policy.version(),
        issued: policy.issued(),
    };
    let report = Report { algorithm_policy, files };
    if arguments.json {
        say(&serde_json::to_string_pretty(&report).context("the report does not fit JSON")?);
    } else {
        for file in report.files.iter().filter(|file| !file.is_unreadable) {
            table::print(&file.file, &file.report);
        }
    }
    Ok(match worst {
        Some(Outcome::Passed) => ExitCode::SUCCESS,
        Some(Outcome::Undecided) => ExitCode::from(UNDECIDED),
        Some(Outcome::Failed) | None => ExitCode::FAILURE,
    })
}

/// Signatures that pass and are all over something else than the document prove nothing of it.
fn outcome(examined: &Examined) -> Outcome {
    let is_covered = examined.proofs().iter().any(Proof::covers_document);
    match examined.report().indication {
        Some(Indication::TotalPassed) if is_covered => Outcome::Passed,
        Some(Indication::TotalPassed | Indication::Indeterminate) => Outcome::Undecided,
        Some(Indication::TotalFailed) | None => Outcome::Failed,
    }
}

/// What one file means for the exit code; the worst of several stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Undecided,
    /// A signature failed, or the file bears none.
    Failed,
}

/// The report on a file that cannot be read.
fn not_signed() -> DocumentReport {
    DocumentReport {
        container: Container::None,
        indication: None,
        sub_indication: None,
        signatures: Vec::new(),
        not_covered: Vec::new(),
        encrypted: false,
    }
}

/// What the files are judged by: certificates, keys and the content that was named.
fn given(arguments: &Arguments) -> anyhow::Result<(TrustStore, OrganisationKeys, Option<Bytes>)> {
    let own = arguments.policy.as_deref().map(read_algorithm_policy).transpose()?;
    let trust = read_trust(&arguments.trust, &own.unwrap_or_else(Policy::built_in))?;
    let keys = read_organisation_keys(&arguments.key, arguments.password_file.as_deref())?;
    Ok((trust, keys, arguments.content.as_deref().map(read).transpose()?))
}

fn read_trust(directories: &[PathBuf], policy: &Arc<Policy>) -> anyhow::Result<TrustStore> {
    let mut trust = TrustStore::empty().with_algorithms(Arc::clone(policy));
    let proof = ListProof::unconfigured(Arc::clone(policy));
    for directory in directories {
        let read = read_trust_directory(directory, &proof)?;
        for problem in &read.problems {
            complain(&format!("not used: {problem}"));
        }
        trust = trust.merged(read.store);
    }
    Ok(trust)
}

/// The file with what belongs to it: its detached signature `FILE.p7s`, or the content that it is
/// a signature of; and the encrypted files that they came in.
fn signed(
    file: &Path,
    content: Option<&Bytes>,
    opening: &mut Opening<'_>,
) -> anyhow::Result<(Signed, Vec<Encrypted>)> {
    let limits = Limits::default();
    let Decrypted { content: bytes, mut encrypted, .. } = opening.decrypt(&read(file)?, &limits);
    if signature::is_signature(&bytes) {
        let mut read_more = |path: &Path| {
            let more = opening.decrypt(&read(path)?, &limits);
            encrypted.extend(more.encrypted);
            anyhow::Ok(more.content)
        };
        let content = match content {
            Some(content) => Some(content.clone()),
            None if signature::is_detached(&bytes) => {
                beside(file).map(|path| read_more(&path)).transpose()?
            }
            None => None,
        };
        return Ok((Signed { content, signatures: vec![bytes] }, encrypted));
    }
    // Who names a content wants to know whether it was signed.
    anyhow::ensure!(
        content.is_none(),
        "{} is no signature file, so it is not over --content: leave that out to judge the file by itself",
        file.display()
    );
    let mut name = OsString::from(file);
    name.push(".p7s");
    let signature = Path::new(&name);
    let signatures = if signature.is_file() { vec![read(signature)?] } else { Vec::new() };
    Ok((Signed { content: Some(bytes), signatures }, encrypted))
}

/// `X` for `X.p7s`, when it is there.
fn beside(file: &Path) -> Option<PathBuf> {
    let content = file.with_extension("");
    let is_p7s = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("p7s"));
    (is_p7s && content.is_file()).then_some(content)
}

fn read(file: &Path) -> anyhow::Result<Bytes> {
    let doing = || format!("cannot read {}", file.display());
    let length = fs::metadata(file).with_context(doing)?.len();
    ensure!(
        length <= MAX_FILE_BYTES,
        "{} has {length} bytes, at most {MAX_FILE_BYTES} are read",
        file.display()
    );
    Ok(Bytes::from(fs::read(file).with_context(doing)?))
}
