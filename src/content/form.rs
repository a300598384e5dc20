//! What a file is, by its first bytes: names and labels of mail parts prove nothing.

use memchr::memmem;

use super::text;

/// What kind of file some bytes are, as far as signatures are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A ZIP archive that is an `ASiC` container (ETSI EN 319 162-1).
    Asic,
    /// CMS `EnvelopedData` or `AuthEnvelopedData`: encrypted (RFC 5652 §6, RFC 5083).
    Envelope,
    /// None of the others.
    Other,
    /// A PDF file: `%PDF-` within its first 1024 bytes.
    Pdf,
    /// CMS `SignedData` (RFC 5652 §5), in DER or BER, bare or as text.
    SignedData,
    /// A ZIP archive that may hold documents; office documents, also ZIP, are [`Form::Other`].
    Zip,
}

const PDF_MAGIC: &[u8] = b"%PDF-";
/// Readers accept the magic so far into a file (ISO 32000-1 annex H, note 13).
const PDF_MAGIC_WITHIN: usize = 1024;

/// The object identifiers that a `ContentInfo` begins with, as they are encoded.
const ID_SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ID_ENVELOPED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
const ID_AUTH_ENVELOPED_DATA: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

impl Form {
    /// The form of `file`.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        if let Some(form) = content_info(file) {
            return form;
        }
        if let Some(form) = text::unwrap(file).and_then(|inner| content_info(&inner)) {
            return form;
        }
        // Before the header of a PDF file is looked for: one may lie in an archive as it is.
        if file.starts_with(b"PK\x03\x04") {
            return archive(file);
        }
        let start = file.get(..PDF_MAGIC_WITHIN).unwrap_or(file);
        if memmem::find(start, PDF_MAGIC).is_some() { Self::Pdf } else { Self::Other }
    }

    /// The name of a form that holds or may hold a signature that cannot be judged yet.
    #[must_use]
    pub fn unsupported(self) -> Option<&'static str> {
        match self {
            Self::Envelope => Some("encrypted CMS envelope"),
            Self::Zip => Some("ZIP archive"),
            Self::Asic | Self::Other | Self::Pdf | Self::SignedData => None,
        }
    }
}

/// The form of a CMS `ContentInfo`, in DER or BER.
fn content_info(file: &[u8]) -> Option<Form> {
    let rest = file.strip_prefix(b"\x30")?;
    let (&length, rest) = rest.split_first()?;
    let more = if length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    let identifier = rest.get(more..)?;
    if identifier.starts_with(ID_SIGNED_DATA) {
        Some(Form::SignedData)
    } else if identifier.starts_with(ID_ENVELOPED_DATA)
        || identifier.starts_with(ID_AUTH_ENVELOPED_DATA)
    {
        Some(Form::Envelope)
    } else {
        None
    }
}

/// Entry names stand uncompressed in a ZIP archive, so they can be looked for without opening it.
fn archive(file: &[u8]) -> Form {
    let holds = |name: &[u8]| memmem::find(file, name).is_some();
    if holds(b"application/vnd.etsi.asic")
        || holds(b"META-INF/signature")
        || holds(b"META-INF/ASiC")
        || holds(b"META-INF/timestamp")
    {
        Form::Asic
    } else if holds(b"[Content_Types].xml") || holds(b"application/vnd.oasis.opendocument") {
        Form::Other
    } else {
        Form::Zip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_by_their_bytes() {
        let late_pdf = [&[b' '; 1000][..], b"%PDF-1.7"].concat();
        let too_late_pdf = [&[b' '; 1024][..], b"%PDF-1.7"].concat();
        let zip = |name: &str| [b"PK\x03\x04", name.as_bytes()].concat();
        for (file, form) in [
            (&b"%PDF-1.4"[..], Form::Pdf),
            (&late_pdf, Form::Pdf),
            (&too_late_pdf, Form::Other),
            (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0", Form::SignedData),
            (b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80", Form::SignedData),
            (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", Form::Envelope),
            (b"MAsGCSqGSIb3DQEHAw==", Form::Envelope),
            (b"MAsGCSqGSIb3DQEHAg==", Form::SignedData),
            (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", Form::Other),
            (&zip("META-INF/signature.p7s"), Form::Asic),
            (&zip("mimetypeapplication/vnd.etsi.asic-e+zip"), Form::Asic),
            (&zip("copy.pdf"), Form::Zip),
            (&zip("META-INF/signature.p7s copy.pdf%PDF-1.7"), Form::Asic),
            (&zip("[Content_Types].xml"), Form::Other),
            (b"\x30\xff", Form::Other),
            (b"", Form::Other),
        ] {
            assert_eq!(Form::of(file), form, "{}", String::from_utf8_lossy(file));
        }
    }
}
