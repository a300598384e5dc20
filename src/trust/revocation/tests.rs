#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod choice;
mod issuers;
mod lists;
mod moment;
mod news;
mod parts;
mod policy;
mod records;
mod responders;
mod wanted;

use super::{
    Answering, RevocationOutcome, RevocationRequest, RevocationStore, revocation,
    sample::{issuer, person},
};
use crate::{
    domain::{RevocationReport, RevocationSource, RevocationStatus, Timestamp},
    trust::{Certificate, TrustStore},
};

/// The moment of a day in 2026 written `MMDD`, at noon as in the samples.
fn day(text: &str) -> Timestamp {
    format!("2026-{}-{}T12:00:00Z", &text[..2], &text[2..]).parse().unwrap()
}

fn store(all: &[Vec<u8>]) -> RevocationStore {
    let mut store = RevocationStore::empty();
    for bytes in all {
        store.add(bytes).unwrap();
    }
    store
}

/// Judges the person's certificate for the 15th of June by what came with a signature.
fn outcome(all: &[Vec<u8>], responders: &[Certificate]) -> RevocationOutcome {
    revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(all), RevocationSource::Signature)],
        responders,
        trust: &TrustStore::empty(),
        checks: 64,
    })
}

fn judged(all: &[Vec<u8>]) -> RevocationReport {
    outcome(all, &[]).report
}

fn status(all: &[Vec<u8>]) -> RevocationStatus {
    judged(all).status
}

/// The problem of a report that says that nothing is known.
fn problem(all: &[Vec<u8>]) -> String {
    let report = judged(all);
    assert_eq!(report.status, RevocationStatus::Unchecked, "{report:?}");
    report.problem.unwrap()
}
