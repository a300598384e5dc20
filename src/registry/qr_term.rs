//! The term of a printed Diia.QR code: six calendar months from the day it was made.

use crate::domain::Date;

/// How long a code lives.
const LIFE_MONTHS: u16 = 6;
/// With no more than this left, it is time for a new one.
const RENEW_MONTHS: u16 = 3;

/// How the term of a QR code stands on some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QrTerm {
    /// Nobody has said when the code was made.
    NotSet,
    /// More than three months are left.
    Fine,
    /// Three months or less are left: print a new one.
    Renew {
        /// The first day that the code does not work.
        until: Date,
    },
    /// The code does not work any more.
    Expired {
        /// The first day that it did not work.
        since: Date,
    },
}

impl QrTerm {
    /// The first day that a code made on `issued_on` does not work.
    pub(crate) fn end(issued_on: Date) -> Date {
        months_after(issued_on, LIFE_MONTHS)
    }

    /// The term, on the day `today`, of a code made on `issued_on`.
    pub(crate) fn of(issued_on: Date, today: Date) -> Self {
        let end = Self::end(issued_on);
        if today >= end {
            Self::Expired { since: end }
        } else if months_after(today, RENEW_MONTHS) >= end {
            Self::Renew { until: end }
        } else {
            Self::Fine
        }
    }
}

/// The same day `months` later, or the last day of that month when it is shorter; the last day
/// of the calendar when it ends before.
fn months_after(day: Date, months: u16) -> Date {
    let month = u16::from(day.month().unsigned_abs()) - 1 + months;
    let year = day.year().saturating_add_unsigned(month / 12);
    i8::try_from(month % 12 + 1)
        .ok()
        .and_then(|month| Date::new(year, month, 1).ok())
        .and_then(|first| Date::new(year, first.month(), day.day().min(first.days_in_month())).ok())
        .unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_calendar() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (issued_on, today, term) in [
            ("2026-09-01", "2026-09-01", QrTerm::Fine),
            ("2026-09-01", "2026-11-30", QrTerm::Fine),
            ("2026-09-01", "2026-12-01", QrTerm::Renew { until: day("2027-03-01") }),
            ("2026-09-01", "2027-02-28", QrTerm::Renew { until: day("2027-03-01") }),
            ("2026-09-01", "2027-03-01", QrTerm::Expired { since: day("2027-03-01") }),
            ("2026-08-31", "2027-02-27", QrTerm::Renew { until: day("2027-02-28") }),
            ("2026-08-31", "2027-02-28", QrTerm::Expired { since: day("2027-02-28") }),
            ("2027-08-31", "2028-02-28", QrTerm::Renew { until: day("2028-02-29") }),
            ("2027-01-01", "2026-01-01", QrTerm::Fine),
            ("9999-12-01", "9999-12-01", QrTerm::Renew { until: Date::MAX }),
        ] {
            assert_eq!(QrTerm::of(day(issued_on), day(today)), term, "{issued_on} on {today}");
        }
    }
}
