//! The greatest time seen: what goes on from it, what does not, and what becomes of shares that came
//! by a wrong clock.

use skrynka::{
    domain::{Actor, BranchScope, ClockStanding, ClockState, ClockWitness, Term, Timestamp},
    store::{AuditAction, AuditFilter, Grounds, Look, NewShare, Select, Store},
};

use super::{
    Database, moment, on_each_engine,
    sample::{self, Sample},
};
use crate::support::clock::agreed;

on_each_engine! {
    the_first_time_is_taken_and_later_ones_go_on_from_it,
    what_does_not_go_on_is_refused_and_changes_nothing,
    a_witness_lets_the_time_leap_both_ways_and_the_audit_says_so,
    the_greatest_time_may_be_lowered_by_hand_and_the_audit_says_so,
    what_came_by_a_clock_behind_is_not_destroyed_early,
    what_came_by_a_clock_ahead_is_not_kept_for_years,
    what_came_before_the_greatest_time_was_lowered_is_not_kept_for_years,
    what_came_since_somebody_agreed_with_the_clock_counts_from_a_leap,
    a_mail_that_waited_for_its_judgement_counts_from_that,
    whoever_lets_the_time_leap_owes_a_look_at_all_kept_shares,
    an_owed_look_is_paid_by_an_accepted_time_alone,
}

const DAY: i64 = 86_400;
const SHARE: Sample =
    Sample { number: 1, branch: "library", second: 0, types: &["student-id-card"] };

async fn open(database: &Database) -> Store {
    let store = database.open().await;
    store.apply_registry(&sample::registry(), &Actor::CommandLine, moment(-9)).await.unwrap();
    store
}

/// How the clock stands at a moment that nobody agrees with; `None` when it is taken.
async fn refused(at: Timestamp, store: &Store) -> Option<ClockStanding> {
    store.take_time(at, None).await.unwrap().err().map(ClockState::standing)
}

/// Until when the share is kept, as its page and its keys say, which have to agree.
async fn end_of(sample: &Sample, store: &Store) -> Timestamp {
    let row = store.share(sample.share(), &BranchScope::All).await.unwrap().unwrap();
    let end = row.retention.destroy_at;
    let is_due = |due: &[skrynka::store::DueKey]| {
        due.iter().filter(|key| key.share == sample.share()).count()
    };
    let before = store.due(Timestamp::from_micros(end.as_micros() - 1), 99).await.unwrap();
    let due = store.due(end, 99).await.unwrap();
    assert_eq!((is_due(&before), is_due(&due)), (0, Term::ALL.len()));
    end
}

async fn details(store: &Store) -> Vec<(Actor, String)> {
    let filter = AuditFilter { action: Some(AuditAction::ClockAccepted), ..AuditFilter::default() };
    let rows = store.audit_rows(&filter, 9).await.unwrap();
    rows.into_iter().map(|row| (row.entry.actor, row.entry.detail.unwrap())).collect()
}

async fn the_first_time_is_taken_and_later_ones_go_on_from_it(database: &Database) {
    let store = database.open().await;
    assert_eq!(store.greatest_time().await.unwrap(), None);
    for second in [0, DAY, 2 * DAY, 2 * DAY - 600] {
        assert_eq!(refused(moment(second), &store).await, None, "{second}");
    }
    assert_eq!(store.greatest_time().await.unwrap(), Some(moment(2 * DAY)));
    assert!(details(&store).await.is_empty());
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.greatest_time().await.unwrap(), Some(moment(2 * DAY)), "it is kept");
}

async fn what_does_not_go_on_is_refused_and_changes_nothing(database: &Database) {
    let store = database.open().await;
    assert_eq!(refused(moment(0), &store).await, None);
    assert_eq!(refused(moment(DAY + 1), &store).await, Some(ClockStanding::Ahead));
    assert_eq!(refused(moment(3650 * DAY), &store).await, Some(ClockStanding::Ahead));
    assert_eq!(refused(moment(-601), &store).await, Some(ClockStanding::Behind));
    assert_eq!(store.greatest_time().await.unwrap(), Some(moment(0)));
}

async fn a_witness_lets_the_time_leap_both_ways_and_the_audit_says_so(database: &Database) {
    let store = database.open().await;
    assert_eq!(refused(moment(0), &store).await, None);
    for second in [3 * DAY, DAY] {
        let witness = Some(ClockWitness::TimeService);
        let time = store.take_time(moment(second), witness).await.unwrap().unwrap();
        assert_eq!(time.moment(), moment(second));
        assert_eq!(store.greatest_time().await.unwrap(), Some(moment(second)));
    }
    let line = |from, to| {
        let detail = format!("{} -> {}, witness: time service", moment(from), moment(to));
        (Actor::System, detail)
    };
    let mut lines = details(&store).await;
    lines.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(lines, [line(0, 3 * DAY), line(3 * DAY, DAY)]);
}

