//! The server's own certificate: what is said of one that senders will not take, and when.

use skrynka::{
    clock::Clock,
    domain::Timestamp,
    sample::{
        Seed,
        authority::{Authority, Validity},
    },
};
use tempfile::TempDir;

use super::tls::write;
use crate::support::{
    certificate::{Certificate, Wanted, issue},
    installation::{Installation, Server, both, wait_for},
    registries,
    smtp_client::SmtpClient,
};

const HOST: &str = "mx.x.ua";
const DAY: i64 = 86_400;

/// Somebody with a certificate from a year ago on, to so many days from now.
fn holder(subject: &'static str, seed: u8, days: i64, is_authority: bool) -> Wanted<'static> {
    let now = Clock::system().now();
    let (from, to) = (now.plus_seconds(-365 * DAY), now.plus_seconds(days * DAY));
    Wanted { subject, hosts: &[], from, to, seed, is_authority }
}

fn root() -> Wanted<'static> {
    holder("Root", 1, 3000, true)
}

fn intermediate() -> Wanted<'static> {
    holder("Intermediate", 2, 1000, true)
}

fn own(hosts: &'static [&'static str], days: i64) -> Wanted<'static> {
    Wanted { hosts, ..holder("The server", 3, days, false) }
}

/// The server's certificate and, behind it, those of the authorities.
struct Chain {
    own: Certificate,
    authorities: Vec<Certificate>,
}

impl Chain {
    fn new(own: Wanted<'_>, intermediate: Wanted<'_>) -> Self {
        let authorities = vec![issue(intermediate, root()), issue(root(), root())];
        Self { own: issue(own, intermediate), authorities }
    }

    fn good() -> Self {
        Self::new(own(&[HOST], 90), intermediate())
    }

    fn pem(&self) -> String {
        let all = std::iter::once(&self.own).chain(&self.authorities);
        all.map(|one| one.chain_pem.as_str()).collect()
    }
}

/// An installation of the host, and the files of its certificate.
struct House {
    installation: Installation,
    files: TempDir,
}

impl House {
    fn new(chain: &Chain) -> Self {
        let installation = Installation::new(registries::SCHOOL);
        let validity = Validity::days(Clock::system().now(), 90);
        let anchor = Authority::root(Seed::from([7; 32]), validity).unwrap();
        installation.trust("root.pem", anchor.certificate_pem().unwrap());
        let house = Self { installation, files: TempDir::new().unwrap() };
        house.put(chain);
        house
    }

    fn put(&self, chain: &Chain) {
        let (certificate, key) = write(&self.files, &chain.pem(), &chain.own.key_pem);
        let file = self.installation.config_file();
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.contains("listen_tls") {
            let tls = format!(
                "[smtp]\nlisten_tls = [\"127.0.0.1:0\"]\ncertificate = '{}'\nprivate_key = '{}'\n",
                certificate.display(),
                key.display()
            );
            let text = text.replace("hostname = \"localhost\"", "hostname = \"mx.x.ua\"");
            std::fs::write(&file, text.replacen("[smtp]\n", &tls, 1)).unwrap();
        }
    }

    /// What `check` says of the certificate, and whether it succeeds.
    fn check(&self) -> (Vec<String>, bool) {
        let output = self.installation.run(&["check"], "");
        let text = both(&output);
        let said =
            text.lines().filter(|line| line.contains("STARTTLS") || line.contains("chain.pem"));
        (said.map(str::to_owned).collect(), output.status.success())
    }
}

/// What the server tells of the end of the chain, by listener.
fn told_ends(server: &Server) -> Vec<(String, i64)> {
    let text = server.metrics_text();
    let lines = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("skrynka_tls_expiry_timestamp_seconds{listener=\"")?;
        let (listener, end) = rest.split_once("\"} ")?;
        Some((listener.to_owned(), end.parse::<i64>().unwrap()))
    });
    lines.collect()
}

fn both_end_at(end: Timestamp) -> Vec<(String, i64)> {
    ["smtp", "smtps"].map(|listener| (listener.to_owned(), end.as_seconds())).into()
}

async fn takes_mail(server: &Server) {
    let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
}

#[test]
fn check_passes_a_right_certificate_and_says_when_it_ends() {
    let names: [&[&str]; 3] = [&[HOST], &["other.ua", "MX.X.UA"], &["*.x.ua"]];
    for hosts in names {
        let wanted = Wanted { hosts, ..own(&[], 90) };
        let (said, passes) = House::new(&Chain::new(wanted, intermediate())).check();
        let end = Timestamp::from_seconds(wanted.to.as_seconds());
        assert!(passes, "{hosts:?}: {said:?}");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("ok  ") && said[0].ends_with(&end.to_string()), "{said:?}");
    }
}

