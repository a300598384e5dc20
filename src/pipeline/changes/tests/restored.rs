//! Claims about shares when what authorities said may be lost: a restore, a cache that was cleared.

use super::*;

impl House {
    /// What a start does that finds the cache empty, or the database behind.
    async fn start_without_memory(&mut self, seconds: i64) {
        self.accept_time(seconds);
        self.revocation.send_replace(Arc::default());
        let store = self.pipeline.archive.store();
        assert_eq!(store.look_again_at_all(moment(seconds)).await.unwrap(), 1);
        self.todo = Todo::new();
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
