//! How fast signatures and digests are checked on one thread, beside the peers that others use:
//! OpenSSL, BouncyCastle and the crates with the same algorithms. `ci/bench proof` runs it.
//!
//! Every figure is CPU time of one thread. Ours and the crates take turns, five rounds each; the
//! peers in other processes run three times after them. The table gives the median and the range. A
//! ratio compares medians of this run and nothing else.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement stops when it fails")]

mod measure;
mod peers;
mod subjects;

use measure::{Figure, Subject, rounds};

fn main() {
    println!(
        "Verifications per second and MB/s, one thread, CPU time; median of five, of three for other processes (range)."
    );
    let cases = subjects::Cases::make();
    let mut figures: Vec<Figure> = rounds(&mut subjects(&cases));
    figures.extend(peers::bouncy_castle(&cases));
    figures.extend(peers::openssl());
    for figure in &figures {
        println!("{figure}");
    }
    println!();
    for (ours, theirs, least) in TARGETS {
        let find = |name: &str| figures.iter().find(|figure| figure.name == name);
        match (find(ours), find(theirs)) {
            (Some(us), Some(them)) => {
                let ratio = us.median() / them.median();
                let word = if ratio >= *least { "reached" } else { "NOT REACHED" };
                println!("{ours}  /  {theirs}: {ratio:.1}  (aim: at least {least}; {word})");
            }
            _ => println!("{ours}  /  {theirs}: not measured in this run"),
        }
    }
}

fn subjects<'a>(cases: &'a subjects::Cases) -> Vec<Subject<'a>> {
    let mut all = subjects::ours(cases);
    all.extend(peers::crates(cases));
    all
}

/// Ours, theirs, and the least ratio aimed at.
const TARGETS: &[(&str, &str, f64)] = &[
    ("M257 new key", "M257 structured-dstu4145 new key", 10.0),
    ("M257 new key", "M257 dstu-core", 10.0),
    ("M257 new key", "M257 ua-cryptography", 10.0),
    ("M257 new key", "M257 BouncyCastle new key", 15.0),
    ("M257 known key", "M257 BouncyCastle known key", 60.0),
    ("M431 new key", "M431 BouncyCastle new key", 8.0),
    ("M431 known key", "M431 BouncyCastle known key", 30.0),
    ("M257 known key", "OpenSSL B-283", 1.0),
    ("M257 known key", "OpenSSL P-256", 1.0),
    ("M257 known key", "OpenSSL Ed25519", 1.0),
    ("GOST 34.311", "GOST 34.311 gost94", 8.0),
    ("Kupyna-256", "Kupyna-256 kupyna", 0.95),
];
