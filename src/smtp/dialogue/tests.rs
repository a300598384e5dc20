use proptest::prelude::*;

use super::*;
use crate::{
    domain::{MailAddress, Timestamp, TransmissionType},
    smtp::{
        Limits, Protocol, Simulation, groups, simulate,
        simulation::{Mailboxes, rules},
    },
};

const HELLO: &str = "EHLO a\r\nMAIL FROM:<x@y.ua>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\n";

fn limits() -> Limits {
    Limits {
        max_errors: 5,
        max_message_bytes: 64,
        max_received_fields: 2,
        max_text_line_bytes: 64,
        tarpit_after_errors: 3,
        ..Limits::default()
    }
}

fn known(recipient: &MailAddress) -> bool {
    recipient.local() == "branch"
}

/// The conversation in which each group of `bytes` comes `step` at a time.
fn converse(bytes: &[u8], step: usize) -> Simulation {
    converse_with(Protocol::Smtp, &limits(), bytes, step)
}

fn converse_with(protocol: Protocol, limits: &Limits, bytes: &[u8], step: usize) -> Simulation {
    let reads = groups(bytes).into_iter().flat_map(|group| group.chunks(step));
    simulate(protocol, limits, known, reads)
}

/// The codes of all replies; only the last line of each counts.
fn codes(simulation: &Simulation) -> Vec<u16> {
    let text = String::from_utf8_lossy(&simulation.replies);
    let last_lines = text.lines().filter(|line| line.get(3..4) != Some("-"));
    last_lines.map(|line| line[..3].parse().unwrap()).collect()
}

#[test]
fn a_pipelined_conversation_is_answered_in_order() {
    let bytes = format!("{HELLO}Hello\r\n..\r\n.\r\nRSET\r\nQUIT\r\nNOOP\r\n");
    let end = converse(bytes.as_bytes(), bytes.len());
    assert_eq!(codes(&end), [220, 250, 250, 250, 354, 250, 250, 221]);
    assert!(end.closed, "nothing is carried out behind QUIT");
    assert_eq!(end.mails.len(), 1);
    assert_eq!(end.mails[0].message, b"Hello\r\n.\r\n");
}

#[test]
fn rfc2920_3_1_what_follows_a_greeting_or_data_at_once_ends_the_connection() {
    let mail = "MAIL FROM:<x@y.ua>\r\nRCPT TO:<branch@x.ua>\r\n";
    for (reads, expected) in [
        (vec!["EHLO a\r\nMAIL FROM:<x@y.ua>\r\n".to_owned()], &[220, 554][..]),
        (vec!["HELO a\r\nx".to_owned()], &[220, 554]),
        (
            vec!["EHLO a\r\n".to_owned(), format!("{mail}DATA\r\na\r\n.\r\n")],
            &[220, 250, 250, 250, 554],
        ),
        (vec!["EHLO a\r\n".to_owned(), format!("{mail}DATA\r\n.\r\n")], &[220, 250, 250, 250, 554]),
        // Also where DATA would have been refused: what follows was meant as a message.
        (vec!["EHLO a\r\n".to_owned(), "DATA\r\nRSET\r\n".to_owned()], &[220, 250, 554]),
        (vec!["EHLO a\r\n".to_owned(), "QUIT\r\nRSET\r\n".to_owned()], &[220, 250, 221]),
        (vec!["EHLO a\r\n".to_owned(), "NOOP\r\nRSET\r\n".to_owned()], &[220, 250, 250, 250]),
    ] {
        let reads = reads.iter().map(String::as_bytes).collect::<Vec<_>>();
        let end = simulate(Protocol::Smtp, &limits(), known, reads.iter().copied());
        assert_eq!(
            codes(&end),
            expected,
            "{:?}",
            reads.last().map(|read| String::from_utf8_lossy(read))
        );
        assert_eq!(end.mails, []);
        assert_eq!(end.closed, expected.last() != Some(&250));
    }
}

#[test]
fn what_is_wrong_with_a_message_is_told_after_its_dot_and_does_not_depend_on_the_cut() {
    let long = "x".repeat(63);
    let (short, hop) = ("x".repeat(62), "Received: a\r\n");
    let limits = Limits { max_message_bytes: 200, ..limits() };
    for (message, code) in [
        (format!("{short}\r\n{short}\r\n"), 250),
        (format!("{long}\r\n"), 500),
        (format!("{}\r\n{long}\r\n", "\r".repeat(62)), 500),
        (format!(".{short}\r\n"), 250),
        (format!("..{short}\r\n"), 500),
        (format!("{long}{long}{long}x\r\n\r\n\r\n\r\n\r\n\r\n"), 552),
        (hop.to_owned(), 250),
        (hop.repeat(2), 554),
        (format!("{hop}\r\n{hop}"), 250),
        (format!("{}{long}\r\n", hop.repeat(2)), 500),
        (hop.repeat(40), 552),
    ] {
        let bytes = format!("{HELLO}{message}.\r\nNOOP\r\n");
        for step in [1, 3, 13, 20_000] {
            let end = converse_with(Protocol::Smtp, &limits, bytes.as_bytes(), step);
            assert_eq!(codes(&end), [220, 250, 250, 250, 354, code, 250], "{message:?} by {step}");
            assert_eq!(end.mails.len(), usize::from(code == 250));
        }
    }
}

