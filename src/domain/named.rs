//! Enums that have names outside the program: in files, the database, the API, metrics.

/// Defines an enum, each variant with its one name: `Verified = "verified"`. Gives it `ALL`, in the
/// order written, and `as_str`; `Display`, `FromStr` and serde write and read the name.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $kind:ident {
            $($(#[$of_variant:meta])* $variant:ident = $name:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $kind {
            $($(#[$of_variant])* $variant),+
        }

        impl $kind {
            const NAMES: &'static [&'static str] = &[$($name),+];

            /// All of them.
            pub const ALL: [Self; Self::NAMES.len()] = [$(Self::$variant),+];

            /// The name outside the program.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl ::std::fmt::Display for $kind {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// The error is a sentence that lists the names.
        impl ::std::str::FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
                known.ok_or_else(|| format!("{text:?} is none of {}", Self::NAMES.join(", ")))
            }
        }

        impl ::serde::Serialize for $kind {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $kind {
            fn deserialize<D: ::serde::Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
                let name = <String as ::serde::Deserialize>::deserialize(value)?;
                let unknown = |_| ::serde::de::Error::unknown_variant(&name, Self::NAMES);
                name.parse().map_err(unknown)
            }
        }
    };
}
pub(crate) use named;
