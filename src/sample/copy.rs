//! Copies of documents as Diia attaches them: a PDF, named by type, number and moment, alone or
//! with a signature.

use super::{SampleError, authority::Signer, mail::Attachment, pdf, sign};
use crate::domain::{Timestamp, TypeCode};

/// A copy of an invented document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    name: String,
    content: Vec<u8>,
}

impl Copy {
    /// A copy of type `type_code`, made at `made_at`. The last 13 digits of `number` go into the
    /// name and the page, so copies with different numbers differ in their bytes.
    #[must_use]
    pub fn new(type_code: &TypeCode, number: u64, made_at: Timestamp) -> Self {
        let name = name(type_code, number, made_at);
        let content = pdf::page(&[
            &format!("Sample copy: {type_code}"),
            "This is not a document. The person is invented: Testova Osoba.",
            &name,
        ]);
        Self { name, content }
    }

    /// The same bytes under another name, as anybody can give them.
    #[must_use]
    pub fn renamed(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Other bytes under the same name.
    #[must_use]
    pub fn with_content(self, content: &[u8]) -> Self {
        Self { content: content.to_vec(), ..self }
    }

    /// The file's name: `internal-passport-0000000000001-01.09.2026-13:00:00.pdf`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The PDF's bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The copy without any signature.
    #[must_use]
    pub fn unsigned(&self) -> Attachment {
        Attachment {
            name: self.name.clone(),
            media_type: "application/pdf".to_owned(),
            content: self.content.clone(),
        }
    }

    /// The copy inside its signature: one file, `X.pdf.p7s`.
    ///
    /// # Errors
    /// As [`sign::attached`].
    pub fn attached(&self, signer: &Signer, at: Timestamp) -> Result<Attachment, SampleError> {
        Ok(self.signature(sign::attached(&self.content, signer, at)?))
    }

    /// The copy and its signature beside it: `X.pdf` and `X.pdf.p7s`.
    ///
    /// # Errors
    /// As [`sign::detached`].
    pub fn detached(&self, signer: &Signer, at: Timestamp) -> Result<[Attachment; 2], SampleError> {
        let signature = self.signature(sign::detached(&self.content, signer, at)?);
        Ok([self.unsigned(), signature])
    }

    fn signature(&self, content: Vec<u8>) -> Attachment {
        Attachment {
            name: format!("{}.p7s", self.name),
            media_type: "application/pkcs7-signature".to_owned(),
            content,
        }
    }
}

/// `<type-code>-<13 digits>-<dd.MM.yyyy-HH:mm:ss>.pdf`, the moment on Kyiv's clock.
fn name(type_code: &TypeCode, number: u64, made_at: Timestamp) -> String {
    let clock = made_at.wall_clock_in_kyiv();
    let (_, time) = clock.split_once(' ').unwrap_or((&clock, ""));
    let day = made_at.day_in_kyiv().strftime("%d.%m.%Y");
    format!("{type_code}-{:013}-{day}-{time}.pdf", number % 10_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_has_type_thirteen_digits_and_kyiv_time() {
        let code: TypeCode = "internal-passport".parse().unwrap();
        let made_at: Timestamp = "2026-09-01T21:00:09Z".parse().unwrap();
        assert_eq!(
            Copy::new(&code, 10_000_000_000_042, made_at).name(),
            "internal-passport-0000000000042-02.09.2026-00:00:09.pdf"
        );
    }

    #[test]
    fn two_numbers_make_two_contents() {
        let code = TypeCode::unknown();
        let made_at = Timestamp::default();
        assert_ne!(Copy::new(&code, 1, made_at).content(), Copy::new(&code, 2, made_at).content());
    }
}
