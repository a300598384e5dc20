//! The texts of the pages, in one language at a time.
//!
//! Texts live in `locales/<language>/*.ftl` (Project Fluent 1.0). They hold no markup: what they
//! say is escaped by the templates like everything else. A test compares both languages.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashMap};

use fluent_templates::{LanguageIdentifier, fluent_bundle::FluentValue, langid, static_loader};

use crate::domain::{Date, Language, Timestamp, TypeCode};

static_loader! {
    static LOCALES = {
        locales: "./src/web/locales",
        fallback_language: "uk",
        // The marks would end up in attributes; templates isolate foreign text with <bdi>.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const UK: LanguageIdentifier = langid!("uk");
const EN: LanguageIdentifier = langid!("en");

/// The texts of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Texts(Language);

/// What a text leaves open: a name, and a text or a number.
pub(super) type Argument<'a> = (&'static str, FluentValue<'a>);

impl Texts {
    pub(super) fn new(language: Language) -> Self {
        Self(language)
    }

    pub(super) fn language(self) -> Language {
        self.0
    }

    /// The text of `key`, or of its attribute when written `key.attribute`.
    pub(super) fn say(self, key: &str) -> String {
        self.say_with(key, [])
    }

    /// The text of `key` with everything it leaves open.
    pub(super) fn say_with<'a>(
        self,
        key: &str,
        arguments: impl IntoIterator<Item = Argument<'a>>,
    ) -> String {
        self.find(key, arguments).unwrap_or_else(|| {
            tracing::error!(text.key = key, "a text is missing");
            key.to_owned()
        })
    }

    /// The text of `key`, or `None` when there is none.
    pub(super) fn find<'a>(
        self,
        key: &str,
        arguments: impl IntoIterator<Item = Argument<'a>>,
    ) -> Option<String> {
        let arguments: HashMap<Cow<'static, str>, FluentValue<'a>> =
            arguments.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let language = match self.0 {
            Language::Uk => &UK,
            Language::En => &EN,
        };
        LOCALES.lookup_single_language(language, key, Some(&arguments)).ok()
    }

    /// A moment on a wall clock in Kyiv, to the minute.
    pub(super) fn moment(self, at: Timestamp) -> String {
        let clock = at.wall_clock_in_kyiv();
        let time = clock.split_once(' ').map_or("", |(_, time)| time);
        let minutes = time.rsplit_once(':').map_or(time, |(minutes, _)| minutes);
        format!("{}, {minutes}", self.day(at.day_in_kyiv()))
    }

    /// A day: `22.11.2026` or `22 Nov 2026`.
    pub(super) fn day(self, day: Date) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        match self.0 {
            Language::Uk => format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year()),
            Language::En => {
                let index = usize::from(day.month().unsigned_abs()).saturating_sub(1);
                let month = MONTHS.get(index).copied().unwrap_or_default();
                format!("{} {month} {}", day.day(), day.year())
            }
        }
    }

    /// A size in the unit that people read, with one decimal place from a mebibyte on.
    pub(super) fn size(self, bytes: u64) -> String {
        const KIB: u64 = 1024;
        const MIB: u64 = KIB * KIB;
        let (byte, kib, mib, point) = match self.0 {
            Language::Uk => ("Б", "КБ", "МБ", ','),
            Language::En => ("B", "KB", "MB", '.'),
        };
        if bytes < KIB {
            format!("{bytes}\u{a0}{byte}")
        } else if bytes < MIB {
            format!("{}\u{a0}{kib}", bytes.div_ceil(KIB))
        } else {
            let tenths = (bytes % MIB).saturating_mul(10) / MIB;
            format!("{}{point}{tenths}\u{a0}{mib}", bytes / MIB)
        }
    }

    /// The name of an algorithm or key, as people write the national ones.
    pub(super) fn algorithm(self, name: &str) -> String {
        const IN_UKRAINIAN: [(&str, &str); 4] =
            [("DSTU", "ДСТУ"), ("GOST", "ГОСТ"), ("Kupyna", "Купина"), (" with ", " із ")];
        match self.0 {
            Language::Uk => IN_UKRAINIAN
                .iter()
                .fold(name.to_owned(), |text, (latin, own)| text.replace(latin, own)),
            Language::En => name.to_owned(),
        }
    }

    /// The name of a document's type.
    pub(super) fn type_name(self, code: &TypeCode) -> String {
        if code.is_unknown() { self.say("type-unknown") } else { code.name(self.0).to_owned() }
    }

    /// Names of types, joined with commas.
    pub(super) fn type_names<'a>(self, codes: impl IntoIterator<Item = &'a TypeCode>) -> String {
        let mut names: Vec<String> = codes.into_iter().map(|code| self.type_name(code)).collect();
        names.dedup();
        names.join(", ")
    }
}
