//! Moments and days.

use std::{fmt, str::FromStr};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A calendar day.
pub type Date = jiff::civil::Date;

/// A moment in UTC, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Shown and serialised as RFC 3339 with a `Z` (`2026-09-01T10:00:00Z`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 moment, or lies outside the years −9999 to 9999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a moment in RFC 3339 form, such as 2026-09-01T10:00:00Z")]
pub struct TimestampError {
    text: String,
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// The range that `jiff` accepts microseconds in: -009999-01-02T01:59:59Z to 9999-12-30T22:00:00Z.
const MIN_MICROS: i64 = -377_705_023_201 * MICROS_PER_SECOND;
const MAX_MICROS: i64 = 253_402_207_200 * MICROS_PER_SECOND;

/// How far another's clock may be ahead of ours, in seconds: a moment no further in the future is taken
/// for the present.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 600;

/// The zone that days are counted in for people: an installation's branches are in Ukraine.
const ZONE: &str = "Europe/Kyiv";

impl Timestamp {
    /// The moment `micros` microseconds after the epoch, clamped to what a calendar can show.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    /// The moment `seconds` seconds after the epoch, clamped to what a calendar can show.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// This moment and `days` times 24 hours.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self::from_micros(self.0.saturating_add(i64::from(days).saturating_mul(MICROS_PER_DAY)))
    }

    /// This moment and `seconds` seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(MICROS_PER_SECOND)
    }

    /// The first moment of this day in UTC.
    #[must_use]
    pub fn start_of_utc_day(self) -> Self {
        Self::from_micros(self.0.div_euclid(MICROS_PER_DAY).saturating_mul(MICROS_PER_DAY))
    }

    /// The day of this moment in Kyiv.
    #[must_use]
    pub fn day_in_kyiv(self) -> Date {
        self.in_kyiv().date()
    }

    /// The first moment of `day` in Kyiv.
    #[must_use]
    pub fn start_of_day_in_kyiv(day: Date) -> Self {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        // At the ends of the calendar the day can lie outside of it in UTC.
        day.to_zoned(zone).map_or_else(
            |_| Self::from_micros(if day.year() > 0 { i64::MAX } else { i64::MIN }),
            |start| Self(start.timestamp().as_microsecond()),
        )
    }

    /// This moment on a wall clock in Kyiv, to the second: `2026-09-01 13:00:00`.
    #[must_use]
    pub fn wall_clock_in_kyiv(self) -> String {
        self.in_kyiv().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// This moment in the form of header fields (RFC 5322 §3.3), in UTC and to the second:
    /// `Tue, 01 Sep 2026 10:00:00 +0000`.
    #[must_use]
    pub fn mail_date(self) -> String {
        self.as_jiff().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    }

    /// The moment when a wall clock in Kyiv shows this day and time; `None` when there is no such
    /// day or time. A time that the spring change skips is read as if the clock had not been
    /// changed; of one that comes twice in autumn the first is meant.
    #[must_use]
    pub fn from_wall_clock_in_kyiv(
        (year, month, day): (i16, i8, i8),
        (hour, minute, second): (i8, i8, i8),
    ) -> Option<Self> {
        let shown = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        let moment = zone.to_timestamp(shown).ok()?;
        Some(Self::from_micros(moment.as_microsecond()))
    }

    fn in_kyiv(self) -> jiff::Zoned {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        self.as_jiff().to_zoned(zone)
    }

    fn as_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).expect("clamped by Timestamp::from_micros")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_jiff().fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|moment| Self(moment.as_microsecond()))
            .map_err(|_| TimestampError { text: text.to_owned() })
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> Self {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_days_by_the_clock_in_kyiv() {
        let before_midnight: Timestamp = "2026-11-22T21:59:59Z".parse().unwrap();
        let after_midnight: Timestamp = "2026-11-22T22:00:00Z".parse().unwrap();
        assert_eq!(before_midnight.day_in_kyiv().to_string(), "2026-11-22");
        assert_eq!(after_midnight.day_in_kyiv().to_string(), "2026-11-23");
        assert_eq!(after_midnight.wall_clock_in_kyiv(), "2026-11-23 00:00:00");
    }

    #[test]
    fn reads_a_wall_clock_in_kyiv_in_winter_and_in_summer() {
        let read = |day, time| {
            Timestamp::from_wall_clock_in_kyiv(day, time).map(|moment| moment.to_string())
        };
        assert_eq!(read((2026, 11, 22), (2, 0, 0)).as_deref(), Some("2026-11-22T00:00:00Z"));
        assert_eq!(read((2026, 7, 1), (3, 0, 0)).as_deref(), Some("2026-07-01T00:00:00Z"));
        assert_eq!(read((2026, 2, 31), (2, 0, 0)), None);
        assert_eq!(read((2026, 2, 1), (24, 0, 0)), None);
    }

    #[test]
    fn a_day_begins_at_midnight_in_kyiv_also_when_the_clock_changes() {
        for (day, start) in [
            ("2026-11-23", "2026-11-22T22:00:00Z"),
            ("2026-07-01", "2026-06-30T21:00:00Z"),
            ("2026-03-29", "2026-03-28T22:00:00Z"),
            ("2026-03-30", "2026-03-29T21:00:00Z"),
        ] {
            let begin = Timestamp::start_of_day_in_kyiv(day.parse().unwrap());
            assert_eq!(begin.to_string(), start);
            assert_eq!(begin.day_in_kyiv().to_string(), day);
        }
    }

    #[test]
    fn survives_the_ends_of_time() {
        for end in ["9999-12-31", "-009999-01-01"] {
            assert!(!Timestamp::start_of_day_in_kyiv(end.parse().unwrap()).to_string().is_empty());
        }
        assert!(
            Timestamp::from_micros(i64::MAX).plus_days(u32::MAX).to_string().starts_with("9999")
        );
        assert!(Timestamp::from_micros(i64::MIN).to_string().starts_with("-009999"));
    }

    #[test]
    fn refuses_a_moment_without_a_zone() {
        assert!("2026-11-22T21:59:59".parse::<Timestamp>().is_err());
    }
}
