//! What a file is by its first bytes: what it is called when it is handed out, and what it is
//! instead of a document.

use memchr::memmem;

use super::{Form, is_pdf, jpeg, png};
use crate::domain::NotADocument;

/// What a file is called when it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A container `ASiC-E` (ETSI EN 319 162-1).
    AsicE,
    /// A container `ASiC-S`.
    AsicS,
    /// An encrypted file.
    Envelope,
    /// A picture in JPEG.
    Jpeg,
    /// A mail.
    Mail,
    /// None of the others.
    Other,
    /// A PDF file.
    Pdf,
    /// A picture in PNG.
    Png,
    /// A signature file.
    SignedData,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AsicE,
        Self::AsicS,
        Self::Envelope,
        Self::Jpeg,
        Self::Mail,
        Self::Other,
        Self::Pdf,
        Self::Png,
        Self::SignedData,
    ];

    /// The kind of `file` by its bytes. Whether it is a right file of that kind is not asked, and a
    /// mail is not known by its bytes.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        if is_pdf(file) {
            return Self::Pdf;
        }
        if jpeg::is_jpeg(file) {
            return Self::Jpeg;
        }
        if png::is_png(file) {
            return Self::Png;
        }
        match Form::of(file) {
            Form::Asic if holds(file, &["vnd.etsi.asic-e+zip", "META-INF/ASiCManifest"]) => {
                Self::AsicE
            }
            Form::Asic => Self::AsicS,
            Form::Envelope => Self::Envelope,
            Form::SignedData => Self::SignedData,
            // The header of a PDF file stands further on: other programs see another file.
            Form::Other | Form::Pdf | Form::Zip => Self::Other,
        }
    }

    /// The ending of its name, with the point. No program is started by one of them.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::AsicE => ".asice",
            Self::AsicS => ".asics",
            Self::Envelope => ".p7e",
            Self::Jpeg => ".jpg",
            Self::Mail => ".eml",
            Self::Other => ".bin",
            Self::Pdf => ".pdf",
            Self::Png => ".png",
            Self::SignedData => ".p7s",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::AsicE => "application/vnd.etsi.asic-e+zip",
            Self::AsicS => "application/vnd.etsi.asic-s+zip",
            Self::Jpeg => "image/jpeg",
            Self::Mail => "message/rfc822",
            Self::Envelope | Self::Other => "application/octet-stream",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::SignedData => "application/pkcs7-signature",
        }
    }
}

/// How far into a file one looks for what kind of text it is.
const BEGINNING: usize = 1024;

const PROGRAMS: [&[u8]; 7] = [
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"#!",
    // A link of Windows (MS-SHLLINK §2.1).
    b"L\x00\x00\x00\x01\x14\x02\x00",
];
const ARCHIVES: [&[u8]; 9] = [
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"\xfd7zXZ\x00",
    b"BZh",
    b"MSCF",
    b"\x28\xb5\x2f\xfd",
];
/// Office documents of before 2007, and those in RTF.
const OFFICE: [&[u8]; 2] = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"];
const IMAGES: [&[u8]; 8] = [
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\xff\x0a",
    b"\x00\x00\x01\x00",
];
const MARKUP: [&str; 6] = ["<!doctype html", "<html", "<head", "<body", "<script", "<hta:"];
/// Header fields that mails begin with.
const MAIL_FIELDS: [&str; 11] = [
    "content-",
    "date:",
    "delivered-to:",
    "from:",
    "message-id:",
    "mime-version:",
    "received:",
    "return-path:",
    "subject:",
    "to:",
    "x-",
];

/// What `file`, which is neither a PDF file nor a picture in JPEG or PNG, is instead of a document.
pub(super) fn instead(file: &[u8]) -> NotADocument {
    if file.iter().all(u8::is_ascii_whitespace) {
        return NotADocument::Empty;
    }
    let begins = |signs: &[&[u8]]| signs.iter().any(|sign| file.starts_with(sign));
    match Form::of(file) {
        Form::Asic | Form::Zip => return NotADocument::Archive,
        Form::Envelope => return NotADocument::Encrypted,
        Form::Pdf => return NotADocument::PdfNotAtStart,
        Form::SignedData => return NotADocument::Signature,
        Form::Other => {}
    }
    if begins(&OFFICE)
        || file.starts_with(b"PK") && holds(file, &["[Content_Types].xml", "opendocument"])
    {
        NotADocument::Office
    } else if begins(&ARCHIVES) || file.get(257..262) == Some(b"ustar") {
        NotADocument::Archive
    } else if is_text(file) {
        text(file)
    } else if begins(&PROGRAMS) {
        NotADocument::Program
    } else if begins(&IMAGES) || is_boxed_image(file) {
        NotADocument::ImageNotAccepted
    } else {
        NotADocument::Other
    }
}

/// Pictures in `WebP`, HEIF and AVIF.
fn is_boxed_image(file: &[u8]) -> bool {
    let is_web = file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP");
    let brand = file.get(8..12).filter(|_| file.get(4..8) == Some(b"ftyp"));
    let brands: [&[u8]; 6] = [b"heic", b"heix", b"mif1", b"msf1", b"avif", b"heif"];
    is_web || brand.is_some_and(|brand| brands.contains(&brand))
}

/// Whether nothing in the beginning of `file` is a sign that texts do not have. UTF-16 is a text by
/// its first two bytes.
fn is_text(file: &[u8]) -> bool {
    let beginning = file.get(..BEGINNING).unwrap_or(file);
    let is_wide = beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff");
    let is_sign = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b'\x1a' | b' '..);
    !beginning.is_empty()
        && (is_wide || beginning.iter().all(is_sign) && is_mostly_letters(beginning))
}

/// Whether most bytes are of ASCII, or all of them are UTF-8 but for a sign that was cut.
fn is_mostly_letters(beginning: &[u8]) -> bool {
    let ascii = beginning.iter().filter(|byte| byte.is_ascii()).count();
    let is_utf8 = match str::from_utf8(beginning) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 || ascii.saturating_mul(2) >= beginning.len()
}

/// What kind of text it is.
fn text(file: &[u8]) -> NotADocument {
    let beginning = file.get(..BEGINNING).unwrap_or(file);
    // UTF-16 of Latin letters is read as well.
    let plain: Vec<u8> = beginning.iter().copied().filter(|byte| *byte != 0).collect();
    let plain = String::from_utf8_lossy(&plain).to_ascii_lowercase();
    let plain = plain.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start();
    if plain.is_empty() {
        NotADocument::Empty
    } else if plain.starts_with("#!") || plain.starts_with("@echo") || plain.starts_with("mz") {
        NotADocument::Program
    } else if MARKUP.iter().any(|tag| plain.contains(tag)) {
        NotADocument::Html
    } else if plain.starts_with("<?xml") || plain.starts_with("<svg") {
        NotADocument::Xml
    } else if MAIL_FIELDS.iter().any(|field| plain.starts_with(field)) {
        NotADocument::Mail
    } else {
        NotADocument::Text
    }
}

fn holds(file: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| memmem::find(file, name.as_bytes()).is_some())
}