async fn the_greatest_time_may_be_lowered_by_hand_and_the_audit_says_so(database: &Database) {
    let store = database.open().await;
    assert_eq!(refused(moment(3650 * DAY), &store).await, None, "a new database");
    assert_eq!(refused(moment(0), &store).await, Some(ClockStanding::Behind));
    let before = store.accept_time(moment(0), &Actor::CommandLine).await.unwrap();
    assert_eq!(before, Some(moment(3650 * DAY)));
    assert_eq!(refused(moment(1), &store).await, None);
    assert_eq!(refused(moment(3650 * DAY), &store).await, Some(ClockStanding::Ahead));
    let detail = format!("{} -> {}, accepted by hand", moment(3650 * DAY), moment(0));
    assert_eq!(details(&store).await, [(Actor::CommandLine, detail)]);
}

async fn what_came_by_a_clock_behind_is_not_destroyed_early(database: &Database) {
    let store = open(database).await;
    agreed(moment(0), &store).await;
    let sample = Sample { second: -400 * DAY, ..SHARE };
    sample.keep(&store).await;
    // Its day has come by any right clock. It is not destroyed: nobody knows when it came.
    assert_eq!(store.due(moment(0), 9).await.unwrap(), []);
    assert_eq!(store.due_count(moment(0)).await.unwrap(), 0);
    // The clock goes on from the greatest time seen, five hours later.
    let right = moment(5 * 3600);
    let time = store.take_time(right, None).await.unwrap().unwrap();
    assert!(!store.destroy_key(sample.share(), Term::Share, time).await.unwrap());
    assert_eq!(end_of(&sample, &store).await, right.plus_days(30));
    // That was its beginning, once and for all.
    store.take_time(moment(20 * 3600), None).await.unwrap().unwrap();
    assert_eq!(end_of(&sample, &store).await, right.plus_days(30));
}

async fn what_came_by_a_clock_ahead_is_not_kept_for_years(database: &Database) {
    let store = open(database).await;
    agreed(moment(0), &store).await;
    let sample = Sample { second: 3650 * DAY, ..SHARE };
    sample.keep(&store).await;
    assert_eq!(store.due(moment(3700 * DAY), 9).await.unwrap(), [], "it is not destroyed either");
    agreed(moment(3600), &store).await;
    assert_eq!(end_of(&sample, &store).await, moment(3600).plus_days(30));
    // The fingerprint goes with the share's new days, and not ten years later.
    for term in Term::ALL {
        let time = agreed(moment(3600).plus_days(30), &store).await;
        assert!(store.destroy_key(sample.share(), term, time).await.unwrap());
    }
    let time = agreed(moment(3600).plus_days(31), &store).await;
    assert_eq!(store.forget_copies(time, 9).await.unwrap(), 1);
}

async fn what_came_before_the_greatest_time_was_lowered_is_not_kept_for_years(database: &Database) {
    let store = open(database).await;
    let wrong = moment(3650 * DAY);
    agreed(wrong, &store).await;
    let sample = Sample { second: 3650 * DAY, ..SHARE };
    sample.keep(&store).await;
    assert_eq!(end_of(&sample, &store).await, wrong.plus_days(30));
    for second in [0, 3600] {
        store.accept_time(moment(second), &Actor::CommandLine).await.unwrap();
        assert_eq!(end_of(&sample, &store).await, moment(0).plus_days(30));
    }
}

/// A first clock that is months behind is taken at its word, and so is one that went on from where it
/// stood when the machine was switched off. Until it is set nobody notices.
async fn what_came_since_somebody_agreed_with_the_clock_counts_from_a_leap(database: &Database) {
    let store = open(database).await;
    let (right, first) = (moment(400 * DAY), SHARE);
    first.keep(&store).await;
    store.take_time(moment(60), None).await.unwrap().unwrap();
    agreed(right, &store).await;
    assert_eq!(end_of(&first, &store).await, right.plus_days(30), "nobody had ever agreed");

    // From then on the time service vouches for the clock, and the machine is switched off.
    let before = Sample { number: 3, second: 401 * DAY, ..SHARE };
    before.keep(&store).await;
    for day in 401..410 {
        agreed(moment(day * DAY), &store).await;
    }
    let after = Sample { number: 2, second: 410 * DAY - 9, ..SHARE };
    after.keep(&store).await;
    let right = moment(500 * DAY);
    for _ in 0..2 {
        store.accept_time(right, &Actor::CommandLine).await.unwrap();
        assert_eq!(end_of(&before, &store).await, moment(401 * DAY).plus_days(30));
        assert_eq!(end_of(&after, &store).await, right.plus_days(30));
    }
}

