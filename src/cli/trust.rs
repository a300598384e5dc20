//! `skrynka trust`: the trusted certificates and trust lists.

mod import;
mod show;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{complain, say};
use crate::{
    algorithms::Policy,
    app::{self, HowVerified, ListProof, ListRules},
    clock::Clock,
    config::{Config, Trust},
    domain::Sha256,
    trust::TrustList,
};

/// Shows and changes whom signatures are believed by.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    skrynka trust import -c skrynka.toml czo-root.cer\n  \
    skrynka trust import --trust trust TL-UA-EC.xml --signer 4f0c…\n  \
    skrynka trust update -c skrynka.toml\n  \
    skrynka trust list -c skrynka.toml")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Copies certificates (.cer, .pem, .p7b) or a trust list (.xml) into the trust directory.
    ///
    /// Of a file with several certificates only authorities are taken; import a single file to
    /// trust a signer by name. A list must be signed by a pinned certificate (--signer, or
    /// `[trust] list_signers`). One whose signature cannot be checked is taken when it has the
    /// digest of the .sha2 file beside it and the one named with --sha256.
    #[command(after_help = "Examples:\n  \
        skrynka trust import -c skrynka.toml czo-root.cer\n  \
        skrynka trust import --trust trust CACertificates.p7b\n  \
        skrynka trust import -c skrynka.toml TL-UA-DSTU.xml --sha256 9b1c…")]
    Import {
        #[command(flatten)]
        place: Place,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Takes certificates with TEST or ТЕСТ in their names too.
        #[arg(long)]
        include_test: bool,
        #[command(flatten)]
        proof: Proof,
    },
    /// Lists the trusted certificates and the trust lists.
    #[command(after_help = "Example:\n  skrynka trust list -c skrynka.toml")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Shows one certificate or trust list in full.
    #[command(after_help = "Examples:\n  skrynka trust show --trust trust 96b44a35\n  \
        skrynka trust show --trust trust TL-UA-DSTU.xml")]
    Show {
        #[command(flatten)]
        place: Place,
        /// The beginning of a certificate's SHA-256, or a file.
        what: String,
    },
    /// Fetches the trust list of `[trust] list_url` and puts it in place of the old one.
    ///
    /// The old one stays when there is any doubt about the new one.
    #[command(after_help = "Example:\n  skrynka trust update -c skrynka.toml")]
    Update {
        #[command(flatten)]
        place: Place,
        /// Another address than that of the configuration.
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        proof: Proof,
    },
}

/// Which trust directory.
#[derive(Debug, Args)]
struct Place {
    /// The configuration file [default: skrynka.toml, unless --trust is given].
    #[arg(short = 'c', long = "config", value_name = "FILE", conflicts_with = "trust")]
    config: Option<PathBuf>,
    /// A trust directory, without a configuration.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

/// What a list is verified by, besides the configuration.
#[derive(Debug, Args)]
struct Proof {
    /// SHA-256 of a certificate that may sign the list; may be repeated.
    #[arg(long, value_name = "SHA256")]
    signer: Vec<Sha256>,
    /// SHA-256 of the list itself, compared by you with what the authority publishes.
    #[arg(long, value_name = "SHA256")]
    sha256: Option<Sha256>,
}

impl Place {
    /// The trust directory and what its lists are held against.
    fn load(&self) -> anyhow::Result<(PathBuf, ListProof)> {
        let (trust, algorithms) = self.load_with_policy()?;
        let proof = if self.trust.is_some() {
            ListProof::unconfigured(algorithms)
        } else {
            ListProof::configured(&trust, algorithms)
        };
        Ok((trust.directory, proof))
    }

