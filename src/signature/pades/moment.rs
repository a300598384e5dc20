//! Dates in PDF files (ISO 32000-1 §7.9.4): `D:YYYYMMDDHHmmSSOHH'mm'`.

use crate::{content::pdf::Text, domain::Timestamp};

/// The moment that a date string says; `None` unless it is written as the standard says, to the
/// second and with the relation to UT.
pub(super) fn read(text: &Text) -> Option<Timestamp> {
    parse(std::str::from_utf8(&text.raw).ok().filter(|_| !text.is_hex)?)
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
