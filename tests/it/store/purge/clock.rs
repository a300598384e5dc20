//! The purge under a clock that leaps.

use skrynka::{
    domain::{Actor, Term, Timestamp},
    retention::PurgeError,
    store::{PurgeProblem, PurgeReport},
};

use super::{super::on_each_engine, House, SHARE, end};
use crate::store::database::{Database, moment};

on_each_engine! {
    waits_while_the_clock_leaps_and_goes_on_when_it_is_accepted,
    a_weekend_switched_off_waits_for_a_witness,
}

async fn waits_while_the_clock_leaps_and_goes_on_when_it_is_accepted(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let purge = house.purge(&store, &vault);
    house.pass_to(moment(60));
    purge.run().await.unwrap();

    // A battery has failed, and the machine wakes up ten years later, or in the year 2000.
    let cases = [
        (moment(60).plus_days(3650), PurgeProblem::ClockAhead, "stands more than a day past"),
        (Timestamp::from_seconds(946_684_800), PurgeProblem::ClockBehind, "stands before"),
    ];
    for (runs, (wrong, problem, words)) in (1..).zip(cases) {
        house.clock.set(wrong);
        let error = purge.run().await.unwrap_err();
        assert!(matches!(error, PurgeError::Clock(state) if state.now == wrong));
        let words = format!("the clock says {wrong}, which {words} the greatest time seen");
        assert!(error.to_string().starts_with(&words), "{error}");
        let run = &store.purge_runs(1).await.unwrap()[0];
        assert_eq!(run.report.problem, Some(problem));
        assert_eq!((run.report.considered, run.report.destroyed), (0, 0), "nothing surely is due");
        assert!(store.wrapped_key(SHARE.share(), Term::Share).await.unwrap().is_some());
        let metrics = house.metrics.render();
        for line in [
            format!("skrynka_retention_runs_total{{outcome=\"waited\"}} {runs}\n"),
            format!("skrynka_retention_missed_runs {runs}\n"),
            "skrynka_retention_runs_total{outcome=\"failed\"} 0\n".to_owned(),
            "skrynka_retention_due 0\n".to_owned(),
            "skrynka_clock_accepted 0\n".to_owned(),
        ] {
            assert!(metrics.contains(&line), "{line} is not in {metrics}");
        }
    }

    house.clock.set(end());
    assert!(purge.run().await.is_err(), "thirty days switched off");
    store.accept_time(end(), &Actor::CommandLine).await.unwrap();
    assert_eq!(purge.run().await.unwrap().destroyed, 2);
    let metrics = house.metrics.render();
    assert!(metrics.contains("skrynka_retention_missed_runs 0\n"), "{metrics}");
    assert!(metrics.contains("skrynka_clock_accepted 1\n"), "{metrics}");
}

async fn a_weekend_switched_off_waits_for_a_witness(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    let friday = end().plus_seconds(-3 * 86_400);
    house.keep(&SHARE, &store, &vault).await;
    house.pass_to(friday);
    let purge = house.purge(&store, &vault);
    assert_eq!(purge.run().await.unwrap(), PurgeReport::default());
    house.clock.set(end());
    assert!(purge.run().await.is_err());
    house.witnesses.note_signed(end().plus_seconds(-86_401));
    assert!(purge.run().await.is_err(), "an old answer says nothing of today");
    house.witnesses.note_signed(end().plus_seconds(-3600));
    assert_eq!(purge.run().await.unwrap().destroyed, 2);
}
