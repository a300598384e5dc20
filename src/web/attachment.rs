//! Bytes from strangers, handed out so that no browser opens them by itself and nothing on the
//! reader's machine takes them for what they are not.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{disclosure::File, refusal::Refusal};
use crate::{
    content::FileKind,
    domain::{legibility, whole_until},
};

const POLICY: &str = "default-src 'none'; sandbox";

/// The answer that makes a browser save `file` under its own name, with the ending of what its
/// bytes are. `fallback` names it when nothing of that name is left.
pub(super) fn attachment(file: File, fallback: &str) -> Result<Response, Refusal> {
    let name = offered(&file.name, fallback, file.kind);
    let disposition =
        HeaderValue::try_from(disposition(&name)).map_err(|error| Refusal::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, file.content).into_response())
}

/// The name that a file of this kind is offered under: what `name` says before all its endings, in
/// signs that every file system takes, and the ending of the kind.
fn offered(name: &str, fallback: &str, kind: FileKind) -> String {
    let (stem, inner) = stem(name, kind);
    let (stem, inner) = if stem.is_empty() { self::stem(fallback, kind) } else { (stem, inner) };
    let mark = if is_device(&stem) { "_" } else { "" };
    format!("{mark}{stem}{inner}{}", kind.ending())
}

/// What of a name stands before its endings, and the one that a signature file keeps, by which
/// programs find the document beside it.
fn stem(name: &str, kind: FileKind) -> (String, &'static str) {
    /// File systems take 255 bytes; some of them are for a copy's number and the endings.
    const MAX_BYTES: usize = 200;
    let mut stem = clean(name);
    let mut inner = "";
    loop {
        while let Some((before, ending)) = stem.rsplit_once('.').filter(|(_, end)| is_ending(end)) {
            let is_beside = matches!(kind, FileKind::Envelope | FileKind::SignedData);
            if is_beside && ending.eq_ignore_ascii_case("pdf") {
                inner = ".pdf";
            }
            stem = trim(before).to_owned();
        }
        if stem.len() <= MAX_BYTES {
            return (stem, inner);
        }
        // What is left of a part that was no ending may be one.
        stem.truncate(whole_until(&stem, MAX_BYTES));
        stem = trim(&stem).to_owned();
    }
}

/// Without signs that people do not see, and with `_` for those that
/// mean something to a file system.
fn clean(name: &str) -> String {
    let plain = |sign: char| match sign {
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '_',
        sign if sign.is_whitespace() => ' ',
        sign => sign,
    };
    let seen = legibility(name).filter(|(sign, is_seen)| *is_seen || sign.is_whitespace());
    trim(&seen.map(|(sign, _)| plain(sign)).collect::<String>()).to_owned()
}

/// Windows drops points and spaces at the end of a name, and a point at its beginning hides it
/// elsewhere.
fn trim(name: &str) -> &str {
    name.trim_matches(['.', ' '])
}

/// Whether a program may be chosen by these last letters of a name: `pdf`, `bat`, `7z`. A number
/// is a part of a date.
fn is_ending(last: &str) -> bool {
    const MAX: usize = 10;
    let is_word = last.bytes().all(|sign| sign.is_ascii_alphanumeric());
    last.len() <= MAX && is_word && last.bytes().any(|sign| sign.is_ascii_alphabetic())
}

/// Names that stand for devices in Windows, whatever ending they have.
fn is_device(stem: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().find_map(|port| first.strip_prefix(port));
    let is_port = numbered.is_some_and(|number| {
        let mut signs = number.chars();
        let is_number = |sign: char| sign.is_ascii_digit() || "¹²³".contains(sign);
        signs.next().is_some_and(is_number) && signs.next().is_none()
    });
    DEVICES.contains(&first.as_str()) || is_port
}

