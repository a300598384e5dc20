//! The signals of a mail's sender from the socket to the API.

use std::time::Duration;

use skrynka::sample::client::Client;

use super::{MAIL, signed, zone};
use crate::support::{
    installation::{Installation, wait_for},
    registries,
    zone::Zone,
};

/// Each share's verdict and findings about its sender, with their details.
fn judged(check: &str, zone: &Zone, mails: &[String]) -> Vec<(String, Vec<String>)> {
    let installation = Installation::new(registries::SCHOOL);
    let token = installation.token();
    let resolver = zone.address.to_string();
    let environment =
        [("SKRYNKA_SENDER__CHECK", check), ("SKRYNKA_SENDER__RESOLVER", resolver.as_str())];
    let server = installation.start_with(&environment);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.diia.test").await.unwrap();
        let sender = "share@diia.test".parse().unwrap();
        for mail in mails {
            let recipients = ["school@docs.example.ua".parse().unwrap()];
            let sent = client.send(Some(&sender), &recipients, mail.as_bytes()).await.unwrap();
            assert!(sent.is_accepted(), "{}", sent.last());
        }
    });
    server.wait_until_judged();
    let page = server.json("/api/v1/shares", &token);
    let mut shares: Vec<_> = page["items"].as_array().unwrap().clone();
    shares.sort_by_key(|share| share["received_at"].to_string());
    shares.iter().map(|share| (share["verdict"].to_string(), about_sender(share))).collect()
}

fn about_sender(share: &serde_json::Value) -> Vec<String> {
    let findings = share["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["code"].as_str().unwrap().starts_with("sender_"))
        .map(|finding| {
            assert_eq!(finding["severity"], "info");
            format!("{} {}", finding["code"], finding["detail"]).replace('"', "")
        })
        .collect()
}

#[test]
fn a_share_tells_of_its_sender_and_its_verdict_does_not_hear_it() {
    let zone = zone();
    let good = signed(MAIL);
    let altered = good.replace("Enclosed", "Included");
    let mails = [good, altered];
    let heard = judged("true", &zone, &mails);
    let asked = zone.asked();
    let unheard = judged("false", &zone, &mails);
    assert_eq!(zone.asked(), asked, "with check = false nothing is asked");
    let findings: Vec<_> = heard.iter().map(|(_, findings)| findings.as_slice()).collect();
    let (dmarc, spf) = ("sender_dmarc pass (diia.test)", "sender_spf pass (diia.test)");
    assert_eq!(
        findings,
        [
            ["sender_dkim pass (diia.test)", dmarc, spf],
            ["sender_dkim fail (diia.test)", dmarc, spf]
        ]
    );
    for ((verdict, _), (without, none)) in heard.iter().zip(&unheard) {
        assert_eq!(verdict, without);
        assert!(none.is_empty(), "{none:?}");
    }
}

#[test]
fn a_mail_is_judged_while_others_wait_for_a_silent_domain() {
    let zone = zone();
    zone.be_silent_about("silent.test");
    let installation = Installation::new(registries::SCHOOL);
    let token = installation.token();
    let resolver = zone.address.to_string();
    let environment = [
        ("SKRYNKA_SENDER__CHECK", "true"),
        ("SKRYNKA_SENDER__RESOLVER", resolver.as_str()),
        ("SKRYNKA_SENDER__TIMEOUT_SECONDS", "60"),
    ];
    let server = installation.start_with(&environment);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.diia.test").await.unwrap();
        let silent = (0..20).map(|number| format!("share@a{number}.silent.test"));
        for sender in silent.chain(["share@diia.test".to_owned()]) {
            let sender = sender.parse().unwrap();
            let recipients = ["school@docs.example.ua".parse().unwrap()];
            let sent = client.send(Some(&sender), &recipients, MAIL.as_bytes()).await.unwrap();
            assert!(sent.is_accepted(), "{}", sent.last());
        }
    });
    let shares = wait_for("a mail is judged", || {
        let page = server.json("/api/v1/shares", &token);
        page["items"].as_array().filter(|items| !items.is_empty()).cloned()
    });
    let judged: Vec<_> = shares.iter().flat_map(about_sender).collect();
    let expected =
        ["sender_dkim none", "sender_dmarc pass (diia.test)", "sender_spf pass (diia.test)"];
    assert_eq!(judged, expected, "the one that has its answers, alone");
}
