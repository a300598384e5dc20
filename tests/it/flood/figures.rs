//! What an attack costs those who work meanwhile, in figures for docs/benchmarks.md: 1,100 slow
//! connections from one address, and 100 that sign in under made-up names as fast as they can from
//! four others. `ci/bench flood` runs it.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{ATTACKER, PASSWORD, SOMEBODY, connection, page, sign_in, status, with_user};
use crate::support::installation::Server;

const SLOW: usize = 1100;
const FLOOD: u8 = 100;
const TIME: Duration = Duration::from_secs(30);

/// What somebody meets who opens a page ten times a second and signs in every three seconds.
fn work(server: &Server, time: Duration, title: &str) {
    let (mut pages, mut sign_ins, mut failed) = (Vec::new(), Vec::new(), 0);
    let mut memory = 0;
    let start = Instant::now();
    while start.elapsed() < time {
        let begun = Instant::now();
        let is_sign_in = pages.len() % 30 == 0 && sign_ins.len() * 30 <= pages.len();
        let answered = if is_sign_in {
            // Each by an address of its own: a first sign-in on an unknown device.
            let last = SOMEBODY + u8::try_from(sign_ins.len()).unwrap() + 10;
            try_for(|| sign_in(server.web, last, "", "olena", PASSWORD)) == 303
        } else {
            try_for(|| status(&page(server.web, SOMEBODY, "/login"))) == 200
        };
        failed += u32::from(!answered);
        let list = if is_sign_in { &mut sign_ins } else { &mut pages };
        list.push(begun.elapsed());
        memory = memory.max(server.memory("VmRSS"));
        thread::park_timeout(Duration::from_millis(100).saturating_sub(begun.elapsed()));
    }
    say(&format!(
        "{title:9} page p50 {:4} p99 {:5} ms, sign-in p50 {:4} max {:5} ms, not answered {failed} of {}, RSS {} MB",
        part(&mut pages, 50),
        part(&mut pages, 99),
        part(&mut sign_ins, 50),
        part(&mut sign_ins, 100),
        pages.len() + sign_ins.len(),
        memory >> 20
    ));
}

/// The status, or 0 when the connection fails.
fn try_for(ask: impl FnOnce() -> u16 + std::panic::UnwindSafe) -> u16 {
    std::panic::catch_unwind(ask).unwrap_or_default()
}

fn part(times: &mut [Duration], percent: usize) -> u128 {
    times.sort();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(0, Duration::as_millis)
}

#[expect(clippy::print_stderr, reason = "figures are for who runs it")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Holds as many slow connections as it can: each a byte every 20 seconds, a new one for each lost.
fn slow(web: SocketAddr, stop: &AtomicBool) {
    let mut held: Vec<(TcpStream, Instant)> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let missing = SLOW.saturating_sub(held.len());
        held.extend((0..missing).map(|_| (connection(web, ATTACKER), Instant::now())));
        held.retain_mut(|(stream, since)| {
            stream.set_nonblocking(true).unwrap();
            // One that was closed has its end to read, or an error.
            let mut byte = [0];
            let is_open = matches!(stream.peek(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
            if is_open && since.elapsed() > Duration::from_secs(20) {
                *since = Instant::now();
                return stream.write_all(b"G").is_ok();
            }
            is_open
        });
        thread::park_timeout(Duration::from_millis(500));
    }
}

#[test]
#[ignore = "takes two minutes and the whole machine; ci/bench flood runs it"]
fn figures() {
    let installation = with_user();
    let server = installation.start();
    let web = server.web;
    work(&server, TIME / 3, "calm");
    let stop = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicU32::new(0));
    let mut attack = vec![thread::spawn({
        let stop = Arc::clone(&stop);
        move || slow(web, &stop)
    })];
    attack.extend((0..FLOOD).map(|number| {
        let (stop, refused) = (Arc::clone(&stop), Arc::clone(&refused));
        thread::spawn(move || {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                let name = format!("nobody-{number}-{round}");
                let last = 200 + number % 4;
                if try_for(|| sign_in(web, last, "", &name, "guess")) != 403 {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    }));
    work(&server, TIME, "attacked");
    stop.store(true, Ordering::Relaxed);
    for one in attack {
        one.join().unwrap();
    }
    work(&server, TIME / 3, "after");
    say(&format!(
        "sign-ins of the attack that were turned away: {}",
        refused.load(Ordering::Relaxed)
    ));
}
