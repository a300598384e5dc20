//! How the clock stands to the greatest time seen: what may be destroyed by it.

use std::fmt;

use super::{CLOCK_TOLERANCE_SECONDS, Timestamp, named};

/// How far a clock may stand past the greatest time seen and be taken at its word, in seconds: a
/// day. A night switched off needs nobody, and no wrong clock destroys more than a day's worth.
pub const CLOCK_LEAP_SECONDS: i64 = 24 * 60 * 60;

/// 2026-01-01: this program is younger, and a clock before it is one that was never set.
const NEVER_SET_BEFORE_SECONDS: i64 = 1_767_225_600;

/// A clock beside the greatest time seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockState {
    /// What the clock says.
    pub now: Timestamp,
    /// The greatest time that was accepted; `None` before the first.
    pub greatest: Option<Timestamp>,
}

/// How a clock stands to the greatest time seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockStanding {
    /// It goes on from there: things are destroyed by it.
    Accepted,
    /// It stands more than [`CLOCK_LEAP_SECONDS`] past it.
    Ahead,
    /// It stands more than [`CLOCK_TOLERANCE_SECONDS`] before it.
    Behind,
}

named! {
    /// Who agrees with a clock that does not go on from the greatest time seen.
    pub enum ClockWitness {
        /// A revocation list or an OCSP answer that was signed within the day before now.
        SignedAnswer = "signed answer",
        /// The machine's time service, which has just set the clock by the network.
        TimeService = "time service",
    }
}

impl ClockState {
    /// How the clock stands. The first time of all is accepted, for nothing is kept that it could end;
    /// but not that of a machine whose clock nobody has set: what comes then would end when it is.
    #[must_use]
    pub fn standing(self) -> ClockStanding {
        let Some(greatest) = self.greatest else {
            let is_set = self.now >= Timestamp::from_seconds(NEVER_SET_BEFORE_SECONDS);
            return if is_set { ClockStanding::Accepted } else { ClockStanding::Behind };
        };
        if self.now > greatest.plus_seconds(CLOCK_LEAP_SECONDS) {
            ClockStanding::Ahead
        } else if self.now < greatest.plus_seconds(-CLOCK_TOLERANCE_SECONDS) {
            ClockStanding::Behind
        } else {
            ClockStanding::Accepted
        }
    }

    /// The latest moment that has come without doubt: now by an accepted clock, and the earlier of both
    /// by another.
    #[must_use]
    pub fn surely_past(self) -> Timestamp {
        match self.greatest {
            Some(greatest) if !self.is_accepted() => greatest.min(self.now),
            Some(_) | None => self.now,
        }
    }

    /// Whether things are destroyed by this clock.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self.standing() == ClockStanding::Accepted
    }
}

impl fmt::Display for ClockState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, greatest } = self;
        let Some(greatest) = greatest else {
            let how = if self.is_accepted() { "no time was seen before" } else { "was never set" };
            return write!(f, "the clock says {now}, and {how}");
        };
        let relation = match self.standing() {
            ClockStanding::Accepted => "goes on from",
            ClockStanding::Ahead => "stands more than a day past",
            ClockStanding::Behind => "stands before",
        };
        write!(f, "the clock says {now}, which {relation} the greatest time seen, {greatest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_accepted_from_ten_minutes_before_to_a_day_past_the_greatest_time() {
        let greatest = Timestamp::from_seconds(1_790_000_000);
        let standing = |seconds| {
            let now = greatest.plus_seconds(seconds);
            ClockState { now, greatest: Some(greatest) }.standing()
        };
        for (seconds, expected) in [
            (-601, ClockStanding::Behind),
            (-600, ClockStanding::Accepted),
            (86_400, ClockStanding::Accepted),
            (86_401, ClockStanding::Ahead),
        ] {
            assert_eq!(standing(seconds), expected, "{seconds}");
        }
        let first = ClockState { now: greatest, greatest: None };
        assert_eq!(first.standing(), ClockStanding::Accepted);
        for (text, expected) in [
            ("2020-01-01T00:00:00Z", ClockStanding::Behind),
            ("2026-01-01T00:00:00Z", ClockStanding::Accepted),
        ] {
            let first = ClockState { now: text.parse().unwrap(), greatest: None };
            assert_eq!(first.standing(), expected, "{text}");
        }
    }
}