async fn a_mail_that_waited_for_its_judgement_counts_from_that(database: &Database) {
    let store = open(database).await;
    agreed(moment(2 * DAY), &store).await;
    let cases = [
        (Sample { number: 1, second: 2 * DAY - 300, ..SHARE }, true),
        // Nobody can tell it from a mail that came by a clock behind.
        (Sample { number: 2, second: 2 * DAY - 700, ..SHARE }, false),
    ];
    for (sample, _) in &cases {
        let judgement = sample.judgement();
        let new = NewShare { judged_at: moment(2 * DAY), ..sample.new_share(&judgement) };
        store.insert_share(&new, &sample.sealed(&judgement)).await.unwrap();
    }
    let right = moment(2 * DAY + 60);
    store.take_time(right, None).await.unwrap().unwrap();
    for (sample, is_from_receipt) in &cases {
        let from = if *is_from_receipt { sample.received_at() } else { right };
        assert_eq!(end_of(sample, &store).await, from.plus_days(30));
    }
}

/// Whether a look is owed at this second, which pays it.
async fn owed(second: i64, store: &Store) -> bool {
    let is_owed = store.owes_look().await.unwrap();
    let look = store.look_again_where_owed(moment(second)).await.unwrap();
    assert_eq!(look, is_owed.then_some(Look { shares: 0, is_paid: true }), "{second}");
    assert!(!store.owes_look().await.unwrap(), "{second}");
    is_owed
}

async fn whoever_lets_the_time_leap_owes_a_look_at_all_kept_shares(database: &Database) {
    let store = database.open().await;
    assert!(!store.owes_look().await.unwrap(), "no time was seen");
    let start = 10 * DAY;
    for (what, second, witness, expected) in [
        ("the first time of all", start, None, true),
        ("a server that runs", start + 305, None, false),
        ("a restart", start + 305 + 900, None, false),
        ("a clock that differs", start + 700, None, false),
        ("an evening", start + 305 + 900 + 901, None, true),
        ("a witness", 20 * DAY, Some(ClockWitness::TimeService), true),
        ("a witness that lets it go back", start, Some(ClockWitness::SignedAnswer), true),
    ] {
        store.take_time(moment(second), witness).await.unwrap().unwrap();
        assert_eq!(owed(second, &store).await, expected, "{what}");
    }
    for (second, expected) in [(start + 60, false), (40 * DAY, true), (30 * DAY, true)] {
        store.accept_time(moment(second), &Actor::CommandLine).await.unwrap();
        assert_eq!(owed(second, &store).await, expected, "by hand: {second}");
    }
    store.owe_look().await.unwrap();
    store.take_time(moment(30 * DAY + 400), None).await.unwrap().unwrap();
    assert!(owed(30 * DAY + 400, &store).await, "the cache was lost, and the time went on");
}

async fn an_owed_look_is_paid_by_an_accepted_time_alone(database: &Database) {
    let store = open(database).await;
    agreed(moment(0), &store).await;
    store.look_again_where_owed(moment(0)).await.unwrap().unwrap();
    SHARE.keep(&store).await;
    let grounds =
        Grounds { topics: vec![sample::fingerprint(b"an authority")], ..sample::grounds() };
    store.end_rejudging(SHARE.share(), None, &grounds, &[]).await.unwrap();
    let look_at = async || {
        let selected = store.selected(Select::One(SHARE.share()), moment(0), None, 9).await;
        selected.unwrap()[0].look_at
    };
    let look = |is_paid| Some(Look { shares: 1, is_paid });
    store.owe_look().await.unwrap();
    for (second, at, expected) in [
        (-2000 * DAY, -2000 * DAY, look(false)),
        (3 * DAY, 0, look(false)),
        (60, 60, look(true)),
        (90, 60, None),
    ] {
        let owed = store.look_again_where_owed(moment(second)).await.unwrap();
        assert_eq!((owed, look_at().await), (expected, Some(moment(at))), "{second}");
    }
}
