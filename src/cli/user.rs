//! `skrynka user`: members of staff.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigFile, open_store, output::table, password, say};
use crate::{
    clock::Clock,
    domain::{Actor, BranchId, BranchScope, Role},
    store::NewUser,
};

/// Adds, lists and disables members of staff.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  echo 'a long pass phrase' | skrynka user add -c skrynka.toml \
                        olena --role operator --branch school-5")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds a user; the password is read from standard input.
    #[command(after_help = "Example:\n  echo 'a long pass phrase' | skrynka user add \
                            -c skrynka.toml olena --role operator --branch school-5")]
    Add {
        #[command(flatten)]
        config: ConfigFile,
        /// The name to log in with.
        name: String,
        /// operator, supervisor, auditor or admin.
        #[arg(long)]
        role: Role,
        /// A branch that the user sees; may be repeated. Without it: every branch.
        #[arg(long = "branch", value_name = "ID")]
        branches: Vec<BranchId>,
    },
    /// Disables a user and ends their sessions.
    #[command(after_help = "Example:\n  skrynka user disable -c skrynka.toml olena")]
    Disable {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
    },
    /// Lists the users.
    #[command(after_help = "Example:\n  skrynka user list -c skrynka.toml")]
    List {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Sets a new password, read from standard input, and ends the user's sessions.
    #[command(after_help = "Example:\n  echo 'another pass phrase' | skrynka user password \
                            -c skrynka.toml olena")]
    Password {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    match arguments.command {
        Command::Add { config, name, role, branches } => {
            let (store, _) = open_store(&config.load()?).await?;
            super::require_branches(&store, &branches).await?;
            let scope = super::scope(branches);
            let password_hash = password_auth::generate_hash(password::read()?);
            let user = NewUser { name, password_hash, role, scope };
            store.add_user(&user, &Actor::CommandLine, now).await?;
            say(&format!("{} ({}) can log in", user.name, user.role));
        }
        Command::Disable { config, name } => {
            let (store, _) = open_store(&config.load()?).await?;
            store.disable_user(&name, &Actor::CommandLine, now).await?;
            say(&format!("{name} can no longer log in"));
        }
        Command::List { config } => {
            let (store, _) = open_store(&config.load()?).await?;
            let rows: Vec<_> = store
                .users()
                .await?
                .into_iter()
                .map(|user| {
                    let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
                    vec![
                        user.name,
                        user.role.to_string(),
                        branches_of(&user.scope),
                        state.to_owned(),
                    ]
                })
                .collect();
            say(&table(&["name", "role", "branches", "state"], &rows));
        }
        Command::Password { config, name } => {
            let (store, _) = open_store(&config.load()?).await?;
            let hash = password_auth::generate_hash(password::read()?);
            store.set_password(&name, &hash, &Actor::CommandLine, now).await?;
            say(&format!("{name} has a new password"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn branches_of(scope: &BranchScope) -> String {
    match scope {
        BranchScope::All => "every branch".to_owned(),
        BranchScope::Only(branches) => {
            branches.iter().map(BranchId::as_str).collect::<Vec<_>>().join(", ")
        }
    }
}
