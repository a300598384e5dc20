//! Which events are logged, as `[log] level` says it: `info`, or `info,skrynka::smtp=debug`.

use std::str::FromStr;

use serde::Deserialize;
use tracing::level_filters::LevelFilter;

/// From which level on events are logged: all of them, and those of some parts of the program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter {
    /// From which level on, for every part that is not in `parts`.
    pub level: LevelFilter,
    /// Parts of the program by the beginning of their path (`skrynka::smtp`), with their levels.
    pub parts: Vec<(String, LevelFilter)>,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogFilterError {
    /// What should be a level is none.
    #[error(
        "«{text}» is not a level of the log: write off, error, warn, info, debug or trace, and for \
         a part of the program a level of its own behind a comma, such as info,skrynka::smtp=debug"
    )]
    Level {
        /// What was read.
        text: String,
    },
    /// What should be a path in the program is none.
    #[error("«{text}» is not a part of the program: write its path, such as skrynka::smtp=debug")]
    Part {
        /// What was read.
        text: String,
    },
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { level: LevelFilter::INFO, parts: Vec::new() }
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        let mut filter = Self::default();
        for directive in text.split(',').map(str::trim) {
            match directive.split_once('=') {
                None => filter.level = level(directive)?,
                Some((part, _)) if !is_path(part) => {
                    return Err(LogFilterError::Part { text: part.to_owned() });
                }
                Some((part, own)) => filter.parts.push((part.to_owned(), level(own)?)),
            }
        }
        Ok(filter)
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;

    fn try_from(text: String) -> Result<Self, LogFilterError> {
        text.parse()
    }
}

fn level(text: &str) -> Result<LevelFilter, LogFilterError> {
    // An empty text would be read as `error`.
    let read = if text.is_empty() { None } else { text.parse().ok() };
    read.ok_or_else(|| LogFilterError::Level { text: text.to_owned() })
}

fn is_path(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_:-.".contains(letter);
    !text.is_empty() && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_hold_for_all_and_for_parts() {
        let read = |text: &str| text.parse::<LogFilter>().unwrap();
        assert_eq!(read("info"), LogFilter::default());
        assert_eq!(read("WARN").level, LevelFilter::WARN);
        assert_eq!(read("off").level, LevelFilter::OFF);
        let filter = read("warn, skrynka::smtp=debug,sqlx=off");
        assert_eq!(filter.level, LevelFilter::WARN);
        let parts = [("skrynka::smtp", LevelFilter::DEBUG), ("sqlx", LevelFilter::OFF)];
        assert_eq!(filter.parts, parts.map(|(part, level)| (part.to_owned(), level)));
        // Who asks for more of one part does not ask for silence about the others.
        assert_eq!(read("skrynka::smtp=debug").level, LevelFilter::INFO);
    }

    #[test]
    fn what_is_no_level_is_refused_and_not_taken_for_silence() {
        for (text, words) in [
            ("loud", "«loud» is not a level"),
            ("", "«» is not a level"),
            ("info,", "«» is not a level"),
            ("info,skrynka::smtp", "«skrynka::smtp» is not a level"),
            ("skrynka::smtp=loud", "«loud» is not a level"),
            ("skrynka::smtp=", "«» is not a level"),
            ("=debug", "«» is not a part"),
            ("[span]=debug", "«[span]» is not a part"),
        ] {
            let error = text.parse::<LogFilter>().unwrap_err().to_string();
            assert!(error.starts_with(words), "{text}: {error}");
        }
    }
}
