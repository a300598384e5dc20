//! Mail addresses.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A mailbox address (RFC 5321 §4.1.2): local part, `@`, domain or address literal.
///
/// The domain is kept in lower case. The local part is kept as given and compared without regard
/// to ASCII case: no organisation has two branches whose mailboxes differ by case alone, and
/// visitors' phones capitalise.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress {
    local: String,
    domain: String,
}

/// Why a text is not a mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The domain is not letters, digits, `-` and `.`, nor an address literal.
    #[error("the domain of this address is not a host name")]
    Domain,
    /// A control character, a space or another sign that an unquoted local part cannot have.
    #[error("the part before the @ has a sign that is not allowed there")]
    LocalPart,
    /// There is no `@`, or nothing on one side of it.
    #[error("an address is written name@domain")]
    NoAtSign,
    /// A part is over its limit.
    #[error("the {part} has {length} bytes, at most {max} are allowed (RFC 5321 §4.5.3.1)")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// Its length, in bytes.
        length: usize,
        /// The limit, in bytes.
        max: usize,
    },
}

impl MailAddress {
    /// The greatest length of a local part, in bytes (RFC 5321 §4.5.3.1.1).
    pub const MAX_LOCAL_LEN: usize = 64;
    /// The greatest length of a domain, in bytes (RFC 5321 §4.5.3.1.2).
    pub const MAX_DOMAIN_LEN: usize = 255;

    /// The part before the `@`, quotes and all.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address without its sub-address, and the sub-address: `school5+vstup@x` is
    /// `school5@x` and `vstup` (RFC 5233).
    #[must_use]
    pub fn split_sub_address(&self) -> (Self, Option<&str>) {
        match self.local.split_once('+') {
            Some((mailbox, detail)) if !mailbox.is_empty() && !self.local.starts_with('"') => {
                (Self { local: mailbox.to_owned(), domain: self.domain.clone() }, Some(detail))
            }
            _ => (self.clone(), None),
        }
    }

    /// The form to look the address up by: all in lower case.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }
}

impl PartialEq for MailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for MailAddress {}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for MailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAtSign)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::NoAtSign);
        }
        check_length("part before the @", local, Self::MAX_LOCAL_LEN)?;
        check_length("domain", domain, Self::MAX_DOMAIN_LEN)?;
        if !is_local_part(local) {
            return Err(AddressError::LocalPart);
        }
        if !is_domain(domain) {
            return Err(AddressError::Domain);
        }
        Ok(Self { local: local.to_owned(), domain: domain.to_lowercase() })
    }
}

fn check_length(part: &'static str, text: &str, max: usize) -> Result<(), AddressError> {
    if text.len() > max {
        return Err(AddressError::TooLong { part, length: text.len(), max });
    }
    Ok(())
}

/// Dot-string or quoted-string of RFC 5321 §4.1.2. Beyond the text of the RFC, dots may stand at
/// the ends and side by side: some phone operators' mailboxes are named so.
fn is_local_part(local: &str) -> bool {
    if let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        let mut letters = quoted.chars();
        while let Some(letter) = letters.next() {
            let shown = if letter == '\\' { letters.next() } else { Some(letter) };
            if shown.is_none_or(char::is_control) || letter == '"' {
                return false;
            }
        }
        return true;
    }
    local.chars().all(|c| {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || is_international(c)
    })
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b));
    }
    domain.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_international(c))
    })
}

fn is_international(c: char) -> bool {
    !c.is_ascii() && c.is_alphanumeric()
}

impl TryFrom<String> for MailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_the_sub_address_off() {
        let address: MailAddress = "School5+vstup+2@Docs.Example.UA".parse().unwrap();
        let (mailbox, detail) = address.split_sub_address();
        assert_eq!(mailbox.key(), "school5@docs.example.ua");
        assert_eq!(detail, Some("vstup+2"));
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        let long = format!("{}@x.ua", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "no-at-sign",
            "a b@x",
            "a\0b@x",
            "a@b..c",
            "a@-b",
            "a<@b",
            "a@b c",
            "\"a\"b\"@x",
            "\"a\\\"@x",
            &long,
        ] {
            assert!(text.parse::<MailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn accepts_what_real_mailboxes_are_called() {
        for text in [
            "a@b",
            "o'neil@x.ua",
            "\"a b\"@x.ua",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "тест@пошта.укр",
            ".a..b.@docomo.example",
            "a+b@x.ua",
        ] {
            assert!(text.parse::<MailAddress>().is_ok(), "{text:?}");
        }
    }
}
