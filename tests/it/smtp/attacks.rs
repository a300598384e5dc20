//! Hostile clients and hostile mails against the real server process: what they are told, what
//! memory they cost, and that the next mail is served as if nothing had been.

use std::{fmt::Write as _, fs};

use serde_json::Value;
use skrynka::{
    clock::Clock,
    domain::{MailId, ShareId},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Subject, Validity},
        copy::Copy,
        mail::Draft,
    },
};
use tokio::net::TcpStream;

use crate::support::{
    certificate::self_signed,
    installation::{Installation, Server, wait_for},
    registries,
    smtp_client::SmtpClient,
};

const SCHOOL: &str = "school@docs.example.ua";

/// What no attack may cost beside what an idle server holds.
const MAX_GROWTH: u64 = 200 << 20;

/// A server in a fresh installation, and what it held when it had just started.
struct Target {
    _installation: Installation,
    server: Server,
    token: String,
    idle_bytes: u64,
}

impl Target {
    fn start() -> Self {
        let installation = Installation::new(registries::SCHOOL);
        let server = installation.start();
        Self::of(installation, server)
    }

    fn of(installation: Installation, server: Server) -> Self {
        let token = installation.token();
        let idle_bytes = server.memory("VmRSS");
        Self { _installation: installation, server, token, idle_bytes }
    }

    /// A client that has been greeted.
    async fn client(&self) -> SmtpClient<TcpStream> {
        SmtpClient::greeted(self.server.smtp).await
    }

    /// A client that may send a message now.
    async fn in_data(&self) -> SmtpClient<TcpStream> {
        SmtpClient::in_data(self.server.smtp, SCHOOL).await
    }

    /// Sends a message that is taken, and gives its id.
    async fn take(&self, message: &[u8]) -> MailId {
        let mut client = self.in_data().await;
        client.send(message).await;
        let reply = client.command("\r\n.").await;
        assert_eq!(reply.code, 250, "{}", reply.text);
        reply.words().parse().unwrap()
    }

    /// The share that came of a mail.
    fn share(&self, mail: MailId) -> Value {
        self.server.wait_until_judged();
        let share = ShareId::of(mail, &"school".parse().unwrap());
        self.server.json(&format!("/api/v1/shares/{share}"), &self.token)
    }

    /// How many mails were taken, by what is kept of them.
    fn shares(&self) -> usize {
        self.server.wait_until_judged();
        let page = self.server.json("/api/v1/shares", &self.token);
        page["items"].as_array().unwrap().len()
    }

    /// Waits until the server has noticed that every client is gone.
    fn wait_for_no_connection(&self) {
        let text = "\nskrynka_smtp_connections_open 0\n";
        let gone = || self.server.metrics_text().contains(text).then_some(());
        wait_for("every client is gone", gone);
    }

    /// The peak of memory is in its bounds, and an ordinary mail is taken and judged.
    async fn assert_unharmed(&self) {
        let mail = self.take(b"Subject: next\r\n\r\nHello\r\n").await;
        assert_eq!(codes(&self.share(mail)), ["no_document"]);
        let peak = self.server.memory("VmHWM");
        let growth = peak.saturating_sub(self.idle_bytes);
        assert!(growth < MAX_GROWTH, "{peak} bytes, {} while idle", self.idle_bytes);
        say(&format!("{} MiB above {} MiB while idle", growth >> 20, self.idle_bytes >> 20));
    }

    /// Takes a mail that goes over `limit`, opens nothing of it, and goes on.
    async fn assert_unopened(&self, message: &[u8], limit: &str) {
        let share = self.share(self.take(message).await);
        assert_eq!(share["verdict"], "malformed", "{share}");
        assert_eq!(codes(&share), ["limit_exceeded"], "{share}");
        assert_eq!(share["findings"][0]["detail"], limit, "{share}");
        assert_eq!(share["documents"].as_array().unwrap().len(), 0);
        self.assert_unharmed().await;
    }
}

#[expect(clippy::print_stdout, reason = "what an attack cost belongs into the test's output")]
fn say(line: &str) {
    println!("{line}");
}