/// `attachment` with the name in both forms of RFC 6266 §4.3, the second encoded by RFC 8187.
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Whether the sign is the same to every reader of a quoted string. `%` is not: some decode it.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.() ".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::legible;

    #[test]
    fn names_survive_in_ascii_and_in_full() {
        for (name, expected) in [
            (
                "taxpayer-card-1.pdf",
                "attachment; filename=\"taxpayer-card-1.pdf\"; \
                 filename*=UTF-8''taxpayer-card-1.pdf",
            ),
            (
                "Є %41.pdf",
                "attachment; filename=\"_ _41.pdf\"; filename*=UTF-8''%D0%84%20%2541.pdf",
            ),
        ] {
            assert_eq!(disposition(name), expected);
            assert!(HeaderValue::try_from(disposition(name)).is_ok());
        }
    }

    #[test]
    fn a_name_has_the_ending_of_what_the_bytes_are() {
        use FileKind::{AsicE, Jpeg, Mail, Other, Pdf, Png, SignedData};
        for (name, kind, expected) in [
            (
                "internal-passport-2858364170864-02.04.2021-09:48:26.pdf",
                Pdf,
                "internal-passport-2858364170864-02.04.2021-09_48_26.pdf",
            ),
            ("passport-02.04.2021-09:48:26.pdf.p7s", Pdf, "passport-02.04.2021-09_48_26.pdf"),
            ("passport.pdf.p7s", SignedData, "passport.pdf.p7s"),
            ("passport.p7s", SignedData, "passport.p7s"),
            ("passport.PDF (1).p7s", SignedData, "passport.PDF (1).p7s"),
            ("passport.asice", AsicE, "passport.asice"),
            ("passport-02.04.20", Pdf, "passport-02.04.20.pdf"),
            ("скан.jpeg", Jpeg, "скан.jpg"),
            ("scan", Png, "scan.png"),
            ("id.eml", Mail, "id.eml"),
            ("passport.pdf.bat", Other, "passport.bin"),
            ("passport.pdf.bat", Pdf, "passport.pdf"),
            ("passport.exe", Other, "passport.bin"),
            ("passport.pdf .hta .", Pdf, "passport.pdf"),
            (
                "passport.{21ec2020-3aea-1069-a2dd-08002b30309d}",
                Pdf,
                "passport.{21ec2020-3aea-1069-a2dd-08002b30309d}.pdf",
            ),
            ("passport\u{202e}fdp.exe", Other, "passportfdp.bin"),
            ("a\u{0}b\r\nc\t.pdf", Pdf, "ab  c.pdf"),
            ("../../etc/passwd", Other, "_.._etc_passwd.bin"),
            (r#"a<b>c:d"e/f\g|h?i*j.pdf"#, Pdf, "a_b_c_d_e_f_g_h_i_j.pdf"),
            ("CON", Pdf, "_CON.pdf"),
            ("nul.txt.pdf", Pdf, "_nul.pdf"),
            ("Com1.x y", Pdf, "_Com1.x y.pdf"),
            ("LPT¹.pdf", Pdf, "_LPT¹.pdf"),
            ("console.pdf", Pdf, "console.pdf"),
            (".pdf", Pdf, "pdf.pdf"),
            (" \u{200f}. .", Other, "document-1.bin"),
            ("", SignedData, "document-1.p7s"),
        ] {
            assert_eq!(offered(name, "document-1", kind), expected, "{name:?}");
        }
        let long = format!("{}.pdf", "Є".repeat(300));
        let offered = offered(&long, "x", Pdf);
        assert_eq!(offered, format!("{}.pdf", "Є".repeat(100)));
        let cut = format!("{}.JK\u{538f0}", "Q".repeat(197));
        assert_eq!(self::offered(&cut, "x", Pdf), format!("{}.pdf", "Q".repeat(197)));
    }

    proptest! {
        #[test]
        fn no_name_is_more_than_a_name(
            name in prop_oneof![
                ".{0,300}",
                "(.|[. ]|[\u{300}-\u{304}]){0,300}",
                "[a-zA-Zа-я.: /\\\\\u{202e}\u{200d}\u{0}]{0,40}(\\.(pdf|exe|hta|p7s|bat|js|lnk)){0,4}",
            ],
            kind in prop::sample::select(FileKind::ALL.to_vec()),
        ) {
            let offered = offered(&name, "document-1", kind);
            let stem = offered.strip_suffix(kind.ending()).unwrap();
            prop_assert!(!stem.is_empty() && offered.len() < 255);
            prop_assert_eq!(&legible(&offered), &offered);
            prop_assert!(!offered.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*']));
            prop_assert!(!stem.starts_with(['.', ' ']) && !stem.ends_with(['.', ' ']));
            prop_assert!(!is_device(stem));
            let inner = stem.rsplit_once('.').map(|(_, ending)| ending);
            let is_kept = kind == FileKind::SignedData || kind == FileKind::Envelope;
            prop_assert!(!inner.is_some_and(is_ending) || is_kept && inner == Some("pdf"));
            prop_assert!(HeaderValue::try_from(disposition(&offered)).is_ok());
        }
    }
}
