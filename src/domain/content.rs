//! What the content of a copy is: a document, or something else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What kind of file a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentForm {
    /// A PDF file with a page.
    Pdf,
    /// A picture in JPEG that can be decoded.
    Jpeg,
    /// A picture in PNG that can be decoded.
    Png,
}

impl DocumentForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// The name in files, in the API and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// Whether it is a picture: a document only where a service says so.
    #[must_use]
    pub fn is_image(self) -> bool {
        self != Self::Pdf
    }
}

impl FromStr for DocumentForm {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|form| form.as_str() == name).ok_or(())
    }
}

macro_rules! not_a_document {
    ($($(#[$doc:meta])* $variant:ident = $name:literal);+ $(;)?) => {
        /// What a content is that is no document. A closed set of words, for they stand in the
        /// clear: nothing of the content is in them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum NotADocument {
            $($(#[$doc])* $variant),+
        }

        impl NotADocument {
            /// All of them, so that a test can ask for a text for each.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in findings.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

not_a_document! {
    /// An archive, or a container with another number of documents than one.
    Archive = "archive";
    /// No byte, or none but white space.
    Empty = "empty";
    /// An encrypted file that nobody opened.
    Encrypted = "encrypted";
    /// A web page, or a program that a browser or Windows starts as one.
    Html = "html";
    /// A picture of a kind that the service does not accept.
    ImageNotAccepted = "image-not-accepted";
    /// A picture that cannot be decoded whole.
    ImageUnreadable = "image-unreadable";
    /// A mail.
    Mail = "mail";
    /// A document of an office program.
    Office = "office";
    /// None of the others.
    Other = "other";
    /// A PDF file that is encrypted, with a password or without one.
    PdfEncrypted = "pdf-encrypted";
    /// A PDF file begins somewhere behind the first byte: other programs see another file.
    PdfNotAtStart = "pdf-not-at-start";
    /// A PDF file without readable structure, catalog or page tree.
    PdfUnreadable = "pdf-unreadable";
    /// A PDF file that has no page.
    PdfWithoutPage = "pdf-without-page";
    /// A program or script.
    Program = "program";
    /// A signature file whose document is not at hand.
    Signature = "signature";
    /// A plain text.
    Text = "text";
    /// It may be a document and asks for more work than one mail may.
    TooLarge = "too-large";
    /// A text in XML.
    Xml = "xml";
}

impl fmt::Display for NotADocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NotADocument {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or(())
    }
}
