//! What a file name tells of a copy, however a mail client has changed it.
//!
//! Diia names copies `<type-code>-<13 digits>-<dd.MM.yyyy-HH:mm:ss>.pdf`, the moment as a clock in
//! Kyiv shows it. Clients write other signs for `:` and `-`, percent-encode, add `(1)`, prefix
//! "Copy of", change case and cut the end off. A name is a hint and never proof.

use crate::domain::{Timestamp, TypeCode};

/// What a name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameHint {
    /// The type of the document.
    pub type_code: TypeCode,
    /// When the copy was made.
    pub made_at: Option<Timestamp>,
    /// Whether the name is built as Diia builds the names of copies, so that the file has to be
    /// one whatever it holds.
    pub follows_pattern: bool,
}

/// The digits of the number in the middle of a name.
const NUMBER_DIGITS: usize = 13;
/// Codes that say of a document only that it is one; `passport` names two types in one.
const VAGUE_CODES: &[&str] = &["passport", "unknown"];
/// What file managers put before the name of a second copy, with spaces as dashes.
const COPY_MARKS: &[&str] = &["copy-of-", "copy-", "копія-", "fwd-", "fw-"];
/// The endings of signature files, in every order that they are met in.
const ENDINGS: &[&str] = &[".p7e", ".p7s", ".p7m", ".pdf", ".sig", ".txt", ".bin"];
/// A cut name has to have kept so many letters to be known as the beginning of another.
const LEAST_BEGINNING: usize = 16;

/// Reads a file name.
#[must_use]
pub fn read_name(name: &str) -> NameHint {
    let name = plain(name);
    numbered(&name).unwrap_or_else(|| NameHint {
        type_code: leading_code(&name).unwrap_or_else(TypeCode::unknown),
        made_at: None,
        follows_pattern: false,
    })
}

/// How well two names fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// One is the other cut short.
    Beginning,
    /// The same, but for what mail clients do to names.
    Same,
}

/// What mail clients leave of a name: its letters and digits, without endings and numbers of
/// copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameKey(String);

impl NameKey {
    pub(super) fn of(name: &str) -> Self {
        let name = without_copy_numbers(&plain(name));
        let mut kept = name.trim();
        while let Some(shorter) = ENDINGS.iter().find_map(|ending| kept.strip_suffix(ending)) {
            kept = shorter.trim_end();
        }
        Self(kept.chars().filter(|letter| letter.is_alphanumeric()).collect())
    }
}

/// Whether a signature file's name is that of a document's signature; `None` when it is not.
pub(super) fn likeness(signature: &NameKey, document: &NameKey) -> Option<Likeness> {
    let (NameKey(signature), NameKey(document)) = (signature, document);
    let shorter = signature.len().min(document.len());
    if shorter == 0 {
        None
    } else if signature == document {
        Some(Likeness::Same)
    } else {
        let begins = signature.starts_with(document) || document.starts_with(signature);
        (begins && shorter >= LEAST_BEGINNING).then_some(Likeness::Beginning)
    }
}

/// Whether the name is a signature file's, with a number of a copy after it or not.
pub(super) fn has_signature_ending(name: &str) -> bool {
    without_copy_numbers(&plain(name)).trim_end().strip_suffix(".p7s").is_some()
}

/// A signature file's name without its ending.
pub(super) fn without_ending(name: &str) -> &str {
    without(name, ".p7s")
}

/// An encrypted file's name without its ending.
pub(super) fn without_envelope_ending(name: &str) -> &str {
    without(name, ".p7e")
}

fn without<'a>(name: &'a str, unwanted: &str) -> &'a str {
    let kept = name.len().checked_sub(unwanted.len()).and_then(|end| name.split_at_checked(end));
    match kept {
        Some((kept, ending)) if !kept.is_empty() && ending.eq_ignore_ascii_case(unwanted) => kept,
        Some(_) | None => name,
    }
}

/// Removes every `(1)`.
fn without_copy_numbers(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('(') {
        kept.push_str(before);
        match after.split_once(')') {
            Some((number, after)) if is_number(number) => rest = after,
            _ => {
                kept.push('(');
                rest = after;
            }
        }
    }
    kept + rest
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit())
}

/// In lower case, with one sign for each dash and colon, percent-encoding undone.
fn plain(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = encoded(rest).unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    let name = String::from_utf8_lossy(&bytes).to_lowercase();
    name.chars()
        .map(|letter| match letter {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
            '\u{2236}' | '\u{a789}' | '\u{fe55}' | '\u{ff1a}' => ':',
            letter if letter.is_whitespace() => ' ',
            letter => letter,
        })
        .collect()
}

/// The byte that `%3A` stands for.
fn encoded(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = text.strip_prefix(b"%")?;
    let (pair, rest) = digits.split_at_checked(2)?;
    let pair = std::str::from_utf8(pair).ok()?;
    let is_hexadecimal = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hexadecimal.then(|| u8::from_str_radix(pair, 16).ok().map(|byte| (byte, rest)))?
}