fn codes(share: &Value) -> Vec<&str> {
    share["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect()
}

/// Sends a gibibyte, `piece` by `piece`.
async fn send_gibibyte(client: &mut SmtpClient<TcpStream>, piece: &str) {
    let block = piece.repeat((1 << 20) / piece.len());
    let mut left: usize = 1 << 30;
    while left > 0 {
        client.send(&block).await;
        left = left.saturating_sub(block.len());
    }
}

#[tokio::test]
async fn a_gibibyte_without_a_line_feed_is_read_and_refused_and_not_kept() {
    let target = Target::start();
    let mut client = target.in_data().await;
    send_gibibyte(&mut client, "x").await;
    let reply = client.command("\r\n.").await;
    assert_eq!(reply.code, 552, "{}", reply.text);
    target.assert_unharmed().await;
    assert_eq!(target.shares(), 1);
}

#[tokio::test]
async fn a_message_of_a_gibibyte_is_read_and_refused_and_not_kept() {
    let target = Target::start();
    let mut client = target.in_data().await;
    send_gibibyte(&mut client, &format!("{}\r\n", "x".repeat(62))).await;
    let reply = client.command(".").await;
    assert_eq!(reply.text, "552 5.3.4 Message too big\r\n");
    client.begin_mail(SCHOOL).await;
    assert_eq!(client.command("Hello\r\n.").await.code, 250, "the session goes on");
    target.assert_unharmed().await;
    assert_eq!(target.shares(), 2);
}

#[tokio::test]
async fn a_command_without_an_end_is_refused_at_the_limit_and_the_connection_closed() {
    let target = Target::start();
    let mut client = target.client().await;
    client.send("x".repeat(70_000)).await;
    assert_eq!(client.codes_to_the_end().await, [500, 421]);

    let mut client = target.client().await;
    let (piece, mut sent) = ("x".repeat(1 << 20), 0);
    while sent < 1 << 30 && client.try_send(&piece).await.is_ok() {
        sent += piece.len();
    }
    assert!(sent < 64 << 20, "the server goes on reading");
    target.assert_unharmed().await;
}

#[tokio::test]
async fn tens_of_thousands_of_nested_messages_are_not_opened() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(33_000);
    Target::start().assert_unopened(nested.as_bytes(), "forwarded_mentions").await;
}

#[tokio::test]
async fn a_hundred_thousand_nested_multiparts_are_not_opened() {
    let mut nested = String::new();
    for number in 0..100_000 {
        write!(nested, "Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\n")
            .unwrap();
    }
    Target::start().assert_unopened(nested.as_bytes(), "multipart_mentions").await;
}

#[tokio::test]
async fn a_million_empty_parts_are_not_opened() {
    let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    let parts = head + &"--b\r\n\r\n".repeat(1_000_000) + "--b--\r\n";
    Target::start().assert_unopened(parts.as_bytes(), "boundary_lines").await;
}

#[tokio::test]
async fn endless_headers_are_not_opened() {
    let target = Target::start();
    let fields = "X: a\r\n".repeat(10 * (1 << 20) / 6) + "\r\nHello\r\n";
    target.assert_unopened(fields.as_bytes(), "header_lines").await;
    let folded = "Subject: a\r\n".to_owned() + &" folded\r\n".repeat(5 * (1 << 20) / 9) + "\r\n";
    target.assert_unopened(folded.as_bytes(), "header_lines").await;
}

#[tokio::test]
async fn of_two_thousand_recipients_a_hundred_are_taken() {
    let target = Target::start();
    let mut client = target.client().await;
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    let mut all = String::new();
    for number in 1..=2_000 {
        write!(all, "RCPT TO:<school+{number}@docs.example.ua>\r\n").unwrap();
    }
    // The server may hang up before it has read them all.
    let _sent = client.try_send(&all).await;
    let mut taken = Vec::new();
    while let Some(reply) = client.next_reply().await {
        taken.push(reply.text.get(..9).unwrap_or_default().to_owned());
        if taken.len() == 2_000 {
            break;
        }
    }
    let (first, rest) = taken.split_at(100);
    assert!(first.iter().all(|reply| reply == "250 2.1.5"), "{first:?}");
    assert!(rest.len() > 1, "{rest:?}");
    let is_refusal = |reply: &String| reply == "452 4.5.3" || reply.starts_with("421");
    assert!(rest.iter().all(is_refusal), "{rest:?}");
    target.assert_unharmed().await;
}

#[tokio::test]
async fn nul_and_bytes_that_are_no_utf_8_are_refused_in_paths() {
    let target = Target::start();
    for line in [
        &b"MAIL FROM:<a\0b@x.ua>"[..],
        b"MAIL FROM:<\xff\xfe@x.ua>",
        b"MAIL FROM:<\xff\xfe@x.ua> SMTPUTF8",
        b"MAIL FROM:<\xc0\xae@x.ua> SMTPUTF8",
    ] {
        let mut client = target.client().await;
        client.command("EHLO a").await;
        client.send([line, b"\r\n"].concat()).await;
        let reply = client.reply().await;
        assert!([501, 553].contains(&reply.code), "{line:?}: {}", reply.text);
    }
    let mut client = target.client().await;
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    client.send(b"RCPT TO:<school@docs.example.ua\0>\r\n").await;
    assert_eq!(client.reply().await.code, 501);
    target.assert_unharmed().await;
}

