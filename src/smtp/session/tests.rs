use std::net::Ipv4Addr;

use super::*;
use crate::{
    domain::{MailAddress, MailId, TransmissionType},
    smtp::{IntakeError, Mail, command, simulation::rules},
};

/// Knows `branch…@x.ua`.
struct Office {
    has_branches: bool,
    is_busy: bool,
}

const OPEN: Office = Office { has_branches: true, is_busy: false };

impl Intake for Office {
    fn serves(&self, domain: &str) -> bool {
        self.has_branches && domain == "x.ua"
    }

    fn knows(&self, recipient: &MailAddress) -> bool {
        self.has_branches && recipient.key().starts_with("branch")
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }

    fn queued(&self) -> usize {
        if self.is_busy { 2000 } else { 1999 }
    }

    fn postmaster(&self) -> Option<MailAddress> {
        self.has_branches.then(|| "branch1@x.ua".parse().unwrap())
    }

    async fn accept(&self, _: Mail) -> Result<MailId, IntakeError> {
        unreachable!("a session keeps no mail")
    }
}

fn session() -> Session {
    speaking(Protocol::Smtp)
}

/// A session with a client that has connected to 192.0.2.1.
fn speaking(protocol: Protocol) -> Session {
    Session::new(rules_for(protocol))
}

fn rules_for(protocol: Protocol) -> Rules {
    let limits = Limits {
        max_errors: 4,
        max_message_bytes: 1000,
        max_recipients: 2,
        max_unknown_recipients: 3,
        tarpit_after_errors: 2,
        ..Limits::default()
    };
    let rules = rules("mx.x.ua", &limits, true, protocol);
    let reached = Some(IpAddr::from([192, 0, 2, 1]));
    Rules { peer: Peer { reached, ..rules.peer }, ..rules }
}

/// Says each line and gives the codes of the replies.
fn codes(session: &mut Session, lines: &[&str]) -> Vec<u16> {
    lines.iter().map(|line| say(session, line).reply.code()).collect()
}

fn say(session: &mut Session, line: &str) -> Answer {
    say_to(session, &OPEN, line)
}

/// The same at a server with memory for a hundred bytes.
fn say_to(session: &mut Session, intake: &Office, line: &str) -> Answer {
    let clock = Clock::fixed(Timestamp::from_seconds(0));
    let server = ServerView { clock: &clock, has_memory: &|bytes| bytes <= 100, intake };
    session.command(command::parse(line.as_bytes()), &server)
}

/// The envelope of the mail whose message is complete, and the number of its replies.
fn complete(session: &mut Session) -> Option<(Envelope, usize)> {
    session.complete(Timestamp::from_seconds(0))
}

