//! `skrynka user`: members of staff.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::{Branches, ConfigFile, open_store, output::table, password, say};
use crate::{
    clock::Clock,
    domain::{Actor, Role, Timestamp},
    store::{NewUser, Store, StoreError, User},
};

/// The longest name that the login page takes, in bytes.
const MAX_NAME_LEN: usize = 128;

/// Adds, lists, changes and disables members of staff.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  skrynka user add -c skrynka.toml olena --role operator \
                  --branch school-5\n  skrynka user branches -c skrynka.toml olena \
                  --branch school-5 --branch school-6\n  skrynka user list -c skrynka.toml")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds a user; asks for the password, or reads one line of standard input.
    #[command(after_help = "Examples:\n  skrynka user add -c skrynka.toml olena --role operator \
                            --branch school-5\n  skrynka user add -c skrynka.toml taras \
                            --role auditor --all-branches <password.txt")]
    Add {
        #[command(flatten)]
        config: ConfigFile,
        /// The name to log in with.
        #[arg(value_parser = user_name)]
        name: String,
        /// operator, supervisor, auditor or admin.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        branches: Branches,
    },
    /// Sets which branches a user sees, from their next page on.
    #[command(
        after_help = "Examples:\n  skrynka user branches -c skrynka.toml olena --branch school-5 \
                      --branch school-6\n  skrynka user branches -c skrynka.toml olena \
                      --all-branches"
    )]
    Branches {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
        #[command(flatten)]
        branches: Branches,
    },
    /// Disables a user and ends their sessions.
    #[command(after_help = "Example:\n  skrynka user disable -c skrynka.toml olena")]
    Disable {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
    },
    /// Lets a disabled user log in again, with the password, role and branches that they had.
    #[command(after_help = "Example:\n  skrynka user enable -c skrynka.toml olena")]
    Enable {
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
    /// Sets a new password, asked for or read from standard input, and ends the user's sessions.
    #[command(after_help = "Example:\n  skrynka user password -c skrynka.toml olena")]
    Password {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
    },
    /// Gives a user another name to log in with, and ends their sessions. The former name stays
    /// taken, for the audit speaks of it.
    #[command(after_help = "Example:\n  skrynka user rename -c skrynka.toml olena olena.koval")]
    Rename {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
        /// The name to log in with from now on.
        #[arg(value_parser = user_name)]
        new_name: String,
    },
    /// Sets what a user is there for, from their next page on.
    #[command(after_help = "Example:\n  skrynka user role -c skrynka.toml olena supervisor")]
    Role {
        #[command(flatten)]
        config: ConfigFile,
        /// The user's name.
        name: String,
        /// operator, supervisor, auditor or admin.
        role: Role,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    let by = &Actor::CommandLine;
    match arguments.command {
        Command::Add { config, name, role, branches } => {
            let store = open(&config).await?;
            let scope = branches.scope(&store).await?;
            if store.user(&name).await?.is_some() {
                return Err(StoreError::NameTaken { kind: "user", name }.into());
            }
            let password_hash = new_password(&name, &store).await?;
            let user = NewUser { name, password_hash, role, scope };
            store.add_user(&user, by, now).await?;
            say(&format!("{} ({}, {}) can log in", user.name, user.role, user.scope));
        }
        Command::Branches { config, name, branches } => {
            let store = open(&config).await?;
            let scope = branches.scope(&store).await?;
            store.set_scope(&name, &scope, by, now).await.map_err(advised)?;
            say(&format!("{name} sees {scope}{}", standing(&name, &store).await?));
        }
        Command::Disable { config, name } => {
            let store = open(&config).await?;
            store.disable_user(&name, by, now).await.map_err(advised)?;
            say(&format!("{name} can no longer log in"));
        }
        Command::Enable { config, name } => {
            let store = open(&config).await?;
            store.enable_user(&name, by, now).await.map_err(advised)?;
            let user = current(&name, &store).await?;
            say(&format!("{name} ({}, {}) can log in", user.role, user.scope));
        }
        Command::List { config } => list(&open(&config).await?).await?,
        Command::Password { config, name } => {
            let store = open(&config).await?;
            set_password(&name, now, &store).await?;
            say(&format!("{name} has a new password{}", standing(&name, &store).await?));
        }
        Command::Rename { config, name, new_name } => {
            let store = open(&config).await?;
            store.rename_user(&name, &new_name, by, now).await.map_err(advised)?;
            say(&format!("{name} is {new_name} now{}", standing(&new_name, &store).await?));
        }
        Command::Role { config, name, role } => {
            let store = open(&config).await?;
            store.set_role(&name, role, by, now).await.map_err(advised)?;
            say(&format!("{name} is {role}{}", standing(&name, &store).await?));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(config: &ConfigFile) -> anyhow::Result<Store> {
    open_store(&config.load()?).await
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let row = |user: User| {
        let state = match (user.renamed_to, user.disabled_at) {
            (Some(now), _) => format!("is {now} now"),
            (None, Some(_)) => "disabled".to_owned(),
            (None, None) => "active".to_owned(),
        };
        vec![user.name, user.role.to_string(), user.scope.to_string(), state]
    };
    let rows: Vec<_> = store.users().await?.into_iter().map(row).collect();
    say(&table(&["name", "role", "branches", "state"], &rows));
    Ok(())
}

async fn set_password(name: &str, now: Timestamp, store: &Store) -> anyhow::Result<()> {
    current(name, store).await?;
    let hash = new_password(name, store).await?;
    Ok(store.set_password(name, &hash, &Actor::CommandLine, now).await?)
}

async fn new_password(name: &str, store: &Store) -> anyhow::Result<String> {
    let (_, registry) = store.registry().await?;
    let password = password::read(name, &registry.organisation)?;
    Ok(password_auth::generate_hash(password.as_bytes()))
}

/// What is said besides of a user who cannot log in all the same.
async fn standing(name: &str, store: &Store) -> anyhow::Result<String> {
    let user = current(name, store).await?;
    Ok(match user.disabled_at {
        None => String::new(),
        Some(_) => {
            format!(", and stays disabled: `skrynka user enable {name}` lets them log in")
        }
    })
}

/// The user who has this name, disabled or not.
async fn current(name: &str, store: &Store) -> anyhow::Result<User> {
    match store.user(name).await? {
        None => Err(advised(StoreError::Unknown { kind: "user", name: name.to_owned() })),
        Some(User { renamed_to: Some(now), .. }) => {
            bail!(StoreError::Renamed { name: name.to_owned(), now })
        }
        Some(user) => Ok(user),
    }
}

fn advised(error: StoreError) -> anyhow::Error {
    let is_unknown = matches!(error, StoreError::Unknown { .. });
    let error = anyhow::Error::new(error);
    if is_unknown { error.context("`skrynka user list` shows who there is") } else { error }
}

/// The name of a user to be: one that the login page takes as it is.
fn user_name(given: &str) -> Result<String, String> {
    if given.is_empty() || given.len() > MAX_NAME_LEN {
        return Err(format!("has 1 to {MAX_NAME_LEN} bytes, and this one {}", given.len()));
    }
    if given.trim() != given || given.chars().any(char::is_control) {
        return Err("has no space at its ends and no control characters".to_owned());
    }
    Ok(given.to_owned())
}
