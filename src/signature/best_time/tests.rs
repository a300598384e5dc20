//! Which moment follows from which time-stamps.

use super::*;

const START: i64 = 100;

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

/// A time-stamp for a test: what it is over, its time, and until when its authority's
/// certificate is valid; `None` for one that is wrong.
type Row = (Over, &'static [usize], Option<(i64, i64)>);

const SIGNATURE: Over = Over::Signature(BestTimeSource::SignatureTimestamp);
const ARCHIVE: Over = Over::Signature(BestTimeSource::ArchiveTimestamp);

fn best(source: BestTimeSource, rows: &[Row]) -> BestTime {
    let scope = |(over, around, _): &Row| Scope { over: *over, around: around.to_vec() };
    let scopes: Vec<Scope> = rows.iter().map(scope).collect();
    find(Proof { at: at(START), source }, &scopes, |place, moment| {
        let (_, _, outcome) = *rows.get(place)?;
        let (time, valid_until) = outcome?;
        (moment <= at(valid_until)).then(|| at(time))
    })
}

#[test]
fn goes_from_the_outermost_time_stamp_inwards() {
    use BestTimeSource::{ArchiveTimestamp, ContentTimestamp, Receipt, SignatureTimestamp};
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
        // The content alone; the latest of several.
        (
            &[(Over::Content, &[], Some((30, 200))), (Over::Content, &[], Some((40, 200)))],
            40,
            ContentTimestamp,
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
        let due = Proof { at: at(*moment), source: *source };
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
fn a_content_time_stamp_does_not_replace_a_proof_from_outside() {
    let rows: &[Row] = &[(Over::Content, &[], Some((40, 200)))];
    let source = BestTimeSource::DocumentTimestamp;
    assert_eq!(best(source, rows).proof, Proof { at: at(START), source });
    let best = best(BestTimeSource::Given, rows);
    assert_eq!(best.proof.at, at(40));
    assert!(best.warning().is_some());
}
