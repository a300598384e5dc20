use super::*;
use crate::smtp::command;

/// Knows `branch…@x.ua`, has room for a hundred bytes.
struct Office;

impl Surroundings for Office {
    fn knows(&self, recipient: &MailAddress) -> bool {
        recipient.key().starts_with("branch")
    }

    fn has_room(&self, bytes: u64) -> bool {
        bytes <= 100
    }
}

fn session() -> Session {
    Session::new(Arc::new(Rules {
        hostname: "mx.x.ua".into(),
        max_errors: 4,
        max_message_bytes: 1000,
        max_recipients: 2,
        offers_tls: true,
    }))
}

/// Says each line and gives the codes of the replies.
fn codes(session: &mut Session, lines: &[&str]) -> Vec<u16> {
    lines.iter().map(|line| say(session, line).reply.code()).collect()
}

fn say(session: &mut Session, line: &str) -> Turn {
    session.command(command::parse(line.as_bytes()), &Office)
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
    assert_eq!(say(&mut session, "DATA").then, Then::ReadMessage);
    let recipients = session.complete().unwrap().recipients;
    assert_eq!(recipients.len(), 2);
}

#[test]
fn a_mail_leaves_the_client_greeted() {
    let mut session = session();
    codes(&mut session, &["EHLO me", "MAIL FROM:<a@b.ua>", "RCPT TO:<branch@x.ua>", "DATA"]);
    let mail = session.complete().unwrap();
    assert_eq!((mail.helo.as_str(), mail.sender), ("me", "a@b.ua".parse().ok()));
    assert!(session.complete().is_none(), "one message makes one mail");
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
    assert_eq!(say(&mut session, "STARTTLS").then, Then::StartTls);
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
        assert_eq!(say(&mut session, "FOO").then, Then::Continue);
    }
    assert_eq!(say(&mut session, "NOOP").then, Then::Continue);
    let last = say(&mut session, "FOO");
    assert_eq!((last.reply.code(), last.then), (500, Then::Dismiss));
}

#[test]
fn bare_line_feeds_and_browsers_end_the_session_at_once() {
    let turn = session().defect(Defect::BareLineFeed);
    assert_eq!((turn.reply.code(), turn.then), (521, Then::Close));
    let turn = say(&mut session(), "GET / HTTP/1.1");
    assert_eq!((turn.reply.code(), turn.then), (554, Then::Close));
}

#[test]
fn a_few_overlong_lines_end_the_session() {
    let mut session = session();
    let thens = [(); 3].map(|()| session.defect(Defect::LongLine).then);
    assert_eq!(thens, [Then::Continue, Then::Continue, Then::Dismiss]);
}