/// A name with the number in its middle: the code stands before, the moment after.
fn numbered(name: &str) -> Option<NameHint> {
    let (before, after) = split_at_number(name)?;
    let before = before.strip_suffix(|letter: char| !letter.is_alphanumeric())?;
    let moment = Moment::read(after);
    let type_code = listed_code(before).or_else(|| {
        // A code that the table does not know counts only in a name that is whole.
        moment.as_ref().and_then(|_| unlisted_code(before))
    })?;
    let made_at = moment.and_then(Moment::in_kyiv);
    Some(NameHint { type_code, made_at, follows_pattern: true })
}

/// What stands before and after the first run of exactly thirteen digits.
fn split_at_number(name: &str) -> Option<(&str, &str)> {
    let mut start = 0_usize;
    while let Some(rest) = name.get(start..) {
        let skipped = rest.find(|letter: char| letter.is_ascii_digit())?;
        let run = rest.get(skipped..)?;
        let length = run.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(run.len());
        let from = start.checked_add(skipped)?;
        let to = from.checked_add(length)?;
        if length == NUMBER_DIGITS {
            return Some((name.get(..from)?, name.get(to..)?));
        }
        start = to;
    }
    None
}

/// The listed code that `text` is, or ends with after something that is no part of a code.
fn listed_code(text: &str) -> Option<TypeCode> {
    let dashed = dashed(text);
    let bare = without_copy_mark(&dashed);
    let found = TypeCode::listed().find(|code| {
        bare == *code
            || text
                .strip_suffix(code)
                .and_then(|before| before.chars().next_back())
                .is_some_and(|letter| !letter.is_alphanumeric() && letter != '-')
    })?;
    found.parse().ok()
}

fn unlisted_code(text: &str) -> Option<TypeCode> {
    let dashed = dashed(text);
    let bare = without_copy_mark(&dashed);
    bare.starts_with(|letter: char| letter.is_ascii_lowercase()).then(|| bare.parse().ok())?
}

/// The listed code that a name without a number begins with.
fn leading_code(name: &str) -> Option<TypeCode> {
    let dashed = dashed(name);
    let bare = without_copy_mark(&dashed);
    let found = TypeCode::listed().filter(|code| !VAGUE_CODES.contains(code)).find(|code| {
        bare.strip_prefix(code)
            .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric()))
    })?;
    found.parse().ok()
}

fn dashed(text: &str) -> String {
    text.replace(['_', ' '], "-")
}

fn without_copy_mark(dashed: &str) -> &str {
    COPY_MARKS.iter().find_map(|mark| dashed.strip_prefix(mark)).unwrap_or(dashed)
}

/// The day and time in a name, digit by digit.
struct Moment {
    day: (i16, i8, i8),
    time: (i8, i8, i8),
}

impl Moment {
    /// Reads `-dd.MM.yyyy-HH:mm:ss`, with any signs or none between the numbers.
    fn read(text: &str) -> Option<Self> {
        let mut digits = Digits(text);
        let day = digits.take(2)?;
        let month = digits.take(2)?;
        let year = digits.take(4)?;
        let time = (digits.take(2)?, digits.take(2)?, digits.take(2)?);
        let small = |number: i16| i8::try_from(number).ok();
        (!digits.0.starts_with(|letter: char| letter.is_ascii_digit())).then_some(())?;
        Some(Self {
            day: (year, small(month)?, small(day)?),
            time: (small(time.0)?, small(time.1)?, small(time.2)?),
        })
    }

    fn in_kyiv(self) -> Option<Timestamp> {
        Timestamp::from_wall_clock_in_kyiv(self.day, self.time)
    }
}

struct Digits<'a>(&'a str);

