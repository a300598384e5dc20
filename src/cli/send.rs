//! `skrynka send`: composes a sample share and sends it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};

use super::say;
use crate::{
    clock::Clock,
    domain::{MailAddress, Timestamp, TypeCode},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        client::Client,
        copy::Copy,
        mail::{Attachment, Draft},
    },
};

/// Composes a share of invented copies, or of files, and sends it by SMTP.
///
/// The copies are signed by a sample authority. With --authority its seed is kept in a file, so
/// that later shares come from the same one; --root writes its certificate, for a trust
/// directory. Never trust it anywhere but in a try-out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    skrynka send --to school5@docs.example.ua --document internal-passport\n  \
    skrynka send --authority sample.seed --root trust/sample.pem --to school5@docs.example.ua \\\n    \
    --document birth-certificate --document internal-passport --signer seal\n  \
    skrynka send --to school5@docs.example.ua passport.pdf passport.pdf.p7s")]
pub(super) struct Arguments {
    /// The server.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    server: SocketAddr,
    /// The branch's mailbox.
    #[arg(long, value_name = "ADDRESS")]
    to: MailAddress,
    /// The visitor's mailbox.
    #[arg(long, value_name = "ADDRESS", default_value = "testova.osoba@mail.example.ua")]
    from: MailAddress,
    /// A copy to make, by its type code; may be repeated.
    #[arg(long = "document", value_name = "TYPE")]
    documents: Vec<TypeCode>,
    /// Who signs the copies.
    #[arg(long, value_enum, default_value_t = SignedBy::Seal)]
    signer: SignedBy,
    /// Puts each copy inside its signature, in place of a signature beside it.
    #[arg(long)]
    attached: bool,
    /// The file that keeps the sample authority's seed; made when it is not there.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Writes the sample authority's certificate there before sending.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// The mail's Message-ID, without angle brackets. Default: a new one.
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,
    /// Files to send as they are.
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SignedBy {
    /// An organisation's seal, ECDSA P-256.
    Seal,
    /// A person, Ed25519.
    Person,
    /// Nobody.
    Nobody,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    ensure!(
        !(arguments.documents.is_empty() && arguments.files.is_empty()),
        "nothing to send: name a --document TYPE or a file"
    );
    let now = Clock::system().now();
    let mut attachments = copies(&arguments, now)?;
    for file in &arguments.files {
        attachments.push(attachment(file)?);
    }
    let names: Vec<_> = attachments.iter().map(|attachment| attachment.name.clone()).collect();
    let message_id = match arguments.message_id {
        Some(id) => id,
        None => format!("{}@mail.example.ua", super::password::make()?),
    };
    let draft = Draft {
        message_id,
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        date: now,
        subject: "Копії документів із застосунку Дія".to_owned(),
        text: "Надсилаю копії документів.".to_owned(),
        attachments,
    };

    let patience = Duration::from_mins(1);
    let mut client = Client::connect(arguments.server, patience)
        .await
        .with_context(|| format!("cannot reach {}", arguments.server))?;
    client.hello("localhost").await?;
    let sent = client
        .send(Some(&arguments.from), std::slice::from_ref(&arguments.to), &draft.compose())
        .await?;
    client.quit().await?;
    for name in names {
        say(&format!("  {name}"));
    }
    if !sent.is_accepted() {
        bail!("{} refused the mail: {}", arguments.server, sent.last());
    }
    say(&format!("accepted: {} (Message-ID {})", sent.last(), draft.message_id));
    Ok(ExitCode::SUCCESS)
}

fn copies(arguments: &Arguments, now: Timestamp) -> anyhow::Result<Vec<Attachment>> {
    if arguments.documents.is_empty() && arguments.root.is_none() {
        return Ok(Vec::new());
    }
    let validity = Validity::days(now.plus_seconds(-86_400), 365);
    let mut authority = Authority::root(seed(arguments.authority.as_deref())?, validity)?;
    if let Some(path) = &arguments.root {
        fs::write(path, authority.certificate_pem()?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let signer = match arguments.signer {
        SignedBy::Nobody => None,
        SignedBy::Person => {
            Some(authority.signer(Subject::Person, KeyAlgorithm::Ed25519, validity)?)
        }
        SignedBy::Seal => {
            Some(authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity)?)
        }
    };
    let mut attachments = Vec::new();
    let first = u64::try_from(now.as_micros()).unwrap_or(0);
    for (number, type_code) in (first..).zip(&arguments.documents) {
        let copy = Copy::new(type_code, number, now);
        attachments.extend(files_of(&copy, signer.as_ref(), arguments.attached, now)?);
    }
    Ok(attachments)
}

fn files_of(
    copy: &Copy,
    signer: Option<&Signer>,
    attached: bool,
    now: Timestamp,
) -> anyhow::Result<Vec<Attachment>> {
    Ok(match signer {
        None => vec![copy.unsigned()],
        Some(signer) if attached => vec![copy.attached(signer, now)?],
        Some(signer) => copy.detached(signer, now)?.to_vec(),
    })
}

fn seed(path: Option<&Path>) -> anyhow::Result<Seed> {
    let Some(path) = path else { return Ok(Seed::random()?) };
    if let Ok(bytes) = fs::read(path) {
        let bytes: [u8; 32] = bytes
            .try_into()
            .ok()
            .with_context(|| format!("{} is not a seed: it has 32 bytes", path.display()))?;
        return Ok(Seed::from(bytes));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    super::write_private(path, &bytes)?;
    Ok(Seed::from(bytes))
}

fn attachment(file: &Path) -> anyhow::Result<Attachment> {
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().context("a file to send has a name")?;
    let name = name.to_string_lossy().into_owned();
    let media_type = match file.extension().and_then(|extension| extension.to_str()) {
        Some("pdf") => "application/pdf",
        Some("p7s") => "application/pkcs7-signature",
        _ => "application/octet-stream",
    };
    Ok(Attachment { name, media_type: media_type.to_owned(), content })
}
