//! Claims about a clock that is ahead while things change: nobody agrees with it, and when it is right
//! again nothing was missed.

use super::*;

/// Ahead within a share's term, and beyond it.
const AHEAD: [i64; 3] = [2 * DAY, 40 * DAY, 400 * DAY];

async fn passing() -> (House, ShareId) {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.accept_time(0);
    house.list(60, None);
    let share = house.send().await;
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    (house, share)
}

#[tokio::test]
async fn a_revocation_that_comes_while_the_clock_is_ahead_is_not_used_up() {
    for ahead in AHEAD {
        let (mut house, share) = passing().await;
        house.pipeline.clock.set(moment(ahead));
        house.list(DAY, Some(-DAY));
        assert!(house.look_through(&house.stopping.clone()).await);
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{ahead}");
        let before = house.row(share).await.retention.destroy_at;
        assert_eq!(before, moment(90 * DAY), "no term moves");
    }
}

#[tokio::test]
async fn a_root_that_is_taken_away_while_the_clock_is_ahead_ends_what_it_proved() {
    for ahead in AHEAD {
        let (mut house, share) = passing().await;
        house.pipeline.clock.set(moment(ahead));
        house.trust(TrustStore::empty());
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{ahead}");
    }
}

#[tokio::test]
async fn a_share_that_is_to_be_tried_again_is_not_forgotten_while_the_clock_is_ahead() {
    for ahead in AHEAD {
        let (mut house, share) = passing().await;
        house.todo.retries.failed(share, Instant::now() - Retries::LONGEST);
        house.list(DAY, Some(-DAY));
        // The news were looked through when it failed.
        house.todo.known = house.revocation.borrow().clone();
        house.todo.trust = false;
        house.pipeline.clock.set(moment(ahead));
        assert!(house.look_through(&house.stopping.clone()).await);
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{ahead}");
    }
}

/// The look after three days is once, and by a moment that has surely come.
#[tokio::test]
async fn a_clock_that_is_ahead_neither_begins_nor_ends_the_look_of_three_days_later() {
    for ahead in AHEAD {
        for (asked, day) in [(false, 1), (true, 4)] {
            let (mut house, _) = passing().await;
            house.wanted_since();
            if asked {
                house.accept_time(3 * DAY);
                house.follow().await;
                assert_eq!(house.wanted_since(), [3 * DAY]);
            }
            house.accept_time(day * DAY);
            house.pipeline.clock.set(moment(day * DAY + ahead));
            house.todo = Todo::new();
            house.follow().await;
            let expected: &[i64] = if asked { &[3 * DAY] } else { &[] };
            assert_eq!(house.wanted_since(), expected, "{ahead} {asked}");
            house.accept_time(5 * DAY);
            house.todo = Todo::new();
            house.follow().await;
            assert_eq!(house.wanted_since(), [3 * DAY], "{ahead} {asked}");
        }
    }
}

/// A share that came by a clock behind is not due, whatever day that clock gave it: nobody destroys it, so
/// what changes is told to it as well.
#[tokio::test]
async fn a_doubted_share_is_judged_again_though_its_day_is_past() {
    for is_revoked in [false, true] {
        let mut house = House::new(RevocationPolicy::Require).await;
        let store = house.pipeline.archive.store().clone();
        store.take_time(moment(100 * DAY), None).await.unwrap().unwrap();
        let stands = |now: i64| {
            let state = ClockState { now: moment(now), greatest: Some(moment(100 * DAY)) };
            watch::channel(state).1
        };
        house.pipeline.standing = stands(0);
        house.list(60, None);
        let share = house.send().await;
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        // The clock is put right, and nobody has agreed with it yet.
        house.pipeline.clock.set(moment(130 * DAY));
        house.pipeline.standing = stands(130 * DAY);
        house.todo.trust = !is_revoked;
        if is_revoked {
            house.list(5 * DAY, Some(-DAY));
        } else {
            house.trust(TrustStore::empty());
        }
        assert!(house.look_through(&house.stopping.clone()).await);
        assert_ne!(house.verdict(share).await, Verdict::Verified, "{is_revoked}");
    }
}
