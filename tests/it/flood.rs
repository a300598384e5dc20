//! The dashboard under attack: clients that dawdle or flood it shut out nobody else. Each attacker
//! and each honest user has an address of its own on the loopback network.

mod figures;

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    thread,
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use skrynka::store::{AuditAction, AuditFilter};

use crate::support::{
    installation::{Installation, Server, both, wait_for},
    registries,
};

/// A trusted proxy, or somebody at the server's own machine.
const HERE: u8 = 1;
const ATTACKER: u8 = 2;
const SOMEBODY: u8 = 3;

/// A connection to `server` from `127.0.0.(last)`.
fn connection(server: SocketAddr, last: u8) -> TcpStream {
    let own = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0);
    let handle = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&handle, &own).unwrap();
    connect(&handle, &server).unwrap();
    let stream = TcpStream::from(handle);
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

/// What comes until the server closes. A reset, for it did not want the rest, is an end too.
fn rest(stream: &mut TcpStream) -> String {
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer to a request, which is given whole but for `Host` and `Connection`.
fn ask(server: SocketAddr, last: u8, request: &str, body: &str) -> String {
    let mut stream = connection(server, last);
    let text = format!(
        "{request}\r\nHost: {server}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // A server that refuses the connection may not wait for the request.
    let _ = stream.write_all(text.as_bytes());
    rest(&mut stream)
}

fn page(server: SocketAddr, last: u8, path: &str) -> String {
    ask(server, last, &format!("GET {path} HTTP/1.1"), "")
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// A counter's or gauge's value.
fn metric(server: &Server, name: &str) -> u64 {
    let text = server.metrics_text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

fn wait_for_metric(server: &Server, name: &str, value: u64) {
    wait_for(name, || (metric(server, name) == value).then_some(()));
}

const PER_ADDRESS: &str = "skrynka_web_connections_refused_total{reason=\"per_address\"}";
const SLOW_BODY: &str = "skrynka_web_connections_refused_total{reason=\"slow_body\"}";
const SLOW_HEAD: &str = "skrynka_web_connections_refused_total{reason=\"slow_head\"}";
const TOTAL: &str = "skrynka_web_connections_refused_total{reason=\"total\"}";

/// A limit, as the environment sets it.
macro_rules! limit {
    ($name:literal) => {
        concat!("SKRYNKA_WEB__LIMITS__", $name)
    };
}

#[test]
fn slow_connections_of_one_address_keep_nobody_else_out() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start_with(&[
        (limit!("MAX_CONNECTIONS"), "20"),
        (limit!("MAX_CONNECTIONS_PER_ADDRESS"), "8"),
        (limit!("HEAD_TIMEOUT_SECONDS"), "300"),
    ]);
    let mut slow: Vec<_> = (0..60).map(|_| connection(server.web, ATTACKER)).collect();
    for stream in &mut slow {
        // Those that were refused may be gone already.
        let _ = stream.write_all(b"G");
    }
    wait_for_metric(&server, PER_ADDRESS, 52);
    for last in [HERE, SOMEBODY] {
        let answer = page(server.web, last, "/login");
        assert_eq!(status(&answer), 200, "{answer}");
    }
    let warned = server.wait_for_log("web connections were refused", 1);
    assert_eq!(warned["fields"]["peer.ip"], "127.0.0.2");
    let warnings = server.log().matches("web connections were refused").count();
    assert_eq!(warnings, 1, "one line a minute: {}", server.log());
    drop(slow);
}

#[test]
fn a_full_dashboard_says_so_and_leaves_probes_and_metrics() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation
        .start_with(&[(limit!("MAX_CONNECTIONS"), "6"), (limit!("HEAD_TIMEOUT_SECONDS"), "300")]);
    let mut slow: Vec<_> = (2..8).map(|last| connection(server.web, last)).collect();
    wait_for(TOTAL, || {
        // Until the six are taken, this may be one of them.
        let answer = page(server.web, HERE, "/login");
        (status(&answer) == 503 && answer.contains("Retry-After")).then_some(())
    });
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(status(&page(server.metrics, SOMEBODY, path)), 200, "{path}");
    }
    assert!(metric(&server, TOTAL) > 0);
    slow.clear();
    wait_for("room again", || (status(&page(server.web, HERE, "/livez")) == 200).then_some(()));
}

#[test]
fn a_head_that_does_not_end_and_a_body_that_does_not_come_are_cut_off() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start_with(&[
        (limit!("BODY_TIMEOUT_SECONDS"), "1"),
        (limit!("HEAD_TIMEOUT_SECONDS"), "1"),
    ]);
    let mut silent = connection(server.web, ATTACKER);
    assert_eq!(rest(&mut silent), "", "who says nothing is not waited for");
    let mut idle = connection(server.web, ATTACKER);
    write!(idle, "GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", server.web).unwrap();
    assert!(rest(&mut idle).ends_with("alive\n"), "nor who has no other request");
    assert_eq!(metric(&server, SLOW_HEAD), 0, "neither is an attack");
    let mut head = connection(server.web, ATTACKER);
    head.write_all(b"GET / HTTP/1.1\r\nHost: a.ua\r\nX-Slow: ").unwrap();
    rest(&mut head);
    wait_for_metric(&server, SLOW_HEAD, 1);
    let mut body = connection(server.web, ATTACKER);
    write!(
        body,
        "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: 99\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nname=",
        server.web
    )
    .unwrap();
    let answer = rest(&mut body);
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(answer.contains("Запит надходив надто довго"), "{answer}");
    assert_eq!(metric(&server, SLOW_BODY), 1);
    wait_for_metric(&server, "skrynka_web_connections_open", 1);
}

