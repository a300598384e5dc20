//! The dashboard over TLS of its own, through the real program.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use skrynka::{clock::Clock, domain::Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    certificate::{Certificate, Wanted, issue, self_signed},
    installation::{Installation, Server, both, skrynka, wait_for},
    registries, tls_client,
};

const HOST: &str = "docs.x.ua";
const PASSWORD: &str = "сім слонів пішли спати";
const SLOW_HEAD: &str = "skrynka_web_connections_refused_total{reason=\"slow_head\"} 1\n";

/// An installation whose dashboard is `docs.x.ua` and shows `certificate`.
fn installation(certificate: &Certificate) -> Installation {
    let installation = Installation::new(registries::SCHOOL);
    put(&installation, certificate);
    let keys = "hostname = \"docs.x.ua\"\ncertificate = \"web.pem\"\nprivate_key = \"web.key\"";
    edit(&installation, "[web]\n", &format!("[web]\n{keys}\n"));
    installation
}

fn edit(installation: &Installation, from: &str, to: &str) {
    let file = installation.config_file();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&file, text.replacen(from, to, 1)).unwrap();
}

fn put(installation: &Installation, certificate: &Certificate) {
    fs::write(installation.path().join("web.pem"), &certificate.chain_pem).unwrap();
    fs::write(installation.path().join("web.key"), &certificate.key_pem).unwrap();
}

