//! Claims about shares when what authorities said may be lost: a restore, a cache that was cleared.

use super::*;
use crate::domain::ClockWitness;

impl House {
    /// Holds the clock at this second against the greatest time seen, with a witness or without.
    async fn take_time(&mut self, seconds: i64, witness: Option<ClockWitness>) {
        let now = moment(seconds);
        self.pipeline.clock.set(now);
        let store = self.pipeline.archive.store();
        let state = match store.take_time(now, witness).await.unwrap() {
            Ok(_) => ClockState { now, greatest: store.greatest_time().await.unwrap() },
            Err(state) => state,
        };
        self.pipeline.standing = watch::channel(state).1;
    }

    /// What a start does, with the cache as it is.
    async fn start(&mut self) {
        if self.revocation.borrow().is_empty() {
            self.pipeline.archive.store().owe_look().await.unwrap();
        }
        self.pipeline.look_again_where_owed().await.unwrap();
        self.todo = Todo::new();
    }

    /// A start that finds the cache empty, and the database behind.
    async fn start_without_memory(&mut self, seconds: i64) {
        self.take_time(seconds, Some(ClockWitness::TimeService)).await;
        self.revocation.send_replace(Arc::default());
        self.start().await;
    }

    /// What the server does when it sees that a look is owed that can be paid.
    async fn follow_what_is_owed(&mut self) {
        self.todo.lost = self.pipeline.archive.store().owes_look().await.unwrap();
        self.follow().await;
    }

    /// Another hour has passed.
    async fn look_hourly(&mut self) {
        self.todo.waiting = true;
        self.follow().await;
    }
}

/// The database is of a day before the authority revoked.
#[tokio::test]
async fn after_a_restore_the_authority_is_asked_anew_and_a_revocation_found_again() {
    for (policy, day) in [
        (RevocationPolicy::Prefer, 11),
        (RevocationPolicy::Require, 11),
        (RevocationPolicy::Require, 60),
    ] {
        let mut house = House::new(policy).await;
        house.accept_time(0);
        house.list(60, None);
        let share = house.send().await;
        house.accept_time(4 * DAY);
        house.list(4 * DAY, None);
        house.follow().await;
        house.wanted_since();
        house.start_without_memory(day * DAY).await;
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?} {day}");
        let since = house.wanted_since();
        assert_eq!(since, [day * DAY], "{policy:?} {day}");
        house.list(day * DAY, Some(-DAY));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?} {day}");
    }
}

/// Who asked may be stopped before the answer comes.
#[tokio::test]
async fn what_was_lost_is_asked_for_every_hour_and_after_a_start_until_it_is_answered() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.accept_time(0);
    house.list(60, None);
    let share = house.send().await;
    house.start_without_memory(11 * DAY).await;
    for is_start in [false, true, false] {
        if is_start {
            house.todo = Todo::new();
        }
        house.look_hourly().await;
        assert_eq!(house.wanted_since(), [11 * DAY], "start: {is_start}");
        // At every change of anything would be too often.
        house.follow().await;
        assert!(house.wanted_since().is_empty(), "start: {is_start}");
    }
    house.list(11 * DAY + 60, None);
    house.look_hourly().await;
    assert!(house.wanted_since().is_empty());
    house.todo = Todo::new();
    house.look_hourly().await;
    assert!(house.wanted_since().is_empty(), "it is answered");
    assert_eq!(house.verdict(share).await, Verdict::Verified);
}

/// A dead authority is left alone some day.
#[tokio::test]
async fn what_was_lost_is_asked_for_during_a_month() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.accept_time(0);
    house.list(60, None);
    house.send().await;
    house.start_without_memory(11 * DAY).await;
    for (day, is_asked) in [(11, true), (40, true), (41, false), (50, false)] {
        house.accept_time(day * DAY);
        house.look_hourly().await;
        let expected: &[i64] = if is_asked { &[11 * DAY] } else { &[] };
        assert_eq!(house.wanted_since(), expected, "{day}");
    }
}

/// A clock that nobody has set yet, and one that nobody agrees with: by it nobody can say from when on
/// answers are wanted.
#[tokio::test]
async fn a_start_by_a_wrong_clock_has_the_authorities_asked_when_it_is_right() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for (clock, is_cache_lost) in
            [(-2000 * DAY, true), (-2000 * DAY, false), (11 * DAY, true), (11 * DAY, false)]
        {
            let what = format!("{policy:?}, {clock}, cache lost: {is_cache_lost}");
            let mut house = House::new(policy).await;
            house.take_time(0, Some(ClockWitness::TimeService)).await;
            house.start().await;
            house.list(60, None);
            let share = house.send().await;
            // The look of three days later is over, and this is the day of the backup.
            house.take_time(4 * DAY, Some(ClockWitness::TimeService)).await;
            house.follow_what_is_owed().await;
            house.list(4 * DAY + 60, None);
            house.follow().await;
            house.wanted_since();
            house.take_time(clock, None).await;
            if is_cache_lost {
                house.revocation.send_replace(Arc::default());
            }
            house.start().await;
            house.follow().await;
            house.wanted_since();
            house.take_time(11 * DAY, Some(ClockWitness::TimeService)).await;
            house.follow_what_is_owed().await;
            assert_eq!(house.wanted_since(), [11 * DAY], "{what}");
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{what}");
            house.list(11 * DAY + 60, Some(-DAY));
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Invalid, "{what}");
        }
    }
}

/// A witness may be wrong. What was put off to a day that has not come is asked for when the clock is
/// right, and the look of three days later is not lost.
#[tokio::test]
async fn a_look_by_a_clock_that_was_ahead_is_had_again_when_it_is_right() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.take_time(0, Some(ClockWitness::TimeService)).await;
    house.start().await;
    house.list(60, None);
    house.send().await;
    house.take_time(20 * DAY, Some(ClockWitness::SignedAnswer)).await;
    house.start().await;
    house.follow().await;
    assert_eq!(house.wanted_since(), [20 * DAY], "the authority is silent");
    house.take_time(3600, Some(ClockWitness::TimeService)).await;
    house.follow_what_is_owed().await;
    assert_eq!(house.wanted_since(), [3600]);
    house.list(3660, None);
    house.follow().await;
    house.take_time(3 * DAY, Some(ClockWitness::TimeService)).await;
    house.look_hourly().await;
    assert_eq!(house.wanted_since(), [3 * DAY]);
}

/// Whoever fetches nothing for a while is asked nothing less.
#[tokio::test]
async fn what_is_lost_while_nothing_is_fetched_is_asked_for_later() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.take_time(0, Some(ClockWitness::TimeService)).await;
    house.start().await;
    house.list(60, None);
    house.send().await;
    let wanted = house.pipeline.wanted.take();
    house.start_without_memory(40 * DAY).await;
    house.follow().await;
    house.pipeline.wanted = wanted;
    house.start().await;
    house.follow().await;
    assert_eq!(house.wanted_since(), [40 * DAY]);
}