#[test]
fn commands_are_taken_in_their_order_only() {
    for (lines, expected) in [
        (&["MAIL FROM:<>"][..], &[503][..]),
        (&["EHLO a", "RCPT TO:<branch@x.ua>"], &[250, 503]),
        (&["EHLO a", "DATA"], &[250, 503]),
        (&["HELO a", "MAIL FROM:<>", "MAIL FROM:<>"], &[250, 250, 503]),
        (&["EHLO a", "MAIL FROM:<>", "DATA"], &[250, 250, 503]),
        (&["EHLO a", "MAIL FROM:<>", "RCPT TO:<no@x.ua>", "DATA"], &[250, 250, 550, 554]),
        (&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA"], &[250, 250, 250, 354]),
        (&["EHLO a", "MAIL FROM:<>", "RSET", "MAIL FROM:<>"], &[250, 250, 250, 250]),
        (&["EHLO a", "MAIL FROM:<>", "EHLO b", "RCPT TO:<branch@x.ua>"], &[250, 250, 250, 503]),
        (&["RSET", "NOOP", "HELP", "VRFY a", "QUIT"], &[250, 250, 214, 252, 221]),
    ] {
        assert_eq!(codes(&mut session(), lines), expected, "{lines:?}");
    }
}

#[test]
fn a_declared_size_is_weighed_before_the_message_is_sent() {
    for (size, code) in [("100", 250), ("101", 452), ("1000", 452), ("1001", 552)] {
        let mail = format!("MAIL FROM:<> SIZE={size}");
        assert_eq!(codes(&mut session(), &["EHLO a", &mail]), [250, code], "{size}");
    }
}

#[test]
fn a_recipient_over_the_limit_is_put_off_and_one_named_twice_is_one() {
    let mut session = session();
    let lines = ["branch1", "Branch1", "branch2", "branch3", "branch2"];
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    let codes: Vec<_> =
        lines.map(|name| say(&mut session, &format!("RCPT TO:<{name}@x.ua>")).reply.code()).into();
    assert_eq!(codes, [250, 250, 250, 452, 250]);
    assert_eq!(say(&mut session, "DATA").action, Action::ReadMessage);
    let recipients = complete(&mut session).unwrap().0.recipients;
    assert_eq!(recipients.len(), 2);
}

#[test]
fn rfc5321_4_5_1_mail_for_the_postmaster_is_taken_as_long_as_there_is_a_mailbox() {
    for path in [
        "Postmaster",
        "postmaster@mx.x.ua",
        "POSTMASTER@MX.X.UA",
        "postmaster@x.ua",
        "PostMaster@X.UA",
        "postmaster@[192.0.2.1]",
    ] {
        let mut session = session();
        let rcpt = format!("RCPT TO:<{path}>");
        assert_eq!(
            codes(&mut session, &["EHLO a", "MAIL FROM:<>", &rcpt, "DATA"]),
            [250, 250, 250, 354]
        );
        let recipients = complete(&mut session).unwrap().0.recipients;
        assert_eq!(recipients, ["branch1@x.ua".parse().unwrap()], "{path}");

        let mut session = self::session();
        codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
        let nobody = Office { has_branches: false, ..OPEN };
        let answer = say_to(&mut session, &nobody, &rcpt);
        assert_eq!(answer.reply, Reply::NoMailbox, "{path}");
    }
    for foreign in ["postmaster@y.ua", "postmaster@[192.0.2.2]", "postmaster@[IPv6:::1]"] {
        let rcpt = format!("RCPT TO:<{foreign}>");
        let lines = ["EHLO a", "MAIL FROM:<>", &rcpt];
        assert_eq!(codes(&mut session(), &lines), [250, 250, 550], "{foreign}");
    }
}

#[test]
fn while_there_is_no_mailbox_at_all_every_recipient_is_put_off() {
    let mut session = session();
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    let nobody = Office { has_branches: false, ..OPEN };
    for _ in 0..10 {
        let answer = say_to(&mut session, &nobody, "RCPT TO:<branch@x.ua>");
        assert_eq!((answer.reply, answer.action), (Reply::NoMailbox, Action::Continue));
    }
    assert_eq!(codes(&mut session, &["RCPT TO:<branch@x.ua>", "RCPT TO:<a@x.ua>"]), [250, 550]);
}

#[test]
fn a_mail_is_put_off_at_data_while_too_many_wait_for_their_commit() {
    let mut session = session();
    codes(&mut session, &["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>"]);
    let busy = Office { is_busy: true, ..OPEN };
    let answer = say_to(&mut session, &busy, "DATA");
    assert_eq!((answer.reply, answer.action), (Reply::Busy, Action::Continue));
    assert_eq!(codes(&mut session, &["DATA"]), [354], "the transaction is still open");
}

#[test]
fn rfc2033_4_1_each_protocol_has_its_own_greeting() {
    let lines = ["EHLO a", "HELO a", "LHLO a", "MAIL FROM:<>"];
    assert_eq!(codes(&mut speaking(Protocol::Lmtp), &lines), [500, 500, 250, 250]);
    assert_eq!(codes(&mut speaking(Protocol::Smtp), &["LHLO a", "EHLO a"]), [500, 250]);
    assert_eq!(speaking(Protocol::Lmtp).greeting().to_string(), "220 mx.x.ua LMTP\r\n");
}

#[test]
fn rfc2033_4_2_without_a_recipient_data_is_out_of_sequence() {
    let lines = ["LHLO a", "MAIL FROM:<>", "RCPT TO:<no@x.ua>", "DATA"];
    assert_eq!(codes(&mut speaking(Protocol::Lmtp), &lines), [250, 250, 550, 503]);
}

#[test]
fn rfc2033_4_2_the_dot_has_a_reply_for_each_accepted_rcpt() {
    let mut session = speaking(Protocol::Lmtp);
    let lines = [
        "LHLO a",
        "MAIL FROM:<>",
        "RCPT TO:<no@x.ua>",
        "RCPT TO:<branch@x.ua>",
        "RCPT TO:<branch@x.ua>",
        "RCPT TO:<branch@x.ua>",
        "DATA",
    ];
    assert_eq!(codes(&mut session, &lines), [250, 250, 550, 250, 250, 452, 354]);
    let answer = session.refuse_message(Reply::MessageTooBig);
    assert_eq!((answer.reply, answer.times), (Reply::MessageTooBig, 2));
    codes(&mut session, &["MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA"]);
    let (envelope, replies) = complete(&mut session).unwrap();
    assert_eq!((replies, envelope.protocol), (1, TransmissionType::Lmtp));
}

#[test]
fn rfc3848_a_mail_says_how_it_was_handed_over() {
    for (hello, utf8, tls, expected) in [
        ("HELO a", "", false, TransmissionType::Smtp),
        ("EHLO a", "", false, TransmissionType::Esmtp),
        ("EHLO a", "", true, TransmissionType::Esmtps),
        ("EHLO a", " SMTPUTF8", false, TransmissionType::Utf8Smtp),
        ("EHLO a", " SMTPUTF8", true, TransmissionType::Utf8Smtps),
    ] {
        let mut session = session();
        if tls {
            session.tls_started();
        }
        let mail = format!("MAIL FROM:<>{utf8}");
        codes(&mut session, &[hello, &mail, "RCPT TO:<branch@x.ua>", "DATA"]);
        assert_eq!(complete(&mut session).unwrap().0.protocol, expected, "{hello}{utf8} {tls}");
    }
}

#[test]
fn guessing_mailboxes_is_held_back_and_then_ends_the_session() {
    let mut session = session();
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    let answers = ["a", "b", "c"].map(|name| say(&mut session, &format!("RCPT TO:<{name}@x.ua>")));
    assert_eq!(answers.each_ref().map(|answer| answer.reply.code()), [550, 550, 550]);
    assert_eq!(answers.each_ref().map(|answer| answer.held_back), [false, false, true]);
    assert_eq!(
        answers.map(|answer| answer.action),
        [Action::Continue, Action::Continue, Action::Dismiss]
    );
}

#[test]
fn one_of_our_own_servers_may_bring_mail_for_mailboxes_that_are_gone() {
    let rules = rules_for(Protocol::Smtp);
    let gateway = Peer { address: Some(Ipv4Addr::LOCALHOST.into()), ..rules.peer };
    let mut session = Session::new(Rules { peer: gateway, ..rules });
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    for number in 0..30 {
        let rcpt = format!("RCPT TO:<gone{number}@x.ua>");
        let answer = say(&mut session, &rcpt);
        let expected = (Reply::RecipientUnknown, Action::Continue, false);
        assert_eq!((answer.reply, answer.action, answer.held_back), expected, "{number}");
    }
    assert_eq!(codes(&mut session, &["DATA"]), [554], "all recipients were refused");
}

#[test]
fn a_mail_that_is_kept_makes_up_for_the_errors_before_it_and_not_for_guesses() {
    let mut session = session();
    codes(&mut session, &["EHLO a"]);
    for _ in 0..5 {
        assert_eq!(codes(&mut session, &["FOO", "FOO", "FOO"]), [500, 500, 500]);
        session.kept();
    }
    codes(&mut session, &["MAIL FROM:<>", "RCPT TO:<a@x.ua>", "RCPT TO:<b@x.ua>"]);
    session.kept();
    assert_eq!(say(&mut session, "RCPT TO:<c@x.ua>").action, Action::Dismiss);
}

#[test]
fn recipients_without_end_count_against_the_client() {
    for line in ["RCPT TO:<branch1@x.ua>", "RCPT TO:<branch3@x.ua>"] {
        let mut session = session();
        let before = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch1@x.ua>", "RCPT TO:<branch2@x.ua>"];
        codes(&mut session, &before);
        for _ in 0..1000 {
            assert_eq!(say(&mut session, line).action, Action::Continue, "{line}");
        }
        let answers = [(); 4].map(|()| say(&mut session, line));
        assert!(answers.iter().all(|answer| answer.reply == Reply::FarTooManyRecipients), "{line}");
        assert_eq!(answers.each_ref().map(|answer| answer.held_back), [false, false, true, true]);
        assert_eq!(answers.last().map(|answer| answer.action), Some(Action::Dismiss), "{line}");
    }
}

#[test]
fn a_mail_leaves_the_client_greeted() {
    let mut session = session();
    codes(&mut session, &["EHLO me", "MAIL FROM:<a@b.ua>", "RCPT TO:<branch@x.ua>", "DATA"]);
    let (mail, _) = complete(&mut session).unwrap();
    assert_eq!((mail.helo.as_str(), mail.sender), ("me", "a@b.ua".parse().ok()));
    assert!(complete(&mut session).is_none(), "one message makes one mail");
    assert_eq!(codes(&mut session, &["MAIL FROM:<>"]), [250]);
}

#[test]
fn an_address_beyond_ascii_needs_smtputf8() {
    let mut session = session();
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    assert_eq!(codes(&mut session, &["RCPT TO:<branch@пошта.укр>"]), [553]);
    codes(&mut session, &["RSET", "MAIL FROM:<> SMTPUTF8"]);
    assert_eq!(codes(&mut session, &["RCPT TO:<branch@пошта.укр>"]), [250]);
}

#[test]
fn tls_starts_once_and_forgets_what_was_said() {
    let mut session = session();
    codes(&mut session, &["EHLO a", "MAIL FROM:<>"]);
    assert_eq!(say(&mut session, "STARTTLS").action, Action::StartTls);
    session.tls_started();
    assert_eq!(codes(&mut session, &["RCPT TO:<branch@x.ua>", "MAIL FROM:<>"]), [503, 503]);
    let ehlo = say(&mut session, "EHLO a").reply.to_string();
    assert!(!ehlo.contains("STARTTLS"), "{ehlo}");
    assert_eq!(codes(&mut session, &["STARTTLS"]), [503]);
}

#[test]
fn too_many_errors_end_the_session() {
    let mut session = session();
    for _ in 0..3 {
        assert_eq!(say(&mut session, "FOO").action, Action::Continue);
    }
    assert_eq!(say(&mut session, "NOOP").action, Action::Continue);
    let last = say(&mut session, "FOO");
    assert_eq!((last.reply.code(), last.action), (500, Action::Dismiss));
}

#[test]
fn bare_line_feeds_and_browsers_end_the_session_at_once() {
    let answer = session().defect(Defect::BareLineFeed);
    assert_eq!((answer.reply.code(), answer.action), (521, Action::Close));
    let answer = say(&mut session(), "GET / HTTP/1.1");
    assert_eq!((answer.reply.code(), answer.action), (554, Action::Close));
}

#[test]
fn a_few_overlong_lines_end_the_session() {
    let mut session = session();
    let actions = [(); 3].map(|()| session.defect(Defect::LongLine).action);
    assert_eq!(actions, [Action::Continue, Action::Continue, Action::Dismiss]);
}