    /// `[trust]` with the algorithm policy of the installation, the one that is built in where
    /// there is no configuration.
    fn load_with_policy(&self) -> anyhow::Result<(Trust, Arc<Policy>)> {
        if let Some(directory) = &self.trust {
            let trust = Trust { directory: directory.clone(), ..Trust::default() };
            return Ok((trust, Policy::built_in()));
        }
        let file = self.config.clone().unwrap_or_else(|| "skrynka.toml".into());
        let config = Config::load(&file, std::env::vars())?;
        let algorithms = app::algorithm_policy(&config.signatures)?;
        Ok((config.trust, algorithms))
    }
}

impl Proof {
    fn rules(&self, trust: &Trust, algorithms: Arc<Policy>) -> anyhow::Result<ListRules> {
        let mut signers = Vec::new();
        for pin in &trust.list_signers {
            signers.push(pin.parse().with_context(|| format!("[trust] list_signers, {pin}"))?);
        }
        let configured = trust.list_sha256.as_ref().map(|digest| digest.parse::<Sha256>());
        let configured = configured.transpose().context("[trust] list_sha256")?;
        Ok(ListRules {
            algorithms,
            signers,
            named: self.signer.clone(),
            sha256: self.sha256.or(configured),
            published: None,
            territory: Some(trust.list_territory.clone()),
        })
    }
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Files and downloads block.
    tokio::task::spawn_blocking(move || run_blocking(&arguments))
        .await
        .context("the command ended early")?
}

fn run_blocking(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Import { place, files, include_test, proof } => {
            let (trust, algorithms) = place.load_with_policy()?;
            import::run(&trust, files, *include_test, &proof.rules(&trust, algorithms)?)
        }
        Command::List { place } => {
            let (directory, proof) = place.load()?;
            show::list(&directory, &proof)
        }
        Command::Show { place, what } => {
            let (directory, proof) = place.load()?;
            show::one(&directory, &proof, what)
        }
        Command::Update { place, url, proof } => {
            let (trust, algorithms) = place.load_with_policy()?;
            update(&trust, url.as_deref(), proof.rules(&trust, algorithms)?)
        }
    }
}

fn update(trust: &Trust, url: Option<&str>, mut rules: ListRules) -> anyhow::Result<ExitCode> {
    let Some(url) = url.or(trust.list_url.as_deref()) else {
        bail!("no address to fetch from: set [trust] list_url, or name it with --url");
    };
    let (bytes, published) = app::download_list(url)?;
    rules.published = published;
    let now = Clock::system().now();
    let mut accepted = app::accept_list(&bytes, &rules, now).context("the old list stays")?;
    accepted.note.url = Some(url.to_owned());
    if let Some(next_update) = accepted.list.next_update.filter(|next| now > *next) {
        let refusal = app::ListRefusal::Overdue { next_update, now };
        return Err(anyhow::Error::new(refusal).context("the old list stays"));
    }
    let path = trust.directory.join(list_name(url));
    app::store_list(&path, &bytes, &accepted).context("the old list stays")?;
    say(&format!("{}: {}", path.display(), summary(&accepted.list)));
    say(&verified(&accepted.note.verified));
    Ok(ExitCode::SUCCESS)
}

/// The name that a list of this address or path is kept by.
fn list_name(from: &str) -> String {
    let last = from.rsplit('/').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_plain = last.chars().all(plain) && !last.starts_with('.') && last.len() <= 128;
    match last.strip_suffix(".xml").filter(|stem| is_plain && !stem.is_empty()) {
        Some(stem) => format!("{stem}.xml"),
        None => "trust-list.xml".to_owned(),
    }
}

/// What a list is, in one line.
fn summary(list: &TrustList) -> String {
    let next = list.next_update.map_or_else(|| "never".to_owned(), |next| next.to_string());
    format!(
        "trust list of {}, issue {} of {}, next update {next}, services: {}",
        list.territory,
        list.sequence,
        list.issued_at,
        list.services.len()
    )
}

/// How a list was verified, in one line.
fn verified(how: &HowVerified) -> String {
    match how {
        HowVerified::Signature { signer, algorithm, .. } => {
            format!("verified by its signature ({algorithm}) of the pinned certificate {signer}")
        }
        HowVerified::Digest { why } => format!(
            "verified by its SHA-256 alone, as published and as named; its signature was NOT \
             checked: {why}"
        ),
    }
}

fn warn(text: &str) {
    complain(&format!("warning: {text}"));
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let refuse = || format!("cannot read {}", file.display());
    let length = std::fs::metadata(file).with_context(refuse)?.len();
    let most = u64::try_from(TrustList::MAX_LEN).unwrap_or(u64::MAX);
    anyhow::ensure!(length <= most, "{}: {length} bytes are too many", file.display());
    std::fs::read(file).with_context(refuse)
}

#[cfg(test)]
mod tests {
    use super::list_name;

    #[test]
    fn a_list_is_kept_by_a_plain_name() {
        for (from, name) in [
            ("https://czo.gov.ua/download/tl/TL-UA-DSTU.xml", "TL-UA-DSTU.xml"),
            ("TL-UA.xml", "TL-UA.xml"),
            ("https://czo.gov.ua/", "trust-list.xml"),
            ("https://czo.gov.ua/.xml", "trust-list.xml"),
            ("https://czo.gov.ua/a%2fb.xml", "trust-list.xml"),
            ("https://czo.gov.ua/list?x=1.xml", "trust-list.xml"),
        ] {
            assert_eq!(list_name(from), name);
        }
    }
}
