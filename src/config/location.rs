//! Where a value of the configuration stands, for those who have to change it.

use std::fmt;

use toml::de::{DeTable, DeValue};

use super::environment;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the file, at this line.
    Line(usize),
    /// Nowhere: it is the default.
    Nowhere,
    /// In this variable of the environment.
    Variable(String),
}

impl Location {
    /// Where the key at this path stands, `smtp.limits.max_errors` for example.
    pub(super) fn find(key: &str, text: &str, environment: Vec<(String, String)>) -> Self {
        let path: Vec<&str> = key.split('.').collect();
        let mut overrides = environment::overrides(environment).into_iter();
        if let Some(own) = overrides.find(|own| own.path == path) {
            return Self::Variable(own.variable);
        }
        let line = |at| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        offset(&path, text).map_or(Self::Nowhere, |at| Self::Line(line(at)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, ", line {line}"),
            Self::Nowhere => Ok(()),
            Self::Variable(name) => write!(f, ", {name} in the environment"),
        }
    }
}

/// How many bytes stand before the key.
fn offset(path: &[&str], text: &str) -> Option<usize> {
    let (key, sections) = path.split_last()?;
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    for section in sections {
        let DeValue::Table(inner) = table.get(*section)?.get_ref() else { return None };
        table = inner;
    }
    Some(table.get_key_value(*key)?.0.span().start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_written() {
        let environment = || vec![("SKRYNKA_WEB__LISTEN".to_owned(), "x".to_owned())];
        for (text, key, location) in [
            ("# Ї\n[smtp.limits]\n\nmax_errors = 0\n", "smtp.limits.max_errors", Location::Line(4)),
            ("[smtp]\nlimits.max_errors = 0\n", "smtp.limits.max_errors", Location::Line(2)),
            ("smtp = { hostname = '' }\n", "smtp.hostname", Location::Line(1)),
            (
                "[web]\nlisten = '[::1]:1'",
                "web.listen",
                Location::Variable("SKRYNKA_WEB__LISTEN".into()),
            ),
            ("[web]\n", "smtp.hostname", Location::Nowhere),
        ] {
            assert_eq!(Location::find(key, text, environment()), location, "{text}");
        }
    }
}
