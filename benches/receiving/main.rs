//! How many mails a second a receiver makes durable, and what one costs, beside Postfix and a
//! `mailin-embedded` server with the same spool behind it. `ci/bench receiving` runs it.
//!
//! Every server is a process of its own on loopback, keeps its mails in a directory of its own on
//! the same disk, answers 250 once a mail is synced, and throws it away afterwards: Postfix by its
//! `discard` delivery, which marks it as done without reading its content, the others by settling
//! it. All of them run from the beginning to the end and take turns under the load of Postfix's
//! `smtp-source`, which opens a connection for each mail. Nothing is measured at the same time as
//! anything else.
//!
//! A figure is the median of the rounds, with the range. A ratio is the median of the ratios of
//! each round, so that what slows a whole round down does not count. CPU is user and system time
//! of all processes of a server until it has nothing left to do; the load's is not in it.
//!
//! `receiving [SECONDS] [ROUNDS]`: how long a turn lasts (default 1.5), and how many count
//! (default 5). The other words are the roles of the servers, which it starts by itself.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement stops when it fails")]

mod alone;
mod crowd;
mod disk;
mod load;
mod mailin;
mod postfix;
mod process;
mod report;
mod role;
mod rounds;
mod server;
mod whole;

use std::{env, fs, os::unix::fs::PermissionsExt as _, process::ExitCode};

use rounds::Plan;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["role", role, directory] => role::serve(role.parse().unwrap(), directory.as_ref()),
        // The whole server, with the words of its own command line.
        ["init" | "registry" | "serve", ..] => return skrynka::cli::main(),
        [] => measure(&Plan::default()),
        [seconds] => {
            measure(&Plan { turn_seconds: seconds.parse().unwrap(), ..Plan::default() });
        }
        [seconds, rounds] => measure(&Plan {
            turn_seconds: seconds.parse().unwrap(),
            rounds: rounds.parse().unwrap(),
        }),
        _ => {
            println!("usage: receiving [SECONDS] [ROUNDS]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(plan: &Plan) {
    let directory = tempfile::Builder::new().prefix("skrynka-bench-").tempdir().unwrap();
    // Postfix's processes have a user of their own.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    println!("{}", report::machine(directory.path()));
    let mut results = Vec::new();
    rounds::run(plan, directory.path(), |of_load| {
        println!("{}", report::Table(&of_load));
        results.push(of_load);
    });
    let crowd = crowd::measure(&rounds::place(directory.path(), "crowd"));
    print!("{}", report::Aims { results: &results, crowd: &crowd });
}
