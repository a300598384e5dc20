//! A section of the configuration: each key declared once, with its type, default and range.
//!
//! A section is declared by [`section!`] where its values are used, and read there as it was
//! written. Reading does not look at ranges: `config` does, which knows the line of each key.

use std::ops::RangeInclusive;

/// In seconds.
pub(crate) const DAY: u64 = 86_400;
/// In milliseconds.
pub(crate) const MINUTE: u64 = 60_000;
/// In bytes.
pub(crate) const GIBIBYTE: u64 = 1 << 30;
/// More of anything than one server can have.
pub(crate) const MANY: u64 = 1_000_000;

/// A section that [`section!`] declares.
pub(crate) trait Section {
    /// All keys, as they are declared.
    #[cfg(test)]
    const KEYS: &'static [&'static str];

    /// The keys whose values are others in `new`.
    fn changes(&self, new: &Self) -> Vec<&'static str>;

    /// The numbers that have a range.
    fn numbers(&self) -> Vec<Number>;
}

/// A number, and where it may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) key: &'static str,
    pub(crate) range: RangeInclusive<u64>,
    pub(crate) value: u64,
}

impl Number {
    pub(crate) fn new(
        key: &'static str,
        value: impl TryInto<u64>,
        range: RangeInclusive<u64>,
    ) -> Self {
        Self { key, range, value: value.try_into().unwrap_or(u64::MAX) }
    }
}

/// Declares a section: `pub key: Type = default;`, and for a number that has a range
/// `pub key: Type = default, from..=to;`. A key that is left out has its default, an unknown one
/// is refused.
macro_rules! section {
    (
        $(#[$attribute:meta])*
        pub struct $section:ident {
            $(
                $(#[$key_attribute:meta])*
                pub $key:ident: $type:ty = $default:expr $(, $range:expr)?;
            )*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $section {
            $(
                $(#[$key_attribute])*
                pub $key: $type,
            )*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        impl $crate::domain::section::Section for $section {
            #[cfg(test)]
            const KEYS: &'static [&'static str] = &[$(stringify!($key)),*];

            fn changes(&self, new: &Self) -> Vec<&'static str> {
                let differs = [$((stringify!($key), self.$key != new.$key)),*];
                differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
            }

            fn numbers(&self) -> Vec<$crate::domain::section::Number> {
                vec![$($(
                    $crate::domain::section::Number::new(stringify!($key), self.$key, $range),
                )?)*]
            }
        }
    };
}

pub(crate) use section;
