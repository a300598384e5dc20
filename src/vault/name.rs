//! Names of objects within a share's term.

use std::fmt;

/// The name of an object. Made of numbers of ours alone, never of what a sender wrote, so it is
/// safe in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Document(u32),
    Mail,
    Signature { document: u32, file: u32 },
}

impl ObjectName {
    /// The document of this number.
    #[must_use]
    pub fn document(number: u32) -> Self {
        Self(Kind::Document(number))
    }

    /// The raw mail.
    #[must_use]
    pub fn mail() -> Self {
        Self(Kind::Mail)
    }

    /// A signature file of a document, by the document's number and its own.
    #[must_use]
    pub fn signature(document: u32, file: u32) -> Self {
        Self(Kind::Signature { document, file })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Document(number) => write!(f, "document-{number}"),
            Kind::Mail => f.write_str("mail"),
            Kind::Signature { document, file } => write!(f, "signature-{document}-{file}"),
        }
    }
}
