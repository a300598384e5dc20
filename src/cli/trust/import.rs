//! `skrynka trust import`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

use super::{list_name, read, summary, verified, warn};
use crate::{
    app::{self, ListRules},
    cli::say,
    clock::Clock,
    config::Trust,
    trust::{self, Certificate},
};

pub(super) fn run(
    trust: &Trust,
    files: &[PathBuf],
    include_test: bool,
    rules: &ListRules,
) -> anyhow::Result<ExitCode> {
    let directory = &trust.directory;
    anyhow::ensure!(directory.is_dir(), "{} is no directory", directory.display());
    let mut whole = true;
    for file in files {
        let bytes = read(file)?;
        if is_xml(&bytes) {
            import_list(trust, file, &bytes, rules.clone())?;
        } else {
            let found = trust::read_certificates(&bytes)
                .with_context(|| format!("{} is refused", file.display()))?;
            whole &= import_certificates(directory, file, &found, include_test)?;
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

fn import_list(
    trust: &Trust,
    file: &Path,
    bytes: &[u8],
    mut rules: ListRules,
) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let mut appended = file.as_os_str().to_owned();
    appended.push(".sha2");
    let beside = [file.with_extension("sha2"), PathBuf::from(appended)];
    if let Some(published) = beside.iter().find(|path| path.is_file()) {
        let digest = app::published_digest(&read(published)?);
        rules.published =
            Some(digest.with_context(|| format!("{} is no SHA-256", published.display()))?);
    }
    let refused = || format!("{} is refused", file.display());
    let accepted = app::accept_list(bytes, &rules, now).with_context(refused)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let path = trust.directory.join(list_name(&name));
    app::store_list(&path, bytes, &accepted).with_context(refused)?;
    say(&format!("{}: {}", path.display(), summary(&accepted.list)));
    say(&verified(&accepted.note.verified));
    for problem in &accepted.list.problems {
        warn(problem);
    }
    if accepted.list.is_overdue_at(now) {
        warn("the list is past its next update: fetch a newer one");
    }
    Ok(())
}

/// Whether all of them were taken, or there before.
fn import_certificates(
    directory: &Path,
    file: &Path,
    found: &[Certificate],
    include_test: bool,
) -> anyhow::Result<bool> {
    let mut whole = true;
    for certificate in found {
        let subject = certificate.subject();
        if is_test(certificate) && !include_test {
            warn(&format!("not taken, for its name is that of a test: {subject} (--include-test)"));
            whole = false;
            continue;
        }
        // Whom a bundle names is trusted to issue; to be trusted as a signer is another matter.
        if found.len() > 1 && !certificate.is_authority() {
            warn(&format!("not taken, for it is no authority's: {subject}"));
            continue;
        }
        let sha256 = certificate.sha256().to_string();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let stem: String =
            stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let short = sha256.get(..16).unwrap_or(&sha256);
        let path = directory.join(format!("{stem}-{short}.cer").trim_start_matches('-'));
        app::replace_file(&path, certificate.der())?;
        say(&format!("{}: {subject}", path.display()));
        say(&format!(
            "  {}, valid {} to {}, SHA-256 {sha256}",
            certificate.key_name(),
            certificate.not_before(),
            certificate.not_after()
        ));
    }
    Ok(whole)
}

/// Test authorities are published beside the real ones, and sign for everybody who asks.
fn is_test(certificate: &Certificate) -> bool {
    let names = [certificate.subject(), certificate.issuer()].map(str::to_uppercase);
    names.iter().any(|name| name.contains("TEST") || name.contains("ТЕСТ"))
}