/// RFC 9525 §6.3: `*` stands for one label, and the common name for nothing.
#[test]
fn check_fails_for_another_name() {
    let names: [&[&str]; 4] = [&["mail.x.ua"], &["*.ua", "x.ua"], &["m*.x.ua"], &[]];
    for hosts in names {
        let wanted = Wanted { hosts, subject: HOST, ..own(&[], 90) };
        let (said, passes) = House::new(&Chain::new(wanted, intermediate())).check();
        assert!(!passes, "{hosts:?}: {said:?}");
        let words = ["PROBLEM", "chain.pem", "not for mx.x.ua", "[smtp] hostname"];
        assert!(words.iter().all(|word| said[0].contains(word)), "{said:?}");
        assert!(hosts.iter().all(|host| said[0].contains(host)), "{said:?}");
    }
}

#[test]
fn check_fails_with_fewer_than_fourteen_days_and_advises_with_fewer_than_twenty_one() {
    for (own_days, authority_days, passes, words) in [
        (-1, 1000, false, "PROBLEM  "),
        (10, 1000, false, "PROBLEM  "),
        (15, 1000, true, "advice   "),
        (22, 1000, true, "ok       "),
        (90, 10, false, "PROBLEM  "),
        (90, -1, false, "PROBLEM  "),
    ] {
        let authority = holder("Intermediate", 2, authority_days, true);
        let (said, passed) = House::new(&Chain::new(own(&[HOST], own_days), authority)).check();
        assert_eq!(passed, passes, "{said:?}");
        assert!(said[0].starts_with(words), "{said:?}");
        let days = own_days.min(authority_days);
        let verb = if days < 0 { "has expired at" } else { "expires at" };
        assert!(days > 21 || said[0].contains(verb), "{said:?}");
        assert_eq!(said[0].contains("the authority's"), authority_days < 22, "{said:?}");
    }
}

#[test]
fn check_fails_before_the_first_day() {
    let wanted = own(&[HOST], 90);
    let wanted = Wanted { from: wanted.to.plus_seconds(-60), ..wanted };
    let (said, passes) = House::new(&Chain::new(wanted, intermediate())).check();
    assert!(!passes && said[0].contains("that has not come"), "{said:?}");
}

#[test]
fn check_advises_about_a_chain_that_is_not_in_order_or_not_there() {
    let mut swapped = Chain::good();
    swapped.authorities.reverse();
    let stranger = issue(holder("Intermediate", 9, 900, true), root());
    let foreign = Chain { authorities: vec![stranger], ..Chain::good() };
    let no_authority = Chain::new(own(&[HOST], 90), holder("Intermediate", 2, 1000, false));
    let alone = Chain { authorities: Vec::new(), ..Chain::good() };
    let mut without_root = Chain::good();
    without_root.authorities.truncate(1);
    for (chain, words) in [
        (swapped, Some("certificate 1 of the file is not issued by the one after it")),
        (foreign, Some("certificate 1 of the file is not issued by the one after it")),
        (no_authority, Some("certificate 1 of the file is not issued by the one after it")),
        (alone, Some("fullchain.pem")),
        (without_root, None),
    ] {
        let (said, passes) = House::new(&chain).check();
        assert!(passes, "{said:?}");
        let begin = if words.is_some() { "advice   " } else { "ok       " };
        assert!(said[0].starts_with(begin), "{said:?}");
        assert!(said[0].contains(words.unwrap_or_default()), "{said:?}");
    }
}

#[tokio::test]
async fn the_server_warns_of_a_certificate_at_start_and_takes_mail() {
    let expired = own(&["mail.x.ua"], -1);
    let house = House::new(&Chain::new(expired, intermediate()));
    let server = house.installation.start();
    let name = server.wait_for_log("not for mx.x.ua", 1);
    assert_eq!(name["level"], "WARN");
    assert!(name["fields"]["certificate"].as_str().unwrap().ends_with("chain.pem"), "{name}");
    let end = server.wait_for_log("has expired at", 1);
    assert!(end.to_string().contains("renew it"), "{end}");
    assert_eq!(told_ends(&server), both_end_at(expired.to));
    takes_mail(&server).await;
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_reload_looks_at_the_new_certificate() {
    let house = House::new(&Chain::good());
    let server = house.installation.start();
    let authority = holder("Intermediate", 2, 10, true);
    house.put(&Chain::new(own(&[HOST], 90), authority));
    server.signal("HUP");
    let told = server.wait_for_log("the authority's certificate of CN=Intermediate expires at", 1);
    assert!(told.to_string().contains("renew it"), "{told}");
    assert_eq!(told_ends(&server), both_end_at(authority.to));
    assert!(!server.log().contains("not for mx.x.ua"));
    takes_mail(&server).await;

    let renewed = own(&[HOST], 80);
    house.put(&Chain::new(renewed, intermediate()));
    server.signal("HUP");
    wait_for("the new end is told", || {
        (told_ends(&server) == both_end_at(renewed.to)).then_some(())
    });
    assert!(server.stop().success());
}

#[test]
fn without_a_certificate_no_end_is_told() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    assert_eq!(told_ends(&server), []);
    assert!(server.stop().success());
}
