//! What the content of a copy is: a document, or something else.

use super::named;

named! {
    /// What kind of file a document is.
    pub enum DocumentForm {
        /// A PDF file with a page.
        Pdf = "pdf",
        /// A picture in JPEG that can be decoded.
        Jpeg = "jpeg",
        /// A picture in PNG that can be decoded.
        Png = "png",
    }
}

impl DocumentForm {
    /// Whether it is a picture: a document only where a service says so.
    #[must_use]
    pub fn is_image(self) -> bool {
        self != Self::Pdf
    }
}

named! {
    /// What a content is that is no document. A closed set of words, for they stand in the
    /// clear: nothing of the content is in them.
    #[non_exhaustive]
    pub enum NotADocument {
        /// An archive, or a container with another number of documents than one.
        Archive = "archive",
        /// No byte, or none but white space.
        Empty = "empty",
        /// An encrypted file that nobody opened.
        Encrypted = "encrypted",
        /// A web page, or a program that a browser or Windows starts as one.
        Html = "html",
        /// A picture that programs are known to show in different ways.
        ImageAmbiguous = "image-ambiguous",
        /// A picture of a kind that the service does not accept.
        ImageNotAccepted = "image-not-accepted",
        /// A picture that cannot be decoded whole.
        ImageUnreadable = "image-unreadable",
        /// A mail.
        Mail = "mail",
        /// A document of an office program.
        Office = "office",
        /// None of the others.
        Other = "other",
        /// A PDF file that is encrypted, with a password or without one.
        PdfEncrypted = "pdf-encrypted",
        /// A PDF file begins somewhere behind the first byte: other programs see another file.
        PdfNotAtStart = "pdf-not-at-start",
        /// A PDF file without readable structure, catalog or page tree.
        PdfUnreadable = "pdf-unreadable",
        /// A PDF file that has no page.
        PdfWithoutPage = "pdf-without-page",
        /// A program or script.
        Program = "program",
        /// A signature file whose document is not at hand.
        Signature = "signature",
        /// A plain text.
        Text = "text",
        /// It may be a document and asks for more work than one mail may.
        TooLarge = "too-large",
        /// A text in XML.
        Xml = "xml",
    }
}