#[tokio::test]
async fn a_web_request_is_hung_up_on_before_the_mail_in_its_body() {
    let target = Target::start();
    let mut client = target.client().await;
    let body = format!(
        "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<{SCHOOL}>\r\nDATA\r\nSubject: forged\r\n\r\n.\r\nQUIT\r\n"
    );
    client.send(format!("POST / HTTP/1.1\r\nHost: docs.example.ua\r\n\r\n{body}")).await;
    assert_eq!(client.codes_to_the_end().await, [554]);
    target.assert_unharmed().await;
    assert_eq!(target.shares(), 1);
}

#[tokio::test]
async fn commands_injected_behind_starttls_are_not_carried_out() {
    let installation = Installation::new(registries::SCHOOL);
    let certificate = self_signed("docs.example.ua", 7);
    let paths = [("chain.pem", certificate.chain_pem), ("key.pem", certificate.key_pem)];
    let [chain, key] = paths.map(|(name, content)| {
        let path = installation.path().join(name);
        fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    });
    let files = [("SKRYNKA_SMTP__CERTIFICATE", &*chain), ("SKRYNKA_SMTP__PRIVATE_KEY", &*key)];
    let server = Server::start(&installation.config_file(), &files);
    let target = Target::of(installation, server);
    let mut client = target.client().await;
    assert!(client.command("EHLO a").await.text.contains("STARTTLS"));
    client.send("STARTTLS\r\nRSET\r\nMAIL FROM:<x@y.ua>\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [501]);
    target.assert_unharmed().await;
}

#[tokio::test]
async fn a_mail_of_a_client_that_closes_its_half_after_the_dot_is_kept_once() {
    let target = Target::start();
    let mut client = target.in_data().await;
    client.send("Subject: half-closed\r\n\r\nHello\r\n.\r\n").await;
    client.finish().await;
    assert_eq!(client.codes_to_the_end().await, [250]);
    assert_eq!(target.shares(), 1);
    target.assert_unharmed().await;
}

#[tokio::test]
async fn a_mail_of_a_client_that_is_gone_before_its_250_is_kept_once() {
    let target = Target::start();
    let mut client = target.in_data().await;
    client.send("Subject: gone\r\n\r\nHello\r\n.\r\n").await;
    drop(client);
    // Its end is seen by the count of open connections: the mail is acknowledged by then.
    target.wait_for_no_connection();
    assert_eq!(target.shares(), 1);
    target.assert_unharmed().await;
}

#[tokio::test]
async fn a_message_cut_off_by_a_reset_is_not_kept_and_holds_no_memory() {
    let target = Target::start();
    for _ in 0..20 {
        let mut client = target.in_data().await;
        client.send("Subject: cut\r\n\r\n".to_owned() + &"x\r\n".repeat(100_000)).await;
        let stream = client.into_stream();
        // Closing sends RST now, not FIN.
        stream.set_zero_linger().unwrap();
        drop(stream);
    }
    target.wait_for_no_connection();
    let text = target.server.metrics_text();
    assert!(text.contains("\nskrynka_smtp_in_flight_bytes 0\n"), "{text}");
    target.assert_unharmed().await;
    assert_eq!(target.shares(), 1);
}

#[tokio::test]
async fn of_two_attachments_of_one_name_each_is_judged_by_itself() {
    let installation = Installation::new(registries::SCHOOL);
    let now = Clock::system().now();
    let validity = Validity::days(now, 1);
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
    installation.trust("root.der", authority.certificate());
    let server = installation.start();
    let target = Target::of(installation, server);

    let code = "birth-certificate".parse().unwrap();
    let genuine = Copy::new(&code, 1, now).attached(&signer, now).unwrap();
    let mut bare = Copy::new(&code, 2, now).unsigned();
    bare.name.clone_from(&genuine.name);
    for attachments in [[genuine.clone(), bare.clone()], [bare, genuine]] {
        let from = "testova.osoba@mail.example.ua".parse().unwrap();
        let to = SCHOOL.parse().unwrap();
        let draft = Draft {
            message_id: "twice@mail.example.ua".to_owned(),
            from,
            to,
            date: now,
            subject: "copies".to_owned(),
            text: String::new(),
            attachments: attachments.into(),
        };
        let share = target.share(target.take(&draft.compose()).await);
        assert_ne!(share["verdict"], "verified", "{share}");
        let documents = share["documents"].as_array().unwrap();
        let passed = documents.iter().filter(|it| it["indication"] == "TOTAL_PASSED").count();
        assert_eq!((documents.len(), passed), (2, 1), "{share}");
    }
    target.assert_unharmed().await;
}
