//! Which moment follows from which time-stamps.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const START: i64 = 100;
const STANDINGS: [Standing; 3] = [Standing::Unknown, Standing::WasGood, Standing::Confirmed];

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn surely(moment: Timestamp) -> Moment {
    Moment { at: moment, sure: moment, confirmed: moment }
}

fn checked(second: i64) -> Proved {
    Proved { time: at(second), standing: Standing::Confirmed }
}

/// A time-stamp for a test: what it is over, its time, and until when its authority's
/// certificate is valid; `None` for one that is wrong.
type Row = (Over, &'static [usize], Option<(i64, i64)>);

const SIGNATURE: Over = Over::Signature(BestTimeSource::SignatureTimestamp);
const ARCHIVE: Over = Over::Signature(BestTimeSource::ArchiveTimestamp);

fn best(source: BestTimeSource, rows: &[Row]) -> BestTime {
    let scope = |(over, around, _): &Row| Scope { over: *over, around: around.to_vec() };
    let scopes: Vec<Scope> = rows.iter().map(scope).collect();
    find(Proof { moment: surely(at(START)), source }, &scopes, |place, moment| {
        let (_, _, outcome) = *rows.get(place)?;
        let (time, valid_until) = outcome?;
        (moment.at <= at(valid_until)).then(|| checked(time))
    })
}

#[test]
fn goes_from_the_outermost_time_stamp_inwards() {
    use BestTimeSource::{ArchiveTimestamp, Receipt, SignatureTimestamp};
    let cases: &[(&[Row], i64, BestTimeSource)] = &[
        (&[], START, Receipt),
        (&[(SIGNATURE, &[], Some((50, 200)))], 50, SignatureTimestamp),
        // The authority's certificate has expired, and nothing vouches for it.
        (&[(SIGNATURE, &[], Some((50, 60)))], START, Receipt),
        (&[(SIGNATURE, &[], None)], START, Receipt),
        // An archive time-stamp from before the end vouches for it, one from after does not.
        (
            &[(ARCHIVE, &[1], Some((55, 200))), (SIGNATURE, &[], Some((50, 60)))],
            50,
            SignatureTimestamp,
        ),
        (
            &[(ARCHIVE, &[1], Some((65, 200))), (SIGNATURE, &[], Some((50, 60)))],
            65,
            ArchiveTimestamp,
        ),
        // One that is not over the other does not vouch for it.
        (
            &[(ARCHIVE, &[], Some((55, 200))), (SIGNATURE, &[], Some((50, 60)))],
            55,
            ArchiveTimestamp,
        ),
        // A wrong one vouches for nothing.
        (&[(ARCHIVE, &[1], None), (SIGNATURE, &[], Some((50, 60)))], START, Receipt),
        // Three generations.
        (
            &[
                (ARCHIVE, &[1, 2], Some((90, 200))),
                (ARCHIVE, &[2], Some((70, 95))),
                (SIGNATURE, &[], Some((50, 75))),
            ],
            50,
            SignatureTimestamp,
        ),
        // Two side by side: the earlier.
        (
            &[(SIGNATURE, &[], Some((60, 200))), (SIGNATURE, &[], Some((50, 200)))],
            50,
            SignatureTimestamp,
        ),
        // A clock ahead of ours.
        (&[(SIGNATURE, &[], Some((105, 200)))], START, SignatureTimestamp),
        // Over references, which prove nothing of this signature.
        (&[(Over::Other, &[], Some((50, 200)))], START, Receipt),
        // The content alone: the signature is younger, nobody knows how much.
        (
            &[(Over::Content, &[], Some((30, 200))), (Over::Content, &[], Some((40, 200)))],
            START,
            Receipt,
        ),
        (
            &[(Over::Content, &[], Some((40, 200))), (SIGNATURE, &[], Some((50, 200)))],
            50,
            SignatureTimestamp,
        ),
        // The signature's time vouches for what stands under the signature.
        (
            &[(Over::Content, &[], Some((40, 45))), (SIGNATURE, &[], Some((50, 200)))],
            50,
            SignatureTimestamp,
        ),
    ];
    for (rows, moment, source) in cases {
        let due = Proof { moment: surely(at(*moment)), source: *source };
        let found = best(Receipt, rows);
        assert_eq!((found.proof, found.contradiction), (due, None), "{rows:?}");
    }
}

#[test]
fn tells_time_stamps_that_contradict_each_other() {
    use BestTimeSource::{DocumentTimestamp, Receipt};
    type Case = (BestTimeSource, &'static [Row], Option<(i64, i64)>);
    let cases: &[Case] = &[
        (
            Receipt,
            &[(SIGNATURE, &[], Some((50, 200))), (Over::Content, &[], Some((51, 200)))],
            Some((51, 50)),
        ),
        (
            Receipt,
            &[(SIGNATURE, &[], Some((50, 200))), (Over::Content, &[], Some((50, 200)))],
            None,
        ),
        (
            Receipt,
            &[(ARCHIVE, &[1], Some((50, 200))), (SIGNATURE, &[], Some((51, 200)))],
            Some((51, 50)),
        ),
        (Receipt, &[(ARCHIVE, &[], Some((50, 200))), (SIGNATURE, &[], Some((51, 200)))], None),
        // Inside a revision of a PDF file that was time-stamped at 100.
        (DocumentTimestamp, &[(SIGNATURE, &[], Some((101, 200)))], Some((101, 100))),
        (DocumentTimestamp, &[(SIGNATURE, &[], Some((99, 200)))], None),
        (DocumentTimestamp, &[(Over::Content, &[], Some((101, 200)))], Some((101, 100))),
    ];
    for (source, rows, due) in cases {
        let due = due.map(|(inner, outer)| (at(inner), at(outer)));
        assert_eq!(best(*source, rows).contradiction, due, "{rows:?}");
    }
}

#[test]
fn a_content_time_stamp_is_the_lower_bound_and_never_the_moment() {
    use BestTimeSource::{ArchiveTimestamp, DocumentTimestamp, Given, Receipt, SignatureTimestamp};
    for (source, is_proved) in [
        (ArchiveTimestamp, true),
        (DocumentTimestamp, true),
        (Given, false),
        (Receipt, false),
        (SignatureTimestamp, true),
    ] {
        for (content, lower) in
            [(Some((40, 200)), Some(at(40))), (Some((40, START - 1)), None), (None, None)]
        {
            let rows: &[Row] =
                &[(Over::Content, &[], Some((30, START - 1))), (Over::Content, &[], content)];
            let best = best(source, rows);
            assert_eq!(best.proof, Proof { moment: surely(at(START)), source });
            assert_eq!(best.content, lower, "{content:?}");
            assert_eq!(
                best.warnings().next().is_some(),
                lower.is_some() && !is_proved,
                "{source:?}"
            );
        }
    }
}

/// A time-stamp as it came to be.
#[derive(Clone, Debug)]
struct Made {
    over: Over,
    /// When, truly. The authority says so, unless its end has passed: then it was not the
    /// authority, but whoever has its key.
    at: i64,
    /// When the authority's certificate, or the grant of its service, ends.
    end: i64,
    says: i64,
    around: Vec<usize>,
}

impl Made {
    fn is_by_thief(&self) -> bool {
        self.at > self.end
    }

    fn time(&self) -> i64 {
        if self.is_by_thief() { self.says } else { self.at }
    }
}

/// The moment of a signature, and time-stamps on it in any order.
fn history() -> impl Strategy<Value = (i64, Vec<Made>)> {
    let overs = [Over::Content, Over::Other, SIGNATURE, ARCHIVE, ARCHIVE];
    let one = (select(overs.to_vec()), 0..50_i64, 0..130_i64, 0..101_i64, any::<u8>());
    (45..55_i64, vec(one, 0..7)).prop_map(|(signed_at, drawn)| {
        let made_at = |over: &Over, delay: i64| match over {
            Over::Content => signed_at.saturating_sub(delay),
            Over::Other | Over::Signature(_) => signed_at.saturating_add(delay).min(START),
        };
        let all: Vec<i64> = drawn.iter().map(|(over, delay, ..)| made_at(over, *delay)).collect();
        let made = drawn.iter().zip(&all).map(|((over, _, end, says, covers), at)| {
            // What is added later cannot have been time-stamped earlier.
            let there = |place: &usize| all.get(*place).is_some_and(|inner| inner <= at);
            let covers = |place: &usize| covers >> place & 1 == 1 && *over == ARCHIVE;
            let around = (0..all.len()).filter(covers).filter(there).collect();
            Made { over: *over, at: *at, end: *end, says: *says, around }
        });
        (signed_at, made.collect())
    })
}

proptest! {
    /// Soundness: no arrangement of tokens by authorities whose certificates or grants have ended
    /// proves a signature to be older, or its content to be younger, than it is.
    #[test]
    fn nothing_that_ended_moves_anything((signed_at, made) in history()) {
        let scopes: Vec<Scope> =
            made.iter().map(|it| Scope { over: it.over, around: it.around.clone() }).collect();
        let start = Proof { moment: surely(at(START)), source: BestTimeSource::Receipt };
        let judge = |places: &[Made], place: usize, moment: Moment| {
            let it: &Made = places.get(place)?;
            (moment.at <= at(it.end)).then(|| checked(it.time()))
        };
        let best = find(start, &scopes, |place, moment| judge(&made, place, moment));
        prop_assert!(best.proof.moment.at >= at(signed_at), "{best:?}");
        prop_assert!(best.content.is_none_or(|content| content <= at(signed_at)), "{best:?}");
        // It is as if those tokens were not there.
        let honest = find(start, &scopes, |place, moment| {
            made.get(place).filter(|it| !it.is_by_thief())?;
            judge(&made, place, moment)
        });
        prop_assert_eq!(best, honest);
    }

    /// What is sure is what is known without the time-stamps of authorities that nobody checked, and
    /// what is confirmed no more than what is known without those that have to be heard again.
    #[test]
    fn what_is_unchecked_moves_nothing_that_is_sure(
        (_, made) in history(),
        standings in vec(select(&STANDINGS[..]), 8),
    ) {
        let scopes: Vec<Scope> =
            made.iter().map(|it| Scope { over: it.over, around: it.around.clone() }).collect();
        let start = Proof { moment: surely(at(START)), source: BestTimeSource::Receipt };
        // What is right has to be right for what is sure as well.
        let judge = |place: usize, moment: Moment| {
            let it: &Made = made.get(place)?;
            let is_right = moment.sure <= at(it.end);
            let standing = standings.get(place).copied().unwrap_or_default();
            is_right.then(|| Proved { time: at(it.time()), standing })
        };
        let best = find(start, &scopes, judge);
        let without = |least: Standing| {
            let judge = |place, moment| judge(place, moment).filter(|it| it.standing >= least);
            find(start, &scopes, judge).proof.moment.at
        };
        let Moment { at, sure, confirmed } = best.proof.moment;
        prop_assert_eq!(sure, without(Standing::WasGood));
        prop_assert!(confirmed >= without(Standing::Confirmed));
        prop_assert!(at <= sure && sure <= confirmed);
        let is_told = |it: &Warning| it.code == WarningCode::RevocationUnchecked;
        let rests_on_it = at < confirmed;
        prop_assert_eq!(best.warnings().any(|it| is_told(&it)), rests_on_it);
    }
}
