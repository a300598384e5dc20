//! Dates in PDF files (ISO 32000-1 §7.9.4): `D:YYYYMMDDHHmmSSOHH'mm'`.

use crate::{content::pdf::Text, domain::Timestamp};

/// The moment that a date string says; `None` unless it is written as the standard says, to the
/// second and with the relation to UT.
pub(super) fn read(text: &Text) -> Option<Timestamp> {
    parse(std::str::from_utf8(&text.octets()?).ok()?)
}

fn parse(text: &str) -> Option<Timestamp> {
    const LOCAL: usize = 14;
    let text = text.strip_prefix("D:")?;
    let (local, zone) = text.split_at_checked(LOCAL)?;
    if !local.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone = match zone {
        "Z" | "Z00'00'" | "Z00'00" => "Z".to_owned(),
        _ => {
            let digits = zone.get(1..)?.trim_end_matches('\'');
            let (hours, minutes) = digits.split_once('\'')?;
            let sign = zone.get(..1).filter(|sign| ["+", "-"].contains(sign))?;
            format!("{sign}{hours}:{minutes}")
        }
    };
    let part = |from: usize, to: usize| local.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let (hour, minute, second) = (part(8, 10), part(10, 12), part(12, 14));
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}{zone}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::pdf::{Object, Reader};

    /// Writers differ: pyHanko escapes the colon.
    #[test]
    fn reads_dates_however_their_string_is_written() {
        for (written, is_right) in [
            ("(D:20260901100000Z)", true),
            ("(D\\072202609011\\0600000Z)", true),
            ("(D\\:2026090110\\\n0000\\\r\nZ)", true),
            ("<443A32303236303930313130303030305A>", true),
            ("<44 3a 3230323630393031 3130303030305a>", true),
            ("(D\\0722026090110000\\n0Z)", false),
            ("(D:20260901100000Z\\000)", false),
            ("<443A32303236303930313130303030305>", false),
        ] {
            let object = Reader::new(written.as_bytes(), 0).object();
            let Some(Object::Text(text)) = object else { panic!("{written} is no string") };
            let due = is_right.then_some("2026-09-01T10:00:00Z");
            assert_eq!(read(&text).map(|moment| moment.to_string()).as_deref(), due, "{written}");
        }
    }

    #[test]
    fn reads_dates_to_the_second_and_no_others() {
        for (text, read) in [
            ("D:20260901130000+03'00'", Some("2026-09-01T10:00:00Z")),
            ("D:20260901130000+03'00", Some("2026-09-01T10:00:00Z")),
            ("D:20260901100000Z", Some("2026-09-01T10:00:00Z")),
            ("D:20260901100000Z00'00'", Some("2026-09-01T10:00:00Z")),
            ("D:20260901043000-05'30'", Some("2026-09-01T10:00:00Z")),
            ("D:20260901100000", None),
            ("D:202609011000Z", None),
            ("20260901100000Z", None),
            ("D:20261301100000Z", None),
            ("D:20260901100000+03'00'x", None),
            ("D:2026090110000\u{439}Z", None),
            ("", None),
        ] {
            let moment = parse(text).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), read, "{text}");
        }
    }
}