/// The whole answer to a request over TLS by who trusts `trusted` alone.
async fn ask(server: SocketAddr, trusted: &Certificate, request: &str, body: &str) -> String {
    let stream = tokio::net::TcpStream::connect(server).await.unwrap();
    let shaken = tls_client::handshake(stream, HOST, &trusted.chain_der, &["h2", "http/1.1"]).await;
    let mut stream = shaken.unwrap();
    let length = body.len();
    let text = format!("{request}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Whether the server shows `certificate`.
async fn shows(server: &Server, certificate: &Certificate) -> bool {
    let stream = tokio::net::TcpStream::connect(server.web).await.unwrap();
    tls_client::handshake(stream, HOST, &certificate.chain_der, &[]).await.is_ok()
}

/// What comes in the clear until the end.
fn in_the_clear(server: SocketAddr, said: &[u8]) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(said).unwrap();
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn pages_come_over_tls_with_hsts_and_a_session_that_is_kept_to_it() {
    let certificate = self_signed(HOST, 7);
    let installation = installation(&certificate);
    let add = ["user", "add", "olena", "--role", "operator", "--branch", "school"];
    let added = installation.run(&add, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", both(&added));
    let server = installation.start();

    let page = ask(server.web, &certificate, "GET /login HTTP/1.1\r\nHost: docs.x.ua", "").await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("strict-transport-security: max-age=31536000\r\n"), "{page}");

    // As a browser on this machine names it: over TLS the cookie is strict there too.
    let form = format!("name=olena&password={}", PASSWORD.replace(' ', "+"));
    let request = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
                   Origin: null\r\nContent-Type: application/x-www-form-urlencoded";
    let answer = ask(server.web, &certificate, request, &form).await;
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let cookies: Vec<_> =
        answer.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    assert!(!cookies.is_empty(), "{answer}");
    for cookie in &cookies {
        assert!(cookie.starts_with("__Host-skrynka") && cookie.contains("; Secure"), "{cookie}");
    }
    let session = cookies[0].split(';').next().unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: docs.x.ua\r\nCookie: {session}");
    let list = ask(server.web, &certificate, &request, "").await;
    assert!(list.starts_with("HTTP/1.1 200 ") && list.contains("olena"), "{list}");
    assert!(server.stop().success());
}

#[test]
fn without_tls_there_is_no_hsts() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let request = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let page = in_the_clear(server.web, request.as_bytes());
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(!page.contains("strict-transport-security"), "{page}");
}

#[test]
fn who_speaks_http_to_the_port_of_https_is_told_so() {
    let installation = installation(&self_signed(HOST, 7));
    let server = installation.start();
    let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nCookie: {}\r\n\r\n", "a".repeat(9000));
    let answer = in_the_clear(server.web, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("Цей порт приймає лише HTTPS"), "{answer}");
    assert!(answer.contains("This port takes HTTPS only"), "{answer}");
    let other_protocol = in_the_clear(server.web, b"\0\x01\x02");
    assert!(other_protocol.starts_with("HTTP/1.1 400 "), "{other_protocol}");
}

/// RFC 7301 §3.2: so that nobody who was led astray talks to a server of another protocol.
#[tokio::test]
async fn who_wants_another_protocol_than_http_is_refused() {
    let certificate = self_signed(HOST, 7);
    let installation = installation(&certificate);
    let server = installation.start();
    for (wishes, is_taken) in [(&["http/1.1"][..], true), (&["h2"], false), (&["smtp"], false)] {
        let stream = tokio::net::TcpStream::connect(server.web).await.unwrap();
        let shaken = tls_client::handshake(stream, HOST, &certificate.chain_der, wishes).await;
        assert_eq!(shaken.is_ok(), is_taken, "{wishes:?}");
    }
}

#[test]
fn a_handshake_that_does_not_end_is_cut_off_and_counted_and_silence_is_cut_off() {
    let installation = installation(&self_signed(HOST, 7));
    let server = installation.start_with(&[("SKRYNKA_WEB__LIMITS__HEAD_TIMEOUT_SECONDS", "1")]);
    assert_eq!(in_the_clear(server.web, b""), "");
    // The beginning of a record with a handshake.
    assert_eq!(in_the_clear(server.web, b"\x16\x03\x01\x02\x00\x01"), "");
    wait_for("the slow one is counted, and the silent one is not", || {
        server.metrics_text().contains(SLOW_HEAD).then_some(())
    });
}

#[test]
fn a_client_that_does_not_shake_hands_has_a_place_among_those_of_its_address() {
    let installation = installation(&self_signed(HOST, 7));
    let server = installation.start_with(&[
        ("SKRYNKA_WEB__LIMITS__HEAD_TIMEOUT_SECONDS", "300"),
        ("SKRYNKA_WEB__LIMITS__MAX_CONNECTIONS", "1"),
    ]);
    // Connections are taken in their order.
    let _silent = TcpStream::connect(server.web).unwrap();
    assert!(in_the_clear(server.web, b"").starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn sighup_takes_over_a_new_certificate_and_keeps_the_old_one_when_the_new_is_bad() {
    let [old, new] = [7, 8].map(|seed| self_signed(HOST, seed));
    let installation = installation(&old);
    let server = installation.start();
    assert!(shows(&server, &old).await);
    put(&installation, &new);
    assert!(shows(&server, &old).await);
    server.signal("HUP");
    server.wait_for_log("are read again", 1);
    assert!(shows(&server, &new).await && !shows(&server, &old).await);

    fs::write(installation.path().join("web.key"), &old.key_pem).unwrap();
    server.signal("HUP");
    let told = server.wait_for_log("the one in force stays", 1).to_string();
    assert!(told.contains("does not belong to the certificate"), "{told}");
    assert!(shows(&server, &new).await);
    assert!(server.stop().success());
}

#[tokio::test]
async fn sighup_begins_and_ends_https_on_a_loopback_address() {
    let certificate = self_signed(HOST, 7);
    let installation = installation(&certificate);
    let pair = "certificate = \"web.pem\"\nprivate_key = \"web.key\"\n";
    edit(&installation, pair, "");
    let server = installation.start();
    assert!(!shows(&server, &certificate).await);
    assert_eq!(server.readiness().0, 200);
    edit(&installation, "[web]\n", &format!("[web]\n{pair}"));
    server.signal("HUP");
    server.wait_for_log("are read again", 1);
    assert!(shows(&server, &certificate).await);
    assert!(!server.log().contains("needs a restart"), "{}", server.log());
    assert!(server.stop().success());
}

#[tokio::test]
async fn sighup_takes_no_tls_from_an_address_that_is_left_with_the_next_start() {
    let certificate = self_signed(HOST, 7);
    let installation = installation(&certificate);
    let server = installation.start();
    edit(&installation, "certificate = \"web.pem\"\nprivate_key = \"web.key\"\n", "");
    edit(&installation, "\nlisten = \"127.0.0.1:0\"\n", "\nlisten = \"127.0.0.1:8080\"\n");
    server.signal("HUP");
    let told = server.wait_for_log("needs a restart", 1);
    assert_eq!(told["fields"]["keys"], "[web]");
    assert!(shows(&server, &certificate).await);
    assert!(server.stop().success());
}

#[test]
fn without_tls_another_address_than_a_loopback_one_is_refused_with_what_to_do() {
    let installation = Installation::new(registries::SCHOOL);
    edit(&installation, "[web]\nlisten = \"127.0.0.1:0\"", "[web]\nlisten = \"0.0.0.0:0\"");
    let text = fs::read_to_string(installation.config_file()).unwrap();
    let line = text.lines().position(|line| line.contains("0.0.0.0:0")).unwrap() + 1;
    for command in ["serve", "check"] {
        let refused = installation.run(&[command], "");
        assert!(!refused.status.success());
        let words = both(&refused);
        for word in [
            format!("line {line}: [web] listen"),
            "0.0.0.0:0 is none".to_owned(),
            "Name certificate and private_key".to_owned(),
            "insecure_lan = true".to_owned(),
        ] {
            assert!(words.contains(&word), "{command}, {word}: {words}");
        }
    }
    let allowed = [("SKRYNKA_WEB__INSECURE_LAN", "true")];
    let server = installation.start_with(&allowed);
    assert!(server.web.ip().is_unspecified());
    assert!(server.stop().success());
}

#[test]
fn init_makes_nothing_that_would_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let init = |environment: &[(&str, &str)]| {
        let place = directory.path().join("new");
        let addresses = ["--smtp", "127.0.0.1:0", "--web", "0.0.0.0:0", "--metrics", "127.0.0.1:0"];
        let mut command = skrynka();
        command.envs(environment.iter().copied()).arg("init").arg(place).args(addresses);
        command.output().unwrap()
    };
    let refused = init(&[]);
    assert!(!refused.status.success());
    let words = both(&refused);
    assert!(words.contains("nothing is made") && words.contains("insecure_lan"), "{words}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let made = init(&[("SKRYNKA_WEB__INSECURE_LAN", "true")]);
    assert!(made.status.success(), "{}", both(&made));
}

/// A certificate for hosts, by an authority, from a year ago on to so many days from now.
fn own(hosts: &[&str], days: i64) -> (Certificate, Timestamp) {
    const DAY: i64 = 86_400;
    let now = Clock::system().now();
    let from = now.plus_seconds(-365 * DAY);
    let root = Wanted {
        subject: "Root",
        hosts: &[],
        from,
        to: now.plus_seconds(3000 * DAY),
        seed: 1,
        is_authority: true,
    };
    let to = now.plus_seconds(days * DAY);
    let wanted = Wanted { subject: "Web", hosts, to, seed: 2, is_authority: false, ..root };
    let mut certificate = issue(wanted, root);
    certificate.chain_pem.push_str(&issue(root, root).chain_pem);
    (certificate, to)
}

#[test]
fn check_judges_the_dashboards_certificate_as_that_of_mail() {
    for (hosts, days, passes, words) in [
        (&[HOST][..], 90, true, "ok       HTTPS as docs.x.ua, with a certificate and key valid to"),
        (&["*.x.ua"], 15, true, "expires at"),
        (&[HOST], 10, false, "expires at"),
        (&[HOST], -1, false, "has expired at"),
        (&["mx.x.ua"], 90, false, "for mx.x.ua and not for docs.x.ua, the name of the dashboard"),
    ] {
        let installation = installation(&own(hosts, days).0);
        let checked = installation.run(&["check"], "");
        let text = both(&checked);
        let said: Vec<_> = text
            .lines()
            .filter(|line| line.contains("web.pem") || line.contains("HTTPS"))
            .collect();
        assert_eq!(said.len(), 1, "{text}");
        assert!(said[0].contains(words), "{said:?}");
        assert_eq!(said[0].starts_with("PROBLEM"), !passes, "{said:?}");
    }
}

#[test]
fn the_server_tells_when_the_dashboards_certificate_ends_and_warns() {
    let (certificate, end) = own(&["mx.x.ua"], 10);
    let installation = installation(&certificate);
    let server = installation.start();
    let told = |end: Timestamp| {
        format!("skrynka_tls_expiry_timestamp_seconds{{listener=\"web\"}} {}\n", end.as_seconds())
    };
    for words in ["not for docs.x.ua", "expires at"] {
        let line = server.wait_for_log(words, 1);
        assert_eq!(line["level"], "WARN");
        assert!(line.to_string().contains("browsers may refuse"), "{line}");
        assert!(line["fields"]["certificate"].as_str().unwrap().ends_with("web.pem"), "{line}");
    }
    assert!(server.metrics_text().contains(&told(end)), "{}", server.metrics_text());
    let (renewed, end) = own(&[HOST], 80);
    put(&installation, &renewed);
    server.signal("HUP");
    wait_for("the new end is told", || server.metrics_text().contains(&told(end)).then_some(()));
    assert!(server.stop().success());
}
