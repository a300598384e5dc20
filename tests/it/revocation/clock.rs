//! Revocation data and the clock: what is fetched agrees with it, and nothing is swept by a wrong one.

use skrynka::domain::Actor;

use super::{DAY, FETCH, HOUR, House, LATER, LIST, fetched, runtime, wait_for_verdict};
use crate::support::{
    authority_server::Reply,
    installation::{Server, both, wait_for},
};

#[test]
fn a_list_that_was_signed_today_agrees_with_the_clock_and_an_older_one_does_not() {
    for (signed_at, agrees) in [(-2 * DAY, false), (-HOUR, true)] {
        let house = House::trusting();
        runtime().block_on(async {
            let store = house.installation.open().await.store().clone();
            store.accept_time(house.now.plus_seconds(-3 * DAY), &Actor::CommandLine).await.unwrap();
            store.close().await;
        });
        house.web.reply(LIST, Reply::Bytes(house.list_of(signed_at, None)));
        let server = house.start(&FETCH);
        let accepted = |server: &Server| {
            let text = server.metrics_text();
            text.contains("skrynka_clock_accepted 1\n")
        };
        assert!(!accepted(&server), "three days, and nobody has answered");
        house.send(&server);
        wait_for("the list is fetched", || (fetched("accepted", &server) > 0).then_some(()));
        if agrees {
            wait_for("the clock is accepted", || accepted(&server).then_some(()));
            server.wait_for_log("the purge ran", 1);
        } else {
            assert!(!accepted(&server), "the list is of the day before yesterday");
        }
        // Whoever starts looks at the clock before anything else.
        let told = server.wait_for_log("the purge failed", 1).to_string();
        assert!(told.contains("stands more than a day past"), "{told}");
        assert!(server.stop().success());
    }
}

#[test]
fn a_clock_ten_years_ahead_sweeps_no_proof_from_the_cache() {
    let house = House::trusting();
    house.cache(&house.list_of(-20 * DAY, None));
    house.cache(&house.list_of(-HOUR, None));
    runtime().block_on(async {
        let store = house.installation.open().await.store().clone();
        store.accept_time(house.now, &Actor::CommandLine).await.unwrap();
        store.close().await;
    });
    let later = house.now.plus_days(3650).to_string().replace('T', " ");
    let Some(server) = house.installation.start_at(&later[..19]) else { return };
    let kept = wait_for("the cache is swept", || {
        let text = server.metrics_text();
        let count = text.lines().find_map(|line| line.strip_prefix("skrynka_revocation_answers "));
        count.filter(|count| *count != "0").map(str::to_owned)
    });
    assert_eq!((kept.as_str(), house.cached()), ("2", 2));
    assert!(server.stop().success());
}

/// A database that was put back has leapt, and not by the server's own start: what authorities said
/// meanwhile is asked for all the same. The look of three days after the receipt is long over.
#[test]
fn whoever_lets_the_time_leap_the_authorities_are_asked_about_all_kept_shares() {
    let house = House::trusting();
    let token = house.installation.token();
    house.web.reply(LIST, Reply::Bytes(house.list(false)));
    let server = house.start(&FETCH);
    let id = house.send(&server);
    wait_for_verdict("verified", id, &token, &server);
    wait_for("the list is kept", || (house.cached() > 0).then_some(()));
    assert!(server.stop().success());
    let later = house.now.plus_days(35);
    let text = later.to_string().replace('T', " ");
    let accept = ["clock", "accept", "--today", &later.day_in_kyiv().to_string()];
    let Some(accepted) = house.installation.run_at(&text[..19], &accept) else { return };
    assert!(accepted.status.success(), "{}", both(&accepted));
    let revoked = house.list_of(35 * DAY + LATER, Some(-HOUR));
    house.web.reply(LIST, Reply::Bytes(revoked));
    let server = house.installation.start_at_with(&text[..19], &FETCH).unwrap();
    wait_for_verdict("invalid", id, &token, &server);
    assert!(server.stop().success());
}
