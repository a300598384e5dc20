//! A conversation without a socket, in the form in which rules are best put down: what a client
//! says, and the codes that it hears.

use skrynka::smtp::{Limits, Protocol, Simulation, groups, simulate};

/// What becomes of `lines`, each ended with CRLF, said by a client that waits where it must.
///
/// The mailboxes are those at `x.ua` whose names begin with `branch`, and `тест@пошта.укр`.
pub(super) fn say(lines: &[&str]) -> Simulation {
    say_with(Protocol::Smtp, &Limits::default(), &lines.join("\r\n"))
}

/// The same over LMTP.
pub(super) fn say_lmtp(lines: &[&str]) -> Simulation {
    say_with(Protocol::Lmtp, &Limits::default(), &lines.join("\r\n"))
}

/// The same with other limits, and lines in one text without the last CRLF.
pub(super) fn say_with(protocol: Protocol, limits: &Limits, said: &str) -> Simulation {
    let said = format!("{said}\r\n");
    simulate(
        protocol,
        limits,
        |mailbox| {
            mailbox.key().starts_with("branch") && mailbox.domain() == "x.ua"
                || mailbox.key() == "тест@пошта.укр"
        },
        groups(said.as_bytes()),
    )
}

/// The replies, one a line; those of several lines by their last.
pub(super) fn replies(simulation: &Simulation) -> Vec<String> {
    let text = String::from_utf8(simulation.replies.clone()).unwrap();
    let last_lines = text.lines().filter(|line| line.get(3..4) != Some("-"));
    last_lines.map(str::to_owned).collect()
}

/// The codes of the replies behind the greeting.
pub(super) fn codes(simulation: &Simulation) -> Vec<u16> {
    replies(simulation).iter().skip(1).map(|reply| reply[..3].parse().unwrap()).collect()
}

/// The lines of the reply to EHLO or LHLO, without their codes.
pub(super) fn extensions(simulation: &Simulation) -> Vec<String> {
    let text = String::from_utf8(simulation.replies.clone()).unwrap();
    let lines = text.lines().skip(1).filter_map(|line| line.strip_prefix("250"));
    lines.map(|line| line[1..].to_owned()).collect()
}

/// The reply to the last of `lines`, behind an open transaction.
pub(super) fn last_reply(lines: &[&str]) -> String {
    replies(&say(lines)).pop().expect("every line has a reply")
}
