//! Identifiers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Timestamp;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// A letter outside `a-z 0-9 -`, or a `-` at an end.
    #[error("{text:?} is not an identifier: use a-z, 0-9 and - (not first or last)")]
    Letters {
        /// The refused text.
        text: String,
    },
    /// Empty, or longer than the limit.
    #[error("an identifier has 1 to {max} letters, {text:?} has {}", text.chars().count())]
    Length {
        /// The refused text.
        text: String,
        /// The greatest length, in bytes.
        max: usize,
    },
    /// Not a UUID.
    #[error("{text:?} is not a share's identifier")]
    NotAUuid {
        /// The refused text.
        text: String,
    },
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// One to [`Self::MAX_LEN`] letters of `a-z 0-9 -`, not beginning or ending with `-`.
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The greatest length, in bytes.
            pub const MAX_LEN: usize = 64;

            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check_slug(text, Self::MAX_LEN)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check_slug(&text, Self::MAX_LEN)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug! {
    /// A branch's stable name in `registry.toml`, the database and the API.
    BranchId
}
slug! {
    /// A service's stable name, unique within its branch.
    ServiceId
}

fn check_slug(text: &str, max: usize) -> Result<(), IdError> {
    if text.is_empty() || text.len() > max {
        return Err(IdError::Length { text: text.to_owned(), max });
    }
    let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !letters || text.starts_with('-') || text.ends_with('-') {
        return Err(IdError::Letters { text: text.to_owned() });
    }
    Ok(())
}

macro_rules! time_ordered {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// A UUID of version 7 (RFC 9562 §5.7): ordered by the moment of receipt.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier for `at`, made unlike all others by ten random bytes.
            #[must_use]
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.as_micros().div_euclid(1000)).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The sixteen bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The identifier that these sixteen bytes are.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the form that we print: other spellings of a UUID would make two
                // addresses for one page.
                Uuid::try_parse(text)
                    .ok()
                    .map(Self)
                    .filter(|id| id.to_string() == text)
                    .ok_or_else(|| IdError::NotAUuid { text: text.to_owned() })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

time_ordered! {
    /// One accepted mail, named in our reply `250 2.0.0 <id>`.
    MailId
}
time_ordered! {
    /// One share: what one mail brought to one branch.
    ShareId
}

impl ShareId {
    /// The share that `mail` makes at `branch`.
    ///
    /// The same two always give the same share, so judging a mail again after a crash can never
    /// make a second one. The time part is the mail's.
    #[must_use]
    pub fn of(mail: MailId, branch: &BranchId) -> Self {
        let digest =
            Sha256::new().chain_update(mail.as_bytes()).chain_update(branch.as_str()).finalize();
        let mut bytes = *mail.as_bytes();
        bytes[6..].copy_from_slice(&digest[..10]);
        // The version and variant bits of RFC 9562 §4.
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(Uuid::from_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_makes_one_share_per_branch_and_always_the_same() {
        let mail = MailId::new(Timestamp::from_seconds(1_790_000_000), [7; 10]);
        let school: BranchId = "school-5".parse().unwrap();
        let library: BranchId = "library".parse().unwrap();
        assert_eq!(ShareId::of(mail, &school), ShareId::of(mail, &school));
        assert_ne!(ShareId::of(mail, &school), ShareId::of(mail, &library));
        let printed = ShareId::of(mail, &school).to_string();
        assert_eq!(printed.parse::<ShareId>().unwrap(), ShareId::of(mail, &school));
        assert_eq!(&printed[..13], &mail.to_string()[..13], "the time part is the mail's");
    }

    #[test]
    fn later_mails_sort_later() {
        let early = MailId::new(Timestamp::from_seconds(1_790_000_000), [0xff; 10]);
        let late = MailId::new(Timestamp::from_seconds(1_790_000_001), [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn refuses_what_is_not_an_identifier() {
        for text in ["", "-a", "a-", "Школа", "a b", "A", "a/b", &"x".repeat(65)] {
            assert!(text.parse::<BranchId>().is_err(), "{text}");
        }
        assert!("{01960000-0000-7000-8000-000000000000}".parse::<ShareId>().is_err());
    }
}
