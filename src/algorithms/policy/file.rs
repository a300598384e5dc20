//! The form of a policy file: TOML, every key known, every line with its source.

use serde::Deserialize;
use toml::Spanned;

use super::{
    super::DigestAlgorithm, Accepted, COMPUTED, DSTU_4145, Line, NOT_COMPUTED, Policy, RSA,
};
use crate::domain::Date;

/// Why a file is no policy. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A date in no known form.
    #[error(
        "line {line}: {text:?} is no end: write the last day that it is accepted \
         (\"2028-12-31\"), \"no end\", or \"never\""
    )]
    Date {
        /// Where.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A text that has to say something is empty.
    #[error("line {line}: {key} is empty: say which standard or rule the line follows")]
    Empty {
        /// Where.
        line: usize,
        /// Which key.
        key: &'static str,
    },
    /// A length where the algorithm has only one.
    #[error(
        "line {line}: {name} has one length only: leave bits_at_least out (it is for {RSA} and \
         {DSTU_4145})"
    )]
    Length {
        /// Where.
        line: usize,
        /// The algorithm.
        name: String,
    },
    /// An algorithm is accepted that the program cannot compute.
    #[error(
        "line {line}: {name} is not computed by this program: it can only be \"never\" accepted"
    )]
    NotComputed {
        /// Where.
        line: usize,
        /// The algorithm.
        name: String,
    },
    /// Not TOML, or a key that does not belong there, or one that is missing.
    #[error("line {line}: {problem}; `skrynka policy show --toml` prints a file that is right")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Two lines say something of the same algorithm and length.
    #[error("line {line}: {name} has a line of the same length already: leave one of the two")]
    Twice {
        /// Where the second is.
        line: usize,
        /// The algorithm.
        name: String,
    },
    /// An algorithm that the program does not know.
    #[error("line {line}: the algorithm {name:?} is not known; known are {known}", known = known())]
    Unknown {
        /// Where.
        line: usize,
        /// The name in the file.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    name: Spanned<String>,
    version: u32,
    issued: Spanned<String>,
    algorithm: Vec<LineTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineTable {
    name: Spanned<String>,
    bits_at_least: Option<Spanned<usize>>,
    accepted_until: Spanned<String>,
    source: Spanned<String>,
    note: Option<String>,
}

impl Policy {
    /// Reads a policy from the text of its file.
    ///
    /// # Errors
    /// The first mistake found, with its line and what to do.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let line_at = |offset: usize| {
            text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
        };
        let file: FileTable = toml::from_str(text).map_err(|error| PolicyError::Syntax {
            line: line_at(error.span().map_or(0, |span| span.start)),
            problem: error.message().trim().replace('\n', "; "),
        })?;
        if file.name.get_ref().trim().is_empty() {
            return Err(PolicyError::Empty { line: line_at(file.name.span().start), key: "name" });
        }
        let issued = file.issued.get_ref().parse::<Date>().map_err(|_| PolicyError::Date {
            line: line_at(file.issued.span().start),
            text: file.issued.get_ref().clone(),
        })?;
        let mut lines: Vec<Line> = Vec::new();
        for table in file.algorithm {
            let at = line_at(table.name.span().start);
            let line = table.line(&line_at)?;
            let is_same =
                |known: &Line| known.name == line.name && known.bits_at_least == line.bits_at_least;
            if lines.iter().any(is_same) {
                return Err(PolicyError::Twice { line: at, name: line.name });
            }
            lines.push(line);
        }
        let name = file.name.into_inner();
        Ok(Self { name, version: file.version, issued, lines })
    }
}

impl LineTable {
    fn line(self, line_at: &impl Fn(usize) -> usize) -> Result<Line, PolicyError> {
        let line = line_at(self.name.span().start);
        let name = self.name.into_inner();
        let is_computed = computed().any(|known| known == name);
        if !is_computed && !NOT_COMPUTED.contains(&name.as_str()) {
            return Err(PolicyError::Unknown { line, name });
        }
        if let Some(bits) = &self.bits_at_least
            && ![RSA, DSTU_4145].contains(&name.as_str())
        {
            return Err(PolicyError::Length { line: line_at(bits.span().start), name });
        }
        let accepted = match self.accepted_until.get_ref().as_str() {
            "never" => Accepted::Never,
            "no end" => Accepted::NoEnd,
            day => Accepted::Until(day.parse().map_err(|_| PolicyError::Date {
                line: line_at(self.accepted_until.span().start),
                text: day.to_owned(),
            })?),
        };
        if !is_computed && accepted != Accepted::Never {
            let line = line_at(self.accepted_until.span().start);
            return Err(PolicyError::NotComputed { line, name });
        }
        if self.source.get_ref().trim().is_empty() {
            let line = line_at(self.source.span().start);
            return Err(PolicyError::Empty { line, key: "source" });
        }
        Ok(Line {
            name,
            bits_at_least: self.bits_at_least.map_or(0, Spanned::into_inner),
            accepted,
            source: self.source.into_inner(),
            note: self.note,
        })
    }
}

fn computed() -> impl Iterator<Item = &'static str> {
    COMPUTED.into_iter().chain(DigestAlgorithm::ALL.into_iter().map(DigestAlgorithm::name))
}

fn known() -> String {
    computed().chain(NOT_COMPUTED).collect::<Vec<_>>().join(", ")
}
