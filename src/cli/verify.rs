//! `skrynka verify`: judges the signatures of files on disk.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use clap::Args;
use serde::Serialize;

use super::{complain, say};
use crate::{
    app::read_trust_directory,
    clock::Clock,
    domain::{
        BestTimeSource, CertificateReport, Container, DocumentReport, Indication, SignatureReport,
        Timestamp,
    },
    signature::{self, Conditions, Signed},
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
/// signed, 3 when none failed and one is INDETERMINATE, 2 on wrong usage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  skrynka verify --trust trust passport.pdf.p7s\n  \
                        skrynka verify --trust trust --content passport.pdf signature.p7s --json")]
pub(super) struct Arguments {
    /// A directory of trusted certificates; may be repeated.
    #[arg(long, value_name = "DIR")]
    trust: Vec<PathBuf>,
    /// The content of a detached signature.
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
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
    files: Vec<FileReport>,
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
    let given = read_trust(&arguments.trust)
        .and_then(|trust| Ok((trust, arguments.content.as_deref().map(read).transpose()?)));
    let (trust, content) = match given {
        Ok(given) => given,
        // Of the files nothing is known: 1 would say that one of them is wrong.
        Err(error) => {
            complain(&format!("skrynka: {error:#}"));
            return Ok(ExitCode::from(WRONG_USAGE));
        }
    };
    let conditions = match arguments.at {
        Some(at) => Conditions::given(&trust, at),
        None => Conditions::new(&trust, Clock::system().now()),
    };
    let mut files = Vec::new();
    for file in &arguments.files {
        let signed = signed(file, content.as_ref());
        if let Err(error) = &signed {
            complain(&format!("skrynka: {error:#}"));
        }
        let is_unreadable = signed.is_err();
        let report = signed.map_or_else(
            |_| not_signed(),
            |signed| signature::examine(&signed, &conditions).report().clone(),
        );
        files.push(FileReport { file: file.display().to_string(), is_unreadable, report });
    }
    let worst = files.iter().map(|file| file.report.indication).map(outcome).max();
    let report = Report { files };
    if arguments.json {
        say(&serde_json::to_string_pretty(&report).context("the report does not fit JSON")?);
    } else {
        for file in report.files.iter().filter(|file| !file.is_unreadable) {
            print(file);
        }
    }
    Ok(match worst {
        Some(Outcome::Passed) => ExitCode::SUCCESS,
        Some(Outcome::Undecided) => ExitCode::from(UNDECIDED),
        Some(Outcome::Failed) | None => ExitCode::FAILURE,
    })
}

fn outcome(indication: Option<Indication>) -> Outcome {
    match indication {
        Some(Indication::TotalPassed) => Outcome::Passed,
        Some(Indication::Indeterminate) => Outcome::Undecided,
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
    }
}

fn read_trust(directories: &[PathBuf]) -> anyhow::Result<TrustStore> {
    let mut certificates = Vec::new();
    for directory in directories {
        let read = read_trust_directory(directory)?;
        for problem in &read.problems {
            complain(&format!("not used: {problem}"));
        }
        certificates.extend(read.store.certificates().iter().cloned());
    }
    Ok(TrustStore::new(certificates))
}

/// The file with what belongs to it: its detached signature `FILE.p7s`, or the content that it is
/// a signature of.
fn signed(file: &Path, content: Option<&Bytes>) -> anyhow::Result<Signed> {
    let bytes = read(file)?;
    if signature::is_signature(&bytes) {
        let content = match content {
            Some(content) => Some(content.clone()),
            None if signature::is_detached(&bytes) => beside(file).map(|p| read(&p)).transpose()?,
            None => None,
        };
        return Ok(Signed { content, signatures: vec![bytes] });
    }
    let mut name = OsString::from(file);
    name.push(".p7s");
    let signature = Path::new(&name);
    let signatures = if signature.is_file() { vec![read(signature)?] } else { Vec::new() };
    Ok(Signed { content: Some(bytes), signatures })
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

fn print(file: &FileReport) {
    let FileReport { file, report, .. } = file;
    let Some(indication) = report.indication else {
        say(&format!("{file}: not signed"));
        return;
    };
    say(&format!("{file}: {}", with_sub_indication(indication, report.sub_indication)));
    for (number, signature) in report.signatures.iter().enumerate() {
        say(&format!("  signature {} of {}", number + 1, report.signatures.len()));
        print_signature(signature);
    }
}

fn print_signature(signature: &SignatureReport) {
    let line = |name: &str, value: &str| say(&format!("    {name:<12} {value}"));
    line("result", &with_sub_indication(signature.indication, signature.sub_indication));
    if let Some(reason) = &signature.reason {
        line("why", reason);
    }
    line("signer", &signature.signer.name);
    if let Some(organisation) = &signature.signer.organisation {
        line("organisation", organisation);
    }
    if let Some(code) = &signature.signer.code {
        line("code", code);
    }
    line("algorithm", &format!("{}, {}", signature.algorithm, signature.digest_algorithm));
    line("level", signature.level.as_str());
    if let Some(claimed) = signature.signing_time {
        line("claims", &format!("to be signed at {claimed} (a claim, no proof)"));
    }
    let source = match signature.best_time_source {
        BestTimeSource::ArchiveTimestamp => "an archive time-stamp proves it",
        BestTimeSource::ContentTimestamp => {
            "a content time-stamp: of the document, not of the signature"
        }
        BestTimeSource::DocumentTimestamp => "a document time-stamp proves it",
        BestTimeSource::Given => "the moment asked for",
        BestTimeSource::Receipt => "now: nothing older is proved",
        BestTimeSource::SignatureTimestamp => "a signature time-stamp proves it",
    };
    line("judged for", &format!("{} ({source})", signature.best_time));
    for certificate in &signature.chain {
        line("certificate", &in_words(certificate));
    }
    for warning in &signature.warnings {
        line("warning", &warning.to_string());
    }
}

fn in_words(certificate: &CertificateReport) -> String {
    let CertificateReport { subject, not_before, not_after, key, problem, .. } = certificate;
    let problem = problem.as_ref().map(|text| format!(" PROBLEM: {text}")).unwrap_or_default();
    format!("{subject} ({key}, {not_before} to {not_after}){problem}")
}

fn with_sub_indication(
    indication: Indication,
    sub_indication: Option<crate::domain::SubIndication>,
) -> String {
    match sub_indication {
        Some(sub) => format!("{indication}/{sub}"),
        None => indication.to_string(),
    }
}
