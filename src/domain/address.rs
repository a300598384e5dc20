//! Mail addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

/// A mailbox address (RFC 5321 §4.1.2): local part, `@`, domain or address literal.
///
/// The domain is kept in lower case, the local part with as little quoting as it needs: however
/// it is quoted, it is the same mailbox. It is compared without regard to case: no organisation
/// has two branches whose mailboxes differ by case alone, and visitors' phones capitalise.
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
    /// The domain is not letters, digits, `-`, `_` and `.`, nor an address literal.
    #[error("the domain of this address is not a host name")]
    Domain,
    /// A control character, a space or another sign that an unquoted local part cannot have.
    #[error("the part before the @ has a sign that is not allowed there")]
    LocalPart,
    /// There is no `@`, or nothing on one side of it.
    #[error("an address is written name@domain")]
    NoAtSign,
    /// Letters beyond ASCII that are not in Unicode's normal form C (RFC 6532 §3.1): the same
    /// address could be written in two ways.
    #[error("a letter of this address is written in an unusual way: type the address anew")]
    NotNormal,
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

    /// The part before the `@`, in quotes when it needs them.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address that stands in place of a domain (RFC 5321 §4.1.3); `None` when it is a domain.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        let literal = self.domain.strip_prefix('[')?.strip_suffix(']')?;
        literal_address(literal)
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
        if !is_nfc(local) || !is_nfc(domain) {
            return Err(AddressError::NotNormal);
        }
        if !is_local_part(local) {
            return Err(AddressError::LocalPart);
        }
        // What is kept is checked as what was written is: without its backslashes a text can have
        // letters side by side that make one, and lower case can have signs that upper case has
        // not.
        let (local, domain) = (with_least_quotes(local), domain.to_lowercase());
        check_length("domain", &domain, Self::MAX_DOMAIN_LEN)?;
        if !is_nfc(&local) || !is_nfc(&domain) {
            return Err(AddressError::NotNormal);
        }
        if !is_domain(&domain) {
            return Err(AddressError::Domain);
        }
        Ok(Self { local, domain })
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
            if shown.is_none_or(is_unreadable) || letter == '"' {
                return false;
            }
        }
        return true;
    }
    local.chars().all(|letter| letter == '.' || is_atom_letter(letter))
}

fn is_atom_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(letter)
        || is_international(letter)
}

/// A valid local part in the one of its forms that quotes least (RFC 5321 §4.1.2).
fn with_least_quotes(local: &str) -> String {
    let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return local.to_owned();
    };
    let (mut plain, mut escaped) = (String::new(), String::new());
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        let letter = if letter == '\\' { letters.next().unwrap_or(letter) } else { letter };
        plain.push(letter);
        if matches!(letter, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    let is_dot_string =
        plain.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_letter));
    if is_dot_string { plain } else { format!("\"{escaped}\"") }
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal_address(literal).is_some();
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

/// An address literal of RFC 5321 §4.1.3, without its brackets. `IPv6` is the only tag that IANA
/// has.
fn literal_address(literal: &str) -> Option<IpAddr> {
    match literal.split_at_checked("IPv6:".len()) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("IPv6:") => {
            rest.parse::<Ipv6Addr>().ok().map(IpAddr::from)
        }
        _ => literal.parse::<Ipv4Addr>().ok().map(IpAddr::from),
    }
}

/// Any letter or sign beyond ASCII (RFC 6531 §3.3), marks that have no composed form and pictures
/// among them.
fn is_international(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !is_unreadable(c)
}

/// Controls, and signs that turn the order of the text around them: staff would read another
/// address than the one that is there.
fn is_unreadable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
mod tests;
