//! `skrynka init`: a new installation in a directory.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{password, say};
use crate::{
    clock::Clock,
    config::Config,
    domain::{Actor, BranchScope, Role},
    sealing::MasterKey,
    store::NewUser,
};

/// Makes a new installation: configuration, master key, trust directory, database, first admin.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka init /srv/skrynka --hostname docs.example.ua\n  \
                        skrynka serve -c /srv/skrynka/skrynka.toml")]
pub(super) struct Arguments {
    /// The directory; made when it is not there.
    directory: PathBuf,
    /// Where mail comes in.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    smtp: SocketAddr,
    /// Where dashboard and API are.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    web: SocketAddr,
    /// Where the metrics page is.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9464")]
    metrics: SocketAddr,
    /// The server's name in the greeting: the name that the MX record points to.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    hostname: String,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { directory, smtp, web, metrics, hostname } = arguments;
    let addresses = Addresses { smtp, web, metrics };
    let file = directory.join("skrynka.toml");
    // Before anything is made: what is refused would be half an installation.
    Config::read(&file, &text(&addresses, &hostname), std::env::vars())
        .context("nothing is made; begin with addresses that work, and change the file later")?;
    let config = lay_out(&directory, &addresses, &hostname)?;
    let password = password::make()?;
    let store = super::open_store(&Config::load(&config, std::env::vars())?).await?;
    let admin = NewUser {
        name: "admin".to_owned(),
        password_hash: password_auth::generate_hash(&password),
        role: Role::Admin,
        scope: BranchScope::All,
    };
    store
        .add_user(&admin, &Actor::CommandLine, Clock::system().now())
        .await
        .context("cannot add the first admin")?;

    let config = config.display();
    say(&format!("A new installation is in {}.", directory.display()));
    say("  skrynka.toml   the configuration");
    say("  master.key     opens every stored copy: back it up, apart from the data");
    say("  trust/         put the certificates here that signatures are believed by");
    say("  data/          database, sealed copies, mail in transit");
    say("");
    say("Next:");
    say(&format!("  skrynka registry apply -c {config} registry.toml   # branches and services"));
    say(&format!("  skrynka check -c {config}                         # is anything missing"));
    say(&format!("  skrynka serve -c {config}"));
    say("");
    say(
        "The first admin's name and password (shown only now; `skrynka user password` sets another):",
    );
    say(&format!("  admin  {password}"));
    Ok(ExitCode::SUCCESS)
}

/// Where an installation listens.
pub(super) struct Addresses {
    pub(super) smtp: SocketAddr,
    pub(super) web: SocketAddr,
    pub(super) metrics: SocketAddr,
}

/// Makes the directories, the configuration and the master key; gives the configuration's path.
///
/// Refuses a directory that already holds an installation: a master key written over is the loss
/// of every copy that it opens.
pub(super) fn lay_out(
    directory: &Path,
    addresses: &Addresses,
    hostname: &str,
) -> anyhow::Result<PathBuf> {
    let config = directory.join("skrynka.toml");
    for taken in [&config, &directory.join("master.key")] {
        if taken.exists() {
            bail!(
                "{} exists: there is an installation already, nothing is changed",
                taken.display()
            );
        }
    }
    for made in [directory.to_owned(), directory.join("trust"), directory.join("data")] {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&made)
            .with_context(|| format!("cannot make the directory {}", made.display()))?;
    }
    MasterKey::generate()
        .and_then(|key| key.create_file(&directory.join("master.key")))
        .context("cannot make the master key")?;
    super::write_private(&config, text(addresses, hostname).as_bytes())?;
    Ok(config)
}

fn text(addresses: &Addresses, hostname: &str) -> String {
    let Addresses { smtp, web, metrics } = addresses;
    let hostname = toml::Value::String(hostname.to_owned());
    format!(
        "# Skrynka's configuration. Paths are relative to this file. deploy/OPERATING.md lists every\n\
         # key with its default, which holds for what is not here. A variable of the environment\n\
         # stands over the file: SKRYNKA_SMTP__HOSTNAME=… for [smtp] hostname.\n\
         \n\
         [smtp]\n\
         listen = [\"{smtp}\"]\n\
         hostname = {hostname}\n\
         # STARTTLS: certificate chain and key, PEM.\n\
         # certificate = \"tls/fullchain.pem\"\n\
         # private_key = \"tls/privkey.pem\"\n\
         \n\
         [web]\n\
         listen = \"{web}\"\n\
         # HTTPS, without which only a loopback address is listened on: OPERATING.md, \"TLS\".\n\
         # hostname = \"docs.example.ua\"\n\
         # certificate = \"tls/fullchain.pem\"\n\
         # private_key = \"tls/privkey.pem\"\n\
         # Or the server gets them itself:\n\
         # acme = {{ agree_to_terms = true }}\n\
         \n\
         [metrics]\n\
         listen = \"{metrics}\"\n\
         \n\
         [store]\n\
         url = \"sqlite:data/skrynka.db\"\n\
         \n\
         # Encrypted copies (.p7e): the organisation's private keys and their password, in files\n\
         # that only the server's user may read: OPERATING.md, \"Encrypted copies\".\n\
         # [envelope]\n\
         # keys = [\"organisation.p12\"]\n\
         # password_file = \"organisation.password\"\n\
         \n\
         [vault]\n\
         directory = \"data/objects\"\n\
         master_key = \"master.key\"\n\
         \n\
         [spool]\n\
         directory = \"data/spool\"\n\
         \n\
         [trust]\n\
         directory = \"trust\"\n\
         \n\
         # SPF, DKIM and DMARC are noted as findings, which asks the DNS: OPERATING.md, \"Mail signals\".\n\
         [sender]\n\
         check = true\n\
         \n\
         [signatures]\n\
         # \"require\": nothing is verified before it is known that no certificate was revoked.\n\
         revocation = \"prefer\"\n\
         # Lists and answers are fetched from the authorities: OPERATING.md, \"Revocation\".\n\
         fetch = true\n\
         \n\
         [retention]\n\
         quarantine_days = 30\n"
    )
}
