//! Judges mutants of files by other people's software: `ci/mutants [COUNT [SEED]]`.
//!
//! Every file in the directory that `SKRYNKA_INTEROP_DATA` names is bent in ways that follow its
//! structure (see [`mutation`]) and judged with the trust under which the original is right. Claims,
//! each of which ends the program with an error:
//!
//! - no input makes the code panic;
//! - nothing is `TOTAL_PASSED` with another content than an original has;
//! - no input takes more than 100 ms of the thread's CPU time.
//!
//! What broke a claim is written to `target/mutants/`. The same seed makes the same mutants.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a program for developers, which ends at the first thing that is not as it should be"
)]

mod mutation;
mod subject;

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use mutation::{Material, Random};
use subject::{Subject, Verdict};

const LONGEST: Duration = Duration::from_millis(100);

/// What one thread saw.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<(&'static str, String), usize>,
    /// The time of each kind's slowest mutant, and its number.
    slowest: BTreeMap<&'static str, (Duration, usize)>,
    broken: Vec<String>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |default: usize| arguments.next().map_or(default, |given| given.parse().expect("a number"));
    let count = number(20_000);
    let seed = number(1);
    let only = std::env::var("SKRYNKA_MUTANT").ok().map(|given| given.parse().expect("a number"));
    let Some(folder) = std::env::var_os("SKRYNKA_INTEROP_DATA") else {
        eprintln!("mutants: NOT RUN: SKRYNKA_INTEROP_DATA names no folder");
        return ExitCode::SUCCESS;
    };
    let subjects = subject::all(Path::new(&folder));
    let material = Material::new(subjects.iter().map(|subject| subject.file.clone()).collect());
    for subject in &subjects {
        let verdict = subject.judge(&subject.file);
        assert!(verdict.is_honest, "{}: the original: {}", subject.name, verdict.outcome);
    }
    println!("mutants: {count} of {} files, seed {seed}", subjects.len());
    std::panic::set_hook(Box::new(|_| {}));

    let begin = Instant::now();
    let next = AtomicUsize::new(only.unwrap_or(0));
    let end = only.map_or(count, |only| only.saturating_add(1));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&subjects, &material, &next, end, seed)))
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    conclude(tallies, &subjects, begin.elapsed())
}

fn work(
    subjects: &[Subject],
    material: &Material,
    next: &AtomicUsize,
    end: usize,
    seed: usize,
) -> Tally {
    let mut tally = Tally::default();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= end {
            return tally;
        }
        let mut random = Random::new(seed, index);
        let subject = random.choose(subjects).unwrap();
        let mutant = material.mutate(&subject.file, &mut random);
        let before = cpu_time();
        let judged = catch_unwind(AssertUnwindSafe(|| subject.judge(&mutant)));
        let mut took = cpu_time().saturating_sub(before);
        if took > LONGEST {
            // Once more: the first may have waited for the machine, or filled a cache.
            let before = cpu_time();
            let _ = catch_unwind(AssertUnwindSafe(|| subject.judge(&mutant)));
            took = took.min(cpu_time().saturating_sub(before));
        }
        let slowest = tally.slowest.entry(subject.kind.name()).or_default();
        *slowest = (*slowest).max((took, index));
        let (outcome, complaint) = match judged {
            Ok(Verdict { outcome, is_honest: true }) => (outcome, None),
            Ok(Verdict { outcome, is_honest: false }) => (outcome, Some("PROVED")),
            Err(_) => ("panic".to_owned(), Some("PANIC")),
        };
        let complaint = complaint.or_else(|| (took > LONGEST).then_some("SLOW"));
        if let Some(complaint) = complaint {
            let kept = keep(&mutant, complaint, index);
            tally.broken.push(format!("{complaint} {} {took:?}: {kept}", subject.name));
        }
        let outcome = tally.outcomes.entry((subject.kind.name(), outcome)).or_default();
        *outcome = outcome.saturating_add(1);
    }
}

/// The CPU time of this thread: other programs on the machine do not count.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

fn keep(mutant: &[u8], complaint: &str, index: usize) -> String {
    let folder = Path::new("target/mutants");
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(format!("{}-{index}", complaint.to_ascii_lowercase()));
    fs::write(&path, mutant).unwrap();
    path.display().to_string()
}

fn conclude(tallies: Vec<Tally>, subjects: &[Subject], took: Duration) -> ExitCode {
    let mut all = Tally::default();
    for tally in tallies {
        for (outcome, count) in tally.outcomes {
            let sum = all.outcomes.entry(outcome).or_default();
            *sum = sum.saturating_add(count);
        }
        for (kind, slow) in tally.slowest {
            let slowest = all.slowest.entry(kind).or_default();
            *slowest = (*slowest).max(slow);
        }
        all.broken.extend(tally.broken);
    }
    for ((kind, outcome), count) in &all.outcomes {
        println!("{kind:<12} {outcome:<44} {count:>8}");
    }
    for (kind, (time, index)) in &all.slowest {
        println!("{kind:<12} slowest {time:?}, mutant {index}");
    }
    let count: usize = all.outcomes.values().sum();
    let rate = u128::try_from(count).unwrap() * 1000 / took.as_millis().max(1);
    println!("mutants: {count} of {} files in {took:.1?}: {rate}/s", subjects.len());
    for broken in &all.broken {
        println!("mutants: {broken}");
    }
    if all.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
