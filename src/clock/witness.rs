//! Who can agree with a clock that does not go on from the greatest time seen.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::{CLOCK_TOLERANCE_SECONDS, ClockState, ClockWitness, Timestamp};

/// How long ago the time service may have set the clock, in seconds. It does so every 34 minutes at
/// the latest by its own defaults; two may fail.
const SYNCHRONIZED_SECONDS: i64 = 2 * 60 * 60;

/// The witnesses of one machine. Cloning is cheap; clones know the same answers.
#[derive(Clone, Debug)]
pub struct Witnesses {
    synchronized: PathBuf,
    signed: Arc<Mutex<Option<Signed>>>,
}

/// The newest answer that has come.
#[derive(Clone, Copy, Debug)]
struct Signed {
    this_update: Timestamp,
    /// When it came: later it says nothing of a clock that stood still meanwhile.
    came: Instant,
}

/// How long an answer is a witness after it has come.
const SIGNED_FOR: Duration = Duration::from_mins(10);

impl Witnesses {
    /// The time service that touches the file `synchronized` whenever it has set the clock, and no
    /// signed answer yet.
    #[must_use]
    pub fn new(synchronized: &Path) -> Self {
        Self { synchronized: synchronized.to_owned(), signed: Arc::default() }
    }

    /// Takes note that a list or an answer has come just now, proved to be its authority's, which
    /// says of itself that it is from `this_update`.
    pub fn note_signed(&self, this_update: Timestamp) {
        let mut latest = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let came = Instant::now();
        let newer = latest.filter(|latest| {
            latest.this_update > this_update && came.duration_since(latest.came) < SIGNED_FOR
        });
        *latest = Some(newer.unwrap_or(Signed { this_update, came }));
    }

    /// Who agrees that it is `now`. Looks at a file.
    #[must_use]
    pub fn agreeing(&self, now: Timestamp) -> Option<ClockWitness> {
        let signed = *self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever signs does it before now, and fresh is what is not older than a day: an answer can
        // be had for months, and would agree with any clock until then.
        let agrees = |signed: Signed| {
            let state = ClockState { now, greatest: Some(signed.this_update) };
            signed.came.elapsed() < SIGNED_FOR && state.is_accepted()
        };
        if signed.is_some_and(agrees) {
            return Some(ClockWitness::SignedAnswer);
        }
        let set_at = self.synchronized_at().ok()?;
        let age = now.seconds_since(set_at);
        (-CLOCK_TOLERANCE_SECONDS..=SYNCHRONIZED_SECONDS)
            .contains(&age)
            .then_some(ClockWitness::TimeService)
    }

    /// When the time service set the clock last, by that clock.
    ///
    /// # Errors
    /// When its file is not there or cannot be looked at.
    pub fn synchronized_at(&self) -> io::Result<Timestamp> {
        let file = fs::metadata(&self.synchronized)?;
        Ok(Timestamp::from_seconds(file.mtime()))
    }

    /// The file of the time service.
    #[must_use]
    pub fn synchronized_file(&self) -> &Path {
        &self.synchronized
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const SECONDS: u32 = 1_790_000_000;

    fn now() -> Timestamp {
        Timestamp::from_seconds(i64::from(SECONDS))
    }

    #[test]
    fn a_clock_that_the_time_service_set_within_two_hours_is_agreed_with() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("synchronized");
        let witnesses = Witnesses::new(&path);
        assert_eq!(witnesses.agreeing(now()), None, "there is no file");
        let file = fs::File::create(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(SECONDS.into())).unwrap();
        let agreeing = Some(ClockWitness::TimeService);
        for (seconds, expected) in
            [(-601, None), (-600, agreeing), (7200, agreeing), (7201, None), (315_360_000, None)]
        {
            assert_eq!(witnesses.agreeing(now().plus_seconds(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn an_answer_that_was_signed_within_the_day_before_now_agrees() {
        let witnesses = Witnesses::new(Path::new("/nowhere"));
        witnesses.note_signed(now());
        witnesses.note_signed(now().plus_seconds(-86_400));
        let agreeing = Some(ClockWitness::SignedAnswer);
        for (seconds, expected) in [(-601, None), (0, agreeing), (86_400, agreeing), (86_401, None)]
        {
            assert_eq!(witnesses.agreeing(now().plus_seconds(seconds)), expected, "{seconds}");
        }
    }
}
