//! The types of documents that Diia shares, and their names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Language, named};

/// A type code as Diia writes it: `internal-passport`.
///
/// Any code of one to [`Self::MAX_LEN`] letters `a-z 0-9 -` is accepted, for Diia adds new ones;
/// the ones in the table have names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TypeCode(String);

/// The text is not built like a type code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a type code: 1 to 64 letters of a-z, 0-9 and -")]
pub struct TypeCodeError {
    text: String,
}

impl TypeCode {
    /// The greatest length, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The type of a document that nothing tells the type of.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }

    /// Whether this is [`TypeCode::unknown`].
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0 == "unknown"
    }

    /// The code's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the table has a name for the code.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.row().is_some()
    }

    /// The document's name for people; the code itself when the table has none.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        self.row().map_or(self.as_str(), |(_, uk, en)| match language {
            Language::Uk => uk,
            Language::En => en,
        })
    }

    /// The codes in the table, longest first, so that a prefix match finds the right one.
    pub fn listed() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(code, _, _)| *code)
    }

    fn row(&self) -> Option<&'static (&'static str, &'static str, &'static str)> {
        TABLE.iter().find(|(code, _, _)| *code == self.0)
    }
}

impl fmt::Display for TypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for TypeCode {
    type Err = TypeCodeError;

    fn from_str(text: &str) -> Result<Self, TypeCodeError> {
        let letters =
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > Self::MAX_LEN || !letters {
            return Err(TypeCodeError { text: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for TypeCode {
    type Error = TypeCodeError;

    fn try_from(text: String) -> Result<Self, TypeCodeError> {
        text.parse()
    }
}

impl From<TypeCode> for String {
    fn from(code: TypeCode) -> Self {
        code.0
    }
}

named! {
    /// Where the type of a copy is taken from, the strongest first.
    pub enum TypeSource {
        /// Signed metadata name it.
        Metadata = "metadata",
        /// Somebody of the staff looked at the copy.
        Staff = "staff",
        /// The document itself says it.
        Face = "face",
        /// The file name says it, which anybody can change: a hint and no proof.
        Name = "name",
    }
}

/// Code, Ukrainian name, English name. Longest code first.
///
/// The codes of the sharing scope are those of Diia's published SDKs; the rest stand in the
/// platform's own enumeration and have not been seen in a share.
const TABLE: &[(&str, &str, &str)] = &[
    (
        "child-local-vaccination-certificate",
        "Внутрішній COVID-сертифікат дитини",
        "Child's domestic COVID certificate",
    ),
    (
        "reference-internally-displaced-person",
        "Довідка внутрішньо переміщеної особи",
        "Internally displaced person certificate",
    ),
    (
        "international-vaccination-certificate",
        "Міжнародний COVID-сертифікат",
        "International COVID certificate",
    ),
    ("local-vaccination-certificate", "Внутрішній COVID-сертифікат", "Domestic COVID certificate"),
    ("residence-permit-permanent", "Посвідка на постійне проживання", "Permanent residence permit"),
    (
        "residence-permit-temporary",
        "Посвідка на тимчасове проживання",
        "Temporary residence permit",
    ),
    ("user-birth-certificate", "Свідоцтво про народження користувача", "User's birth certificate"),
    ("name-change-act-record", "Відомості актового запису про зміну імені", "Name change record"),
    ("official-certificate", "Службове посвідчення", "Service identity card"),
    ("education-document", "Документ про освіту", "Education document"),
    ("housing-certificate", "Житловий сертифікат", "Housing certificate"),
    ("marriage-act-record", "Відомості актового запису про шлюб", "Marriage record"),
    ("divorce-act-record", "Відомості актового запису про розірвання шлюбу", "Divorce record"),
    ("e-resident-passport", "Паспорт е-резидента", "E-resident's passport"),
    ("veteran-certificate", "Посвідчення ветерана", "Veteran's certificate"),
    ("birth-certificate", "Свідоцтво про народження дитини", "Child's birth certificate"),
    (
        "internal-passport",
        "Паспорт громадянина України (ID-картка)",
        "Passport of Ukraine (ID card)",
    ),
    ("user-birth-record", "Свідоцтво про народження користувача", "User's birth certificate"),
    ("vehicle-insurance", "Страховий поліс", "Vehicle insurance policy"),
    ("foreign-passport", "Закордонний паспорт", "Passport for travel abroad"),
    (
        "vehicle-license",
        "Свідоцтво про реєстрацію транспортного засобу",
        "Vehicle registration certificate",
    ),
    ("student-id-card", "Студентський (учнівський) квиток", "Student or pupil card"),
    ("driver-license", "Посвідчення водія", "Driving licence"),
    ("military-bond", "Військова облігація", "War bond"),
    ("taxpayer-card", "Картка платника податків (РНОКПП)", "Taxpayer card (RNOKPP)"),
    ("pension-card", "Пенсійне посвідчення", "Pension card"),
    ("e-residency", "Е-резидентство", "E-residency"),
    ("passport", "Паспорт (ID-картка або закордонний)", "Passport (ID card or for travel abroad)"),
    ("unknown", "Тип не визначено", "Type not known"),
    ("u-id", "єДокумент", "yeDocument"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_well_formed_codes_once_each() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, uk, en) in TABLE {
            assert!(code.parse::<TypeCode>().is_ok(), "{code}");
            assert!(seen.insert(code), "{code} twice");
            assert!(!uk.is_empty() && !en.is_empty(), "{code}");
        }
    }

    #[test]
    fn a_code_without_a_name_is_shown_as_it_is() {
        let code: TypeCode = "income-certificate".parse().unwrap();
        assert_eq!(code.name(Language::Uk), "income-certificate");
    }
}
