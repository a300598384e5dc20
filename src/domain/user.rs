//! Who may see what.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::BranchId;

/// What a member of staff is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees and opens the shares of their branches, but not copies nobody asked for.
    Operator,
    /// As an operator, and sees copies nobody asked for and the raw mail.
    Supervisor,
    /// Sees which shares there were and what was done with them; never a document.
    Auditor,
    /// Manages users and tokens, sees every branch's list; never a document.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Supervisor, Self::Auditor, Self::Admin];

    /// The name on the command line and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

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

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| format!("{name:?} is not a role: operator, supervisor, auditor, admin"))
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

/// What an API token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenScope {
    /// Read shares, their documents and the services.
    #[serde(rename = "shares:read")]
    SharesRead,
}

impl TokenScope {
    /// All scopes.
    pub const ALL: [Self; 1] = [Self::SharesRead];

    /// The name on the command line and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SharesRead => "shares:read",
        }
    }
}

impl FromStr for TokenScope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| format!("{name:?} is not a scope: shares:read"))
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
