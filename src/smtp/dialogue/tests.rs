use proptest::prelude::*;

use super::*;
use crate::{
    domain::MailAddress,
    smtp::{Limits, Rehearsal, rehearse},
};

const HELLO: &str = "EHLO a\r\nMAIL FROM:<x@y.ua>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\n";

fn limits() -> Limits {
    Limits { max_message_bytes: 64, max_errors: 5, ..Limits::default() }
}

fn known(recipient: &MailAddress) -> bool {
    recipient.local() == "branch"
}

/// The conversation in which `bytes` come `step` at a time.
fn converse(bytes: &[u8], step: usize) -> Rehearsal {
    rehearse(&limits(), known, bytes.chunks(step))
}

/// The codes of all replies; only the last line of each counts.
fn codes(rehearsal: &Rehearsal) -> Vec<u16> {
    let text = String::from_utf8_lossy(&rehearsal.replies);
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
    let end = converse(bytes, bytes.len());
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
    let end = rehearse(&limits(), known, reads);
    assert_eq!(codes(&end), [220, 250, 250, 220, 503, 250, 250, 250, 354, 250]);
    assert!(end.mails[0].tls);
}

#[test]
fn a_mail_that_finds_no_memory_is_put_off_after_its_dot() {
    struct Office;
    impl Surroundings for Office {
        fn knows(&self, _: &MailAddress) -> bool {
            true
        }
        fn has_room(&self, _: u64) -> bool {
            true
        }
    }
    let mut dialogue = Dialogue::new(Arc::new(Rules::new("mx", &limits(), false)));
    dialogue.input().extend_from_slice(format!("{HELLO}Hello\r\n").as_bytes());
    let mut replies = Vec::new();
    loop {
        match dialogue.next(&Office) {
            Step::Reserve(bytes) => {
                assert_eq!(bytes, 7);
                dialogue.starve();
            }
            Step::Reply(reply) => replies.push(reply.code()),
            Step::Read if replies.last() == Some(&452) => break,
            Step::Read => dialogue.input().extend_from_slice(b"more\r\n.\r\n"),
            step @ (Step::Close | Step::Commit(_) | Step::StartTls) => panic!("{step:?}"),
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
            let end_of_it = rehearse(&limits, known, bytes.as_bytes().chunks(step));
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
    ) {
        let bytes = pieces.concat();
        let whole = converse(&bytes, bytes.len().max(1));
        let mut rest = &bytes[..];
        let reads = cuts.iter().cycle().map_while(|cut| {
            let (read, next) = rest.split_at(rest.len().min(*cut));
            rest = next;
            (!read.is_empty()).then_some(read)
        });
        prop_assert_eq!(rehearse(&limits(), known, reads), whole);
    }
}
