//! The entries of `registry.toml` that have more than one form: what is asked for, and whose
//! signatures are accepted.

use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};

use super::{AcceptedImages, Requirement, SignerPolicy};
use crate::domain::TypeCode;

/// `"type"`, `{ type = "…", optional = true }` or `{ any_of = ["…", "…"] }`.
pub(super) struct DocumentEntry(pub(super) Requirement);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentTable {
    any_of: Option<Vec<TypeCode>>,
    r#type: Option<TypeCode>,
    #[serde(default)]
    optional: bool,
}

impl<'de> Deserialize<'de> for DocumentEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = DocumentEntry;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a type, { type = \"…\", optional = true } or { any_of = [\"…\", \"…\"] }",
                )
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<DocumentEntry, E> {
                let code = code.parse().map_err(E::custom)?;
                requirement(vec![code], false).map(DocumentEntry)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<DocumentEntry, A::Error> {
                let table = DocumentTable::deserialize(MapAccessDeserializer::new(map))?;
                let codes = match (table.r#type, table.any_of) {
                    (Some(code), None) => vec![code],
                    (None, Some(codes)) => codes,
                    _ => return Err(de::Error::custom("a document has either type or any_of")),
                };
                requirement(codes, table.optional).map(DocumentEntry)
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

impl<'de> Deserialize<'de> for SignerPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SignerPolicy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "\"anchors\", \"seal\", \"person\", \"seal-or-person\" or a list of \
                     organisations (NTRUA-12345678) and of the SHA-256 of certificates",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SignerPolicy, E> {
                match name {
                    "anchors" => Ok(SignerPolicy::Anchors),
                    "seal" => Ok(SignerPolicy::Seal),
                    "person" => Ok(SignerPolicy::Person),
                    "seal-or-person" => Ok(SignerPolicy::SealOrPerson),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
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

impl<'de> Deserialize<'de> for AcceptedImages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Image {
            Jpeg,
            Png,
        }

        let mut accepted = Self::default();
        for image in Vec::<Image>::deserialize(deserializer)? {
            match image {
                Image::Jpeg => accepted.jpeg = true,
                Image::Png => accepted.png = true,
            }
        }
        Ok(accepted)
    }
}