#[test]
fn tls_from_the_start_greets_within_tls() {
    let mut dialogue = Dialogue::new(rules("mx", &limits(), true, Protocol::Smtp));
    dialogue.tls_started();
    let mut reads = [
        &b"EHLO a\r\n"[..],
        b"MAIL FROM:<x@y.ua>\r\nRCPT TO:<branch@x.ua>\r\nSTARTTLS\r\n",
        b"DATA\r\n",
        b".\r\n",
    ]
    .into_iter();
    let mut replies = String::new();
    loop {
        match next(&mut dialogue) {
            Step::Commit(mail) => {
                assert!(mail.envelope.tls);
                assert_eq!(mail.envelope.protocol, TransmissionType::Esmtps);
                break;
            }
            Step::Read => {
                let read = reads.next().expect("the mail ends before more is read");
                dialogue.input().extend_from_slice(read);
            }
            Step::Reply(reply) => replies.push_str(&reply.to_string()),
            Step::Reserve { wanted, .. } => dialogue.grant(wanted),
            step @ (Step::Close | Step::Leave | Step::StartTls | Step::Tarpit) => {
                panic!("{step:?}")
            }
        }
    }
    assert!(replies.starts_with("220 mx ESMTP\r\n250-mx\r\n"), "{replies}");
    assert!(!replies.contains("STARTTLS"), "{replies}");
    assert!(replies.contains("503 5.5.1 TLS is already active"), "{replies}");
}

#[test]
fn many_refusals_are_held_back_and_more_end_the_connection() {
    let mut dialogue = Dialogue::new(rules("mx", &limits(), false, Protocol::Smtp));
    dialogue.input().extend_from_slice(b"FOO\r\nFOO\r\nFOO\r\nFOO\r\nNOOP\r\nFOO\r\n");
    let mut steps = Vec::new();
    loop {
        match next(&mut dialogue) {
            Step::Close | Step::Leave => break,
            Step::Reply(reply) => steps.push(reply.code()),
            Step::Tarpit => steps.push(0),
            step @ (Step::Commit(_) | Step::Read | Step::Reserve { .. } | Step::StartTls) => {
                panic!("{step:?}")
            }
        }
    }
    assert_eq!(steps, [220, 500, 500, 500, 0, 500, 250, 0, 500, 421]);
}

#[test]
fn a_message_over_the_limit_is_read_to_its_end_and_refused() {
    for (len, code, kept) in [(62, 250, 1), (63, 552, 0), (10_000, 552, 0)] {
        let bytes = format!("{HELLO}{}\r\n.\r\nNOOP\r\n", "x".repeat(len));
        for step in [1, 7, 20_000] {
            let end = converse(bytes.as_bytes(), step);
            assert_eq!(codes(&end), [220, 250, 250, 250, 354, code, 250], "{len} by {step}");
            assert_eq!(end.mails.len(), kept);
        }
    }
}

#[test]
fn a_refused_message_leaves_the_session_in_order() {
    let mail = "MAIL FROM:<x@y.ua>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\na\r\n.\r\n";
    let bytes = format!("{HELLO}{}\r\n.\r\n{mail}", "x".repeat(100));
    let end = converse(bytes.as_bytes(), 5);
    assert_eq!(codes(&end), [220, 250, 250, 250, 354, 552, 250, 250, 354, 250]);
}

#[test]
fn commands_behind_starttls_are_never_carried_out() {
    let bytes = b"EHLO a\r\nSTARTTLS\r\nRSET\r\nMAIL FROM:<x@y.ua>\r\n";
    let (greeting, attack) = bytes.split_at(b"EHLO a\r\n".len());
    let end = simulate(Protocol::Smtp, &limits(), known, [greeting, attack]);
    assert_eq!((codes(&end).as_slice(), end.closed), (&[220, 250, 501][..], true));
}

#[test]
fn what_was_said_before_tls_is_forgotten() {
    let reads = [
        &b"EHLO a\r\nMAIL FROM:<x@y.ua>\r\nSTARTTLS\r\n"[..],
        b"RCPT TO:<branch@x.ua>\r\n",
        HELLO.as_bytes(),
        b"a\r\n.\r\n",
    ];
    let reads = reads.into_iter().flat_map(groups);
    let end = simulate(Protocol::Smtp, &limits(), known, reads);
    assert_eq!(codes(&end), [220, 250, 250, 220, 503, 250, 250, 250, 354, 250]);
    assert!(end.mails[0].envelope.tls);
}

