//! Who may see what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BranchId, named};

named! {
    /// What a member of staff is there for.
    pub enum Role {
        /// Sees and opens the shares of their branches, but not copies nobody asked for.
        Operator = "operator",
        /// As an operator, and sees copies nobody asked for and the raw mail.
        Supervisor = "supervisor",
        /// Sees which shares there were and what was done with them; never a document.
        Auditor = "auditor",
        /// Manages users and tokens, sees every branch's list; never a document.
        Admin = "admin",
    }
}

impl Role {
    /// Whether the role may open documents and see personal details.
    #[must_use]
    pub fn opens_documents(self) -> bool {
        matches!(self, Self::Operator | Self::Supervisor)
    }

    /// Whether the role may open copies nobody asked for, and the raw mail.
    #[must_use]
    pub fn opens_everything(self) -> bool {
        matches!(self, Self::Supervisor)
    }
}

/// The branches that somebody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BranchScope {
    /// Every branch, those to come included.
    All,
    /// These branches.
    Only(Vec<BranchId>),
}

impl BranchScope {
    /// Whether `branch` is among them.
    #[must_use]
    pub fn contains(&self, branch: &BranchId) -> bool {
        match self {
            Self::All => true,
            Self::Only(branches) => branches.contains(branch),
        }
    }
}

impl fmt::Display for BranchScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("every branch"),
            Self::Only(branches) => {
                for (place, branch) in branches.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{branch}")?;
                }
                Ok(())
            }
        }
    }
}

named! {
    /// What an API token may do.
    pub enum TokenScope {
        /// Read shares, their documents and the services.
        SharesRead = "shares:read",
    }
}

/// Who did something that the audit keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The server itself.
    System,
    /// Somebody at the command line of the server.
    CommandLine,
    /// A member of staff, by user name.
    User(String),
    /// A program, by the name of its token.
    Token(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::CommandLine => f.write_str("command-line"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Token(name) => write!(f, "token:{name}"),
        }
    }
}