const PASSWORD: &str = "a long pass phrase";

/// An installation with the user `olena`.
fn with_user() -> Installation {
    let installation = Installation::new(registries::SCHOOL);
    let arguments = ["user", "add", "olena", "--role", "operator", "--branch", "school"];
    let added = installation.run(&arguments, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", both(&added));
    installation
}

fn sign_in(server: SocketAddr, last: u8, forwarded: &str, name: &str, password: &str) -> u16 {
    let password = password.replace(' ', "+");
    let request = format!(
        "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded{forwarded}"
    );
    status(&ask(server, last, &request, &format!("name={name}&password={password}")))
}

#[test]
fn wrong_passwords_from_elsewhere_keep_nobody_out() {
    let installation = with_user();
    let server = installation.start();
    for place in 0..10 {
        let code = sign_in(server.web, ATTACKER, "", "olena", "guess");
        assert_eq!(code, if place < 5 { 403 } else { 429 });
    }
    assert_eq!(sign_in(server.web, ATTACKER, "", "olena", PASSWORD), 429);
    assert_eq!(sign_in(server.web, SOMEBODY, "", "olena", PASSWORD), 303);
    // The same behind a proxy, which says where a request comes from; others only claim it.
    let behind = |address| format!("\r\nX-Forwarded-For: {address}");
    assert_eq!(sign_in(server.web, HERE, &behind("127.0.0.2"), "olena", PASSWORD), 429);
    assert_eq!(sign_in(server.web, ATTACKER, &behind("127.0.0.3"), "olena", PASSWORD), 429);
    assert_eq!(sign_in(server.web, HERE, &behind("192.0.2.1"), "olena", PASSWORD), 303);
    assert_eq!(metric(&server, "skrynka_sign_ins_total{outcome=\"wrong\"}"), 5);
    assert_eq!(metric(&server, "skrynka_sign_ins_total{outcome=\"signed_in\"}"), 2);
}

#[tokio::test]
async fn a_flood_of_made_up_names_leaves_others_their_turn_and_few_rows_in_the_audit() {
    let installation = with_user();
    let server = installation.start();
    let web = server.web;
    let mut flood = Vec::new();
    for number in 0..40 {
        flood.push(thread::spawn(move || {
            [0, 1, 2].map(|round| {
                let name = format!("nobody-{number}-{round}");
                sign_in(web, ATTACKER, "", &name, "guess")
            })
        }));
    }
    assert_eq!(sign_in(web, SOMEBODY, "", "olena", PASSWORD), 303);
    let codes: Vec<u16> = flood.into_iter().flat_map(|one| one.join().unwrap()).collect();
    assert!(codes.iter().all(|code| [403, 429].contains(code)), "{codes:?}");
    let looked_at = codes.iter().filter(|code| **code == 403).count();
    assert!((1..=50).contains(&looked_at), "of one network: {codes:?}");
    assert!(server.stop().success());
    let store = installation.open().await.store().clone();
    let filter = AuditFilter { action: Some(AuditAction::SignInRefused), ..AuditFilter::default() };
    let rows = store.audit_rows(&filter, 1000).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| row.entry.detail.as_deref().unwrap()).collect();
    assert_eq!(*told.last().unwrap(), "from 127.0.0.2");
    assert!(told.iter().all(|detail| detail.ends_with("from 127.0.0.2")), "{told:?}");
    let more = told.iter().filter_map(|detail| detail.split(' ').next()?.parse::<usize>().ok());
    assert_eq!(more.sum::<usize>() + 1, looked_at, "{told:?}");
}

#[test]
fn rfc9112_3_2_without_a_host_or_with_two_a_request_gets_400() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    for address in [server.web, server.metrics] {
        for (head, expected) in [
            ("GET /livez HTTP/1.1\r\nHost: a.ua\r\n", 200),
            ("GET /livez HTTP/1.0\r\n", 200),
            ("GET /livez HTTP/1.1\r\n", 400),
            ("GET /livez HTTP/1.1\r\nHost: a.ua\r\nHost: a.ua\r\n", 400),
            ("GET /livez HTTP/1.1\r\nHost: a.ua b.ua\r\n", 400),
        ] {
            let mut stream = connection(address, SOMEBODY);
            write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
            assert_eq!(status(&rest(&mut stream)), expected, "{head}");
        }
    }
}