impl Digits<'_> {
    /// Signs that may stand between two numbers: `%3A` that was cut to `3A` is not among them.
    const MAX_SIGNS: usize = 3;

    /// The next `count` digits as a number.
    fn take(&mut self, count: usize) -> Option<i16> {
        let rest = self.0.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let signs = self.0.len().checked_sub(rest.len())?;
        if signs > Self::MAX_SIGNS {
            return None;
        }
        let (number, rest) = rest.split_at_checked(count)?;
        let number = is_number(number).then(|| number.parse().ok())??;
        self.0 = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_pattern_whatever_mail_clients_made_of_it() {
        for name in [
            "internal-passport-2858364170864-02.04.2021-09:48:26.pdf",
            "internal-passport-2858364170864-02.04.2021-09_48_26.pdf",
            "internal-passport-2858364170864-02.04.2021-09-48-26.pdf",
            "internal-passport-2858364170864-02.04.2021-09%3A48%3A26.pdf",
            "internal-passport-2858364170864-02.04.2021-094826.pdf",
            "internal-passport-2858364170864-02.04.2021-09 48 26.pdf",
            "internal-passport-2858364170864-02.04.2021-09：48：26.pdf",
            "internal-passport-2858364170864-02.04.2021-09:48:26 (1).pdf",
            "internal-passport-2858364170864-02.04.2021-09:48:26(12).PDF",
            "internal-passport-2858364170864-02.04.2021-09:48:26.pdf.p7s",
            "internal-passport-2858364170864-02.04.2021-09_48_26.pdf.p7s.p7e",
            "internal-passport-2858364170864-02_04_2021-09_48_26.pdf",
            "internal_passport_2858364170864_02.04.2021_09_48_26.pdf",
            "Internal-Passport-2858364170864-02.04.2021-09:48:26.Pdf",
            "internal–passport–2858364170864–02.04.2021–09:48:26.pdf",
            "internal%2Dpassport-2858364170864-02.04.2021-09:48:26.pdf",
            "Copy of internal-passport-2858364170864-02.04.2021-09:48:26.pdf",
            "Копія internal-passport-2858364170864-02.04.2021-09:48:26.pdf",
            "UTF-8''internal-passport-2858364170864-02.04.2021-09%3A48%3A26.pdf",
            "internal-passport-2858364170864-02.04.2021-09:48:26",
        ] {
            let hint = read_name(name);
            assert_eq!(hint.type_code.as_str(), "internal-passport", "{name}");
            assert!(hint.follows_pattern, "{name}");
            let made_at = hint.made_at.map(|moment| moment.to_string());
            // In April a clock in Kyiv is three hours ahead of UTC.
            assert_eq!(made_at.as_deref(), Some("2021-04-02T06:48:26Z"), "{name}");
        }
    }

    #[test]
    fn reads_what_is_left_of_a_name() {
        for (name, code, follows_pattern) in [
            ("internal-passport-2858364170864-02.04.20", "internal-passport", true),
            ("internal-passport-2858364170864", "internal-passport", true),
            ("internal-passport-28583641708.pdf", "internal-passport", false),
            ("internal-passport.pdf", "internal-passport", false),
            ("user-birth-certificate-1.pdf", "user-birth-certificate", false),
            ("birth-certificate (2).pdf", "birth-certificate", false),
            ("birth-certificates.pdf", "unknown", false),
            ("passport.pdf", "unknown", false),
            ("scan.pdf", "unknown", false),
            ("2858364170864.pdf", "unknown", false),
            ("", "unknown", false),
        ] {
            let hint = read_name(name);
            assert_eq!(hint.type_code.as_str(), code, "{name}");
            assert_eq!(hint.follows_pattern, follows_pattern, "{name}");
            assert_eq!(hint.made_at, None, "{name}");
        }
    }

    #[test]
    fn takes_the_longest_code_and_codes_that_nobody_listed() {
        for (name, code) in [
            (
                "user-birth-certificate-2858364170864-02.04.2021-09:48:26.pdf",
                "user-birth-certificate",
            ),
            ("birth-certificate-2858364170864-02.04.2021-09:48:26.pdf", "birth-certificate"),
            ("income-certificate-2858364170864-02.04.2021-09:48:26.pdf", "income-certificate"),
            (
                "new-birth-certificate-2858364170864-02.04.2021-09:48:26.pdf",
                "new-birth-certificate",
            ),
            ("passport-2858364170864-02.04.2021-09:48:26.pdf", "passport"),
        ] {
            assert_eq!(read_name(name).type_code.as_str(), code, "{name}");
        }
    }

    #[test]
    fn other_numbers_are_not_the_pattern() {
        for name in [
            "IMG-2858364170864.jpg",
            "invoice 2858364170864-02.04.2021.pdf",
            "рахунок-2858364170864-02.04.2021-09:48:26.pdf",
            "x-28583641708641-02.04.2021-09:48:26.pdf",
            "x-2858364170864-02.04.2021-09:48:261.pdf",
        ] {
            assert!(!read_name(name).follows_pattern, "{name}");
        }
        let no_such_day = read_name("u-id-2858364170864-31.02.2021-09:48:26.pdf");
        assert_eq!((no_such_day.follows_pattern, no_such_day.made_at), (true, None));
    }

    #[test]
    fn a_signature_s_name_fits_its_document_s_name() {
        let same = Some(Likeness::Same);
        let beginning = Some(Likeness::Beginning);
        for (signature, document, fits) in [
            ("X.pdf.p7s", "X.pdf", same),
            ("x.PDF.P7S", "X.pdf", same),
            ("X.p7s", "X.pdf", same),
            ("X.pdf.p7s", "X (1).pdf", same),
            ("X.pdf (1).p7s", "X.pdf", same),
            ("a-09_48_26.pdf.p7s", "a-09:48:26.pdf", same),
            ("a-09%3A48%3A26.pdf.p7s", "a-094826.pdf", same),
            ("internal-passport-2858.p7s", "internal-passport-2858364170864-02.04.pdf", beginning),
            (
                "internal-passport-2858364170864-02.04.pdf.p7s",
                "internal-passport-28.pdf",
                beginning,
            ),
            ("X.pdf.p7s", "Y.pdf", None),
            ("a.p7s", "ab.pdf", None),
            (".p7s", ".pdf", None),
            ("", "", None),
        ] {
            let [one, other] = [signature, document].map(NameKey::of);
            assert_eq!(likeness(&one, &other), fits, "{signature} {document}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_name(name in "\\PC{0,120}") {
            let _ = read_name(&name);
            let _ = likeness(&NameKey::of(&name), &NameKey::of(&name));
            let _ = without_ending(&name);
        }
    }
}
