//! `skrynka trust list` and `skrynka trust show`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};

use super::{read, summary, verified, warn};
use crate::{
    app::{ListProof, read_imported, read_trust_directory},
    cli::{output::table, say},
    clock::Clock,
    domain::hex,
    trust::{
        self, Certificate, CertificateUse, ServiceExtensions, ServiceKind, TrustList, TrustService,
    },
};

pub(super) fn list(directory: &Path, proof: &ListProof) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    let read = read_trust_directory(directory, proof)?;
    let rows: Vec<_> = read
        .store
        .certificates()
        .iter()
        .map(|certificate| {
            let sha256 = certificate.sha256().to_string();
            vec![
                sha256.get(..16).unwrap_or(&sha256).to_owned(),
                certificate.key_name(),
                certificate.not_before().to_string(),
                certificate.not_after().to_string(),
                if read.store.is_listed(certificate) { "list" } else { "directory" }.to_owned(),
                certificate.subject().to_owned(),
            ]
        })
        .collect();
    let header = ["SHA-256", "key", "valid from", "to", "source", "subject"];
    say(&table(&header, &rows));
    for path in list_files(directory)? {
        if let Ok((list, note)) = read_imported(&path, proof) {
            let days = now.seconds_since(list.issued_at) / 86_400;
            say(&format!("{}: {}, {days} days old", path.display(), summary(&list)));
            say(&format!("  {}", verified(&note.verified)));
            if list.is_overdue_at(now) {
                warn("this list is past its next update; it is used for the days of grace");
            }
        }
    }
    for problem in &read.problems {
        warn(&format!("not used: {problem}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn one(directory: &Path, proof: &ListProof, what: &str) -> anyhow::Result<ExitCode> {
    let inside = directory.join(what);
    if let Some(file) = [inside, PathBuf::from(what)].iter().find(|path| path.is_file()) {
        if file.extension().is_some_and(|extension| extension == "xml") {
            show_list(file, proof)?;
        } else {
            let found = trust::read_certificates(&read(file)?)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            found.iter().for_each(show_certificate);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let read = read_trust_directory(directory, proof)?;
    let digits = what.replace(':', "").to_lowercase();
    let named = |certificate: &&Certificate| certificate.sha256().to_string().starts_with(&digits);
    let found: Vec<_> = read.store.certificates().iter().filter(named).collect();
    match found.as_slice() {
        [one] if digits.len() >= 8 => show_certificate(one),
        _ => bail!(
            "{what} is neither a file nor the beginning (at least 8 digits) of the SHA-256 of one \
             trusted certificate"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn list_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let refuse = || format!("cannot read {}", directory.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(refuse)? {
        files.push(entry.with_context(refuse)?.path());
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    files.sort();
    Ok(files)
}

fn show_list(file: &Path, proof: &ListProof) -> anyhow::Result<()> {
    let list = match read_imported(file, proof) {
        Ok((list, note)) => {
            say(&format!("{}: {}", file.display(), summary(&list)));
            say(&format!("{}, on {}", verified(&note.verified), note.accepted_at));
            say(&format!("SHA-256 {}", note.sha256));
            list
        }
        Err(refusal) => {
            let list = TrustList::read(&read(file)?)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            say(&format!("{}: {}", file.display(), summary(&list)));
            warn(&format!("NOT verified, and not used: {refusal}"));
            list
        }
    };
    for service in &list.services {
        show_service(service);
    }
    for problem in &list.problems {
        warn(problem);
    }
    Ok(())
}

fn show_service(service: &TrustService) {
    let kind = match &service.kind {
        ServiceKind::QualifiedAuthority => "CA/QC",
        ServiceKind::QualifiedTimeStamping => "TSA/QTST",
        ServiceKind::Other(uri) => uri,
    };
    say(&format!("\n{} · {}\n  {kind}", service.provider, service.name));
    for status in &service.history {
        let word = if status.is_granted { "granted" } else { "not granted" };
        say(&format!("  from {}: {word}{}", status.from, extensions(&status.extensions)));
    }
    for certificate in &service.certificates {
        say(&format!(
            "  {}, valid {} to {}\n    {}",
            certificate.subject(),
            certificate.not_before(),
            certificate.not_after(),
            certificate.sha256()
        ));
    }
}

/// What the list says of a service besides its status.
fn extensions(extensions: &ServiceExtensions) -> String {
    let uses = extensions.uses.iter().map(|used| match used {
        CertificateUse::Seals => "seals",
        CertificateUse::Signatures => "signatures",
        CertificateUse::WebSites => "web sites",
    });
    let uses = uses.collect::<Vec<_>>().join(" and ");
    let uses = (!uses.is_empty()).then(|| format!(", for {uses}"));
    let rules = extensions.qualifications.len();
    let rules = (rules > 0).then(|| format!(", {rules} rules on its certificates"));
    let taken = extensions.taken_over_by.as_ref().map(|name| format!(", taken over by {name}"));
    [uses, rules, taken].into_iter().flatten().collect()
}

fn show_certificate(certificate: &Certificate) {
    let statements = certificate.qualified_statements();
    let mut said = Vec::new();
    if statements.national_mark {
        said.push("national mark of a qualified certificate".to_owned());
    }
    if statements.compliance {
        said.push("QcCompliance".to_owned());
    }
    if statements.device {
        said.push("QcSSCD".to_owned());
    }
    said.extend(statements.types.iter().map(|kind| format!("QcType {kind}")));
    said.extend(
        statements
            .limit
            .as_ref()
            .map(|limit| format!("limit {}e{} {}", limit.amount, limit.exponent, limit.currency)),
    );
    said.extend(statements.disclosures.iter().map(|(url, language)| format!("{url} ({language})")));
    say(&format!("subject    {}", certificate.subject()));
    say(&format!("issuer     {}", certificate.issuer()));
    say(&format!("serial     {}", certificate.serial()));
    say(&format!("valid      {} to {}", certificate.not_before(), certificate.not_after()));
    say(&format!("key        {}", certificate.key_name()));
    say(&format!("authority  {}", if certificate.is_authority() { "yes" } else { "no" }));
    say(&format!("key id     {}", hex(certificate.subject_key_id().unwrap_or_default())));
    if let Some(purposes) = certificate.purposes() {
        say(&format!("purposes   {}", purposes.join(", ")));
    }
    if !said.is_empty() {
        say(&format!("statements {}", said.join("; ")));
    }
    say(&format!("SHA-256    {}\n", certificate.sha256()));
}
