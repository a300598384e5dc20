//! The values of `registry.toml` that are not read and written as they stand: texts and numbers
//! with limits, days, what is asked for, whose signatures are accepted, and which pictures.

use std::{fmt, ops::RangeInclusive};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, value::MapAccessDeserializer},
};
use toml::value::Datetime;

use super::{AcceptedImages, PinnedSigner, Requirement, SignerPolicy};
use crate::domain::{Date, DocumentForm, TypeCode};

/// The greatest length of a name or note, in characters.
const MAX_TEXT: usize = 300;

pub(super) fn name<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    text("name", value)
}

pub(super) fn legal_note<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    text("legal_note", value).map(Some)
}

pub(super) fn retention_days<'de, D: Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    number("retention_days", 1..=3650, value)
}

pub(super) fn max_copy_age_hours<'de, D: Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    number("max_copy_age_hours", 1..=8760, value)
}

fn text<'de, D: Deserializer<'de>>(key: &str, value: D) -> Result<String, D::Error> {
    let text = String::deserialize(value)?;
    let length = text.chars().count();
    if text.trim().is_empty() || length > MAX_TEXT || text.chars().any(char::is_control) {
        let problem = format!("{key} must be 1 to {MAX_TEXT} characters in one line");
        return Err(de::Error::custom(problem));
    }
    Ok(text)
}

fn number<'de, D: Deserializer<'de>>(
    key: &str,
    range: RangeInclusive<u32>,
    value: D,
) -> Result<u32, D::Error> {
    let found = i64::deserialize(value)?;
    u32::try_from(found).ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (min, max) = (range.start(), range.end());
        de::Error::custom(format!("{key} is {found}; it must be {min} to {max}"))
    })
}

/// A day of TOML's own, without quotes.
pub(super) fn qr_issued_on<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Date>, D::Error> {
    let found = Datetime::deserialize(value)?;
    let day = found.date.filter(|_| found.time.is_none()).and_then(|date| {
        let year = i16::try_from(date.year).ok()?;
        let month = i8::try_from(date.month).ok()?;
        Date::new(year, month, i8::try_from(date.day).ok()?).ok()
    });
    day.map(Some).ok_or_else(|| {
        let problem = format!("qr_issued_on is a day such as 2026-09-01, not {found}");
        de::Error::custom(problem)
    })
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DocumentTable {
    any_of: Option<Vec<TypeCode>>,
    r#type: Option<TypeCode>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

/// `"type"`, `{ type = "…", optional = true }` or `{ any_of = ["…", "…"] }`.
impl<'de> Deserialize<'de> for Requirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Requirement;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a type, { type = \"…\", optional = true } or { any_of = [\"…\", \"…\"] }",
                )
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Requirement, E> {
                requirement(vec![code.parse().map_err(E::custom)?], false)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Requirement, A::Error> {
                let table = DocumentTable::deserialize(MapAccessDeserializer::new(map))?;
                let codes = match (table.r#type, table.any_of) {
                    (Some(code), None) => vec![code],
                    (None, Some(codes)) => codes,
                    _ => return Err(de::Error::custom("a document has either type or any_of")),
                };
                requirement(codes, table.optional)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The requirement of these types, with the pseudo type `passport` taken for the two passports
/// that Diia shares for it.
fn requirement<E: de::Error>(codes: Vec<TypeCode>, optional: bool) -> Result<Requirement, E> {
    let mut any_of = Vec::new();
    for code in codes {
        match code.as_str() {
            "passport" => {
                for passport in ["internal-passport", "foreign-passport"] {
                    any_of.push(passport.parse().map_err(E::custom)?);
                }
            }
            "unknown" => return Err(E::custom("\"unknown\" is not a type to ask for")),
            _ => any_of.push(code),
        }
    }
    if any_of.is_empty() {
        return Err(E::custom("any_of is an empty list; put at least one type in it"));
    }
    Ok(Requirement { any_of, optional })
}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let optional = self.optional;
        match self.any_of.as_slice() {
            [code] if !optional => code.serialize(serializer),
            [code] => DocumentTable { r#type: Some(code.clone()), optional, ..Default::default() }
                .serialize(serializer),
            codes => DocumentTable { any_of: Some(codes.to_vec()), optional, ..Default::default() }
                .serialize(serializer),
        }
    }
}

/// The name of a policy, or the list of pinned signers.
impl<'de> Deserialize<'de> for SignerPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SignerPolicy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "\"anchors\", \"seal\", \"person\", \"seal-or-person\" or a list of \
                     organisations (NTRUA-12345678) and of the SHA-256 of certificates",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SignerPolicy, E> {
                let named = [
                    SignerPolicy::Anchors,
                    SignerPolicy::Seal,
                    SignerPolicy::Person,
                    SignerPolicy::SealOrPerson,
                ];
                let policy = named.into_iter().find(|policy| policy.as_str() == name);
                policy.ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut entries: A,
            ) -> Result<SignerPolicy, A::Error> {
                let mut signers = Vec::new();
                while let Some(entry) = entries.next_element::<String>()? {
                    signers.push(entry.parse().map_err(de::Error::custom)?);
                }
                if signers.is_empty() {
                    return Err(de::Error::custom("signers is an empty list: nobody could sign"));
                }
                Ok(SignerPolicy::Pinned(signers))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for SignerPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pinned(signers) => {
                serializer.collect_seq(signers.iter().map(PinnedSigner::to_string))
            }
            Self::Anchors | Self::Person | Self::Seal | Self::SealOrPerson => {
                serializer.serialize_str(self.as_str())
            }
        }
    }
}

/// The list of the names of those accepted.
impl<'de> Deserialize<'de> for AcceptedImages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut accepted = Self::default();
        for form in Vec::<DocumentForm>::deserialize(deserializer)? {
            match form {
                DocumentForm::Jpeg => accepted.jpeg = true,
                DocumentForm::Png => accepted.png = true,
                DocumentForm::Pdf => {
                    return Err(de::Error::unknown_variant(form.as_str(), &["jpeg", "png"]));
                }
            }
        }
        Ok(accepted)
    }
}

impl Serialize for AcceptedImages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}
