//! `skrynka token`: programs that read through the API.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{
    Branches, ConfigFile, open_store,
    output::{said, table},
    say,
};
use crate::{
    clock::Clock,
    domain::{Actor, TokenScope},
    store::{NewToken, StoreError},
    web,
};

/// Adds, lists and revokes API tokens.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  skrynka token add -c skrynka.toml register --scope shares:read \
                        --branch school-5"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds a token and prints it, alone on the last line; it is shown only now.
    #[command(
        after_help = "Example:\n  skrynka token add -c skrynka.toml register --scope shares:read \
                            --branch school-5"
    )]
    Add {
        #[command(flatten)]
        config: ConfigFile,
        /// What the token is for.
        name: String,
        /// What it may do: shares:read.
        #[arg(long, value_name = "SCOPE")]
        scope: TokenScope,
        #[command(flatten)]
        branches: Branches,
    },
    /// Lists the tokens.
    #[command(after_help = "Example:\n  skrynka token list -c skrynka.toml")]
    List {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Revokes a token.
    #[command(after_help = "Example:\n  skrynka token revoke -c skrynka.toml register")]
    Revoke {
        #[command(flatten)]
        config: ConfigFile,
        /// The token's name.
        name: String,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    match arguments.command {
        Command::Add { config, name, scope, branches } => {
            let store = open_store(&config.load()?).await?;
            let branches = branches.scope(&store).await?;
            let token = web::Token::random().context("the system gives no random numbers")?;
            let row = NewToken { name, digest: token.digest(), scope, branches };
            if store.tokens().await?.iter().any(|other| other.name == row.name) {
                return Err(StoreError::NameTaken { kind: "token", name: row.name }.into());
            }
            // Shown first: one that opens something and was never seen could not be told from one
            // that somebody else has.
            say(&format!("The token {:?}, shown only now:", row.name));
            say(token.as_str());
            said().context("the token is not made, for it could not be shown")?;
            store
                .add_token(&row, &Actor::CommandLine, now)
                .await
                .context("the token that was shown opens nothing")?;
        }
        Command::List { config } => {
            let store = open_store(&config.load()?).await?;
            let rows: Vec<_> = store
                .tokens()
                .await?
                .into_iter()
                .map(|token| {
                    let branches = token.branches.to_string();
                    let state = if token.revoked_at.is_some() { "revoked" } else { "active" };
                    vec![token.name, token.scope.as_str().to_owned(), branches, state.to_owned()]
                })
                .collect();
            say(&table(&["name", "scope", "branches", "state"], &rows));
        }
        Command::Revoke { config, name } => {
            let store = open_store(&config.load()?).await?;
            store.revoke_token(&name, &Actor::CommandLine, now).await?;
            say(&format!("the token {name:?} no longer opens anything"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
