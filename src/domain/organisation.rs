//! The identifier of an organisation, as certificates carry it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An organisation's identifier in the form of `organizationIdentifier` (ETSI EN 319 412-1 §5.1.4):
/// three letters that name the register, two the country, a hyphen, and the number in it:
/// `NTRUA-43395033` is the ЄДРПОУ code 43395033.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrganisationId(String);

/// The text is no identifier of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the identifier of an organisation; write it as certificates do, such as \
     NTRUA-12345678, or as the eight digits of the ЄДРПОУ code"
)]
pub struct OrganisationIdError {
    text: String,
}

/// The national register of legal entities in Ukraine (ЄДРПОУ).
const NATIONAL_REGISTER: &str = "NTRUA-";

/// The digits of a ЄДРПОУ code.
const NATIONAL_DIGITS: usize = 8;

impl OrganisationId {
    /// The greatest length, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the public number of a legal entity, and so tells nothing of a person. Sole
    /// traders are registered by their tax number.
    #[must_use]
    pub fn is_legal_entity(&self) -> bool {
        self.0.strip_prefix(NATIONAL_REGISTER).is_some_and(is_national_code)
    }
}

fn is_national_code(text: &str) -> bool {
    text.len() == NATIONAL_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for OrganisationId {
    type Err = OrganisationIdError;

    /// Also takes the eight digits of a ЄДРПОУ code alone.
    fn from_str(text: &str) -> Result<Self, OrganisationIdError> {
        if is_national_code(text) {
            return Ok(Self(format!("{NATIONAL_REGISTER}{text}")));
        }
        let is_well_formed = text.len() <= Self::MAX_LEN
            && text.split_once('-').is_some_and(|(register, number)| {
                register.len() == 5
                    && register.bytes().all(|byte| byte.is_ascii_uppercase())
                    && !number.is_empty()
                    && number.bytes().all(|byte| byte.is_ascii_graphic())
            });
        if is_well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(OrganisationIdError { text: text.to_owned() })
        }
    }
}

impl fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for OrganisationId {
    type Error = OrganisationIdError;

    fn try_from(text: String) -> Result<Self, OrganisationIdError> {
        text.parse()
    }
}

impl From<OrganisationId> for String {
    fn from(id: OrganisationId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_certificates_carry_and_a_bare_national_code() {
        for (text, read) in [
            ("NTRUA-00000001", Some("NTRUA-00000001")),
            ("00000001", Some("NTRUA-00000001")),
            ("VATDE-123456789", Some("VATDE-123456789")),
            ("0000001", None),
            ("000000011", None),
            ("ntrua-00000001", None),
            ("NTRUA-", None),
            ("NTRUA 00000001", None),
            ("NTRUA-0000 0001", None),
            ("UA-43395033-2311", None),
            ("", None),
        ] {
            let parsed = text.parse::<OrganisationId>();
            assert_eq!(parsed.as_ref().ok().map(OrganisationId::as_str), read, "{text:?}");
        }
        assert!(format!("NTRUA-{}", "1".repeat(59)).parse::<OrganisationId>().is_err());
    }

    #[test]
    fn only_a_national_code_tells_nothing_of_a_person() {
        for (text, told) in [
            ("NTRUA-00000001", true),
            ("NTRUA-0000000001", false),
            ("TINUA-0000000001", false),
            ("NTRPL-00000001", false),
        ] {
            assert_eq!(text.parse::<OrganisationId>().unwrap().is_legal_entity(), told, "{text}");
        }
    }
}