/// The next step at a server that knows every mailbox and always has room.
fn next(dialogue: &mut Dialogue) -> Step {
    let clock = Clock::fixed(Timestamp::from_seconds(0));
    let intake = Mailboxes(|_: &MailAddress| true);
    dialogue.next(&ServerView { clock: &clock, has_memory: &|_| true, intake: &intake })
}

#[test]
fn a_mail_that_finds_no_memory_is_put_off_after_its_dot() {
    let mut dialogue = Dialogue::new(rules("mx", &limits(), false, Protocol::Smtp));
    let mut reads =
        ["EHLO a\r\n", &HELLO["EHLO a\r\n".len()..], "Hello\r\n", "more\r\n.\r\n"].into_iter();
    let mut replies = Vec::new();
    loop {
        match next(&mut dialogue) {
            Step::Reserve { wanted: bytes, .. } => {
                assert_eq!(bytes, 7);
                dialogue.refuse_memory();
            }
            Step::Reply(reply) => replies.push(reply.code()),
            Step::Read if replies.last() == Some(&452) => break,
            Step::Read => {
                let read = reads.next().expect("the mail is put off before more is read");
                dialogue.input().extend_from_slice(read.as_bytes());
            }
            step
            @ (Step::Close | Step::Commit(_) | Step::Leave | Step::StartTls | Step::Tarpit) => {
                panic!("{step:?}")
            }
        }
        assert!(!dialogue.holds_message());
    }
    assert_eq!(replies, [220, 250, 250, 250, 354, 452]);
}

/// The bytes between which servers have been made to see an end of a message.
const ENDS: [&str; 11] = [
    "\n.\n",
    "\r\n.\n",
    "\n.\r\n",
    "\r.\r\n",
    "\r.\r",
    "\r\n.\r",
    "\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\n.\r",
    "\r\r\n.\r\r\n",
    "\r.\n",
];

#[test]
fn no_false_end_lets_a_second_mail_in() {
    for end in ENDS {
        let forged = "MAIL FROM:<forged@y.ua>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\nforged\r\n";
        let bytes = format!("{HELLO}a{end}{forged}\r\n.\r\nQUIT\r\n");
        let limits = Limits { max_message_bytes: 1000, ..limits() };
        for step in 1..bytes.len() {
            let end_of_it = converse_with(Protocol::Smtp, &limits, bytes.as_bytes(), step);
            if bytes.replace("\r\n", "").contains('\n') {
                assert_eq!(end_of_it.mails, [], "{end:?} by {step}");
                assert_eq!(codes(&end_of_it).last(), Some(&521), "{end:?} by {step}");
            } else {
                assert_eq!(codes(&end_of_it), [220, 250, 250, 250, 354, 250, 221], "{end:?}");
                assert_eq!(end_of_it.mails.len(), 1, "{end:?} by {step}");
            }
        }
    }
}

/// A piece of what a client might send.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO a\r\n",
        "HELO a\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<x@y.ua> SIZE=60 BODY=8BITMIME\r\n",
        "MAIL FROM:<x@y.ua> SIZE=65\r\n",
        "RCPT TO:<branch@x.ua>\r\n",
        "RCPT TO:<nobody@x.ua>\r\n",
        "DATA\r\n",
        "LHLO a\r\n",
        "MAIL FROM:<x@y.ua> SMTPUTF8\r\n",
        "RCPT TO:<postmaster>\r\n",
        "STARTTLS\r\n",
        "VRFY a\r\n",
        "Received: a\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "QUIT\r\n",
        "a\r\n",
        ".\r\n",
        "..\r\n",
        "\r\n.\r\n",
        ".\r",
        "\r",
        "\n",
        "x",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        4 => Just(HELLO.as_bytes().to_vec()),
        16 => known,
        1 => (0..5000_usize).prop_map(|len| vec![b'x'; len]),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #[test]
    fn how_bytes_are_split_over_reads_makes_no_difference(
        pieces in prop::collection::vec(piece(), 0..24),
        cuts in prop::collection::vec(1..40_usize, 1..200),
        lmtp in any::<bool>(),
    ) {
        let bytes = pieces.concat();
        let protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        let whole = converse_with(protocol, &limits(), &bytes, bytes.len().max(1));
        let mut cuts = cuts.iter().cycle();
        let mut reads = Vec::new();
        for mut rest in groups(&bytes) {
            while !rest.is_empty() {
                let cut = cuts.next().map_or(1, |cut| rest.len().min(*cut));
                let (read, next) = rest.split_at(cut);
                reads.push(read);
                rest = next;
            }
        }
        prop_assert_eq!(simulate(protocol, &limits(), known, reads), whole);
    }
}
