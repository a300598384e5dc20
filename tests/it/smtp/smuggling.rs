//! SMTP smuggling (the class of CVE-2023-51764 to 51766): bytes that one server carries within a
//! message and another takes for its end, so that the rest becomes a second, forged mail.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use mailin_embedded::{Handler, Response, SslConfig, response};

use super::office::Server;
use crate::support::smtp_client::SmtpClient;

/// The sequences that servers have taken for an end.
const SEQUENCES: [&str; 11] = [
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

const FORGED: &str = "MAIL FROM:<forged@example.ua>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\n\
                      Subject: forged\r\n\r\nforged\r\n.\r\n";

/// The message with `sequence` and a forged mail in it, and its true end.
fn attack(sequence: &str) -> String {
    format!("Subject: true\r\n\r\ntrue{sequence}{FORGED}QUIT\r\n")
}

/// What a server must keep of [`attack`], when it keeps anything: all up to the first true end,
/// without the dots that its lines' starts protect.
fn first_message(sequence: &str) -> String {
    let sent = attack(sequence);
    let end = sent.find("\r\n.\r\n").expect("the forged mail has an end") + 2;
    sent[..end].replace("\r\n.", "\r\n")
}

fn has_bare_line_feed(sequence: &str) -> bool {
    sequence.replace("\r\n", "").contains('\n')
}

#[tokio::test]
async fn no_sequence_smuggles_a_second_mail_however_it_is_split() {
    for sequence in SEQUENCES {
        let attack = attack(sequence);
        let start = attack.find(sequence).expect("it is in there") - 1;
        for cut in start..=start + sequence.len() + 2 {
            let server = Server::start();
            let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
            client.send(&attack[..cut]).await;
            // The server may have hung up at the first part.
            drop(client.try_send(&attack[cut..]).await);
            let codes = client.codes_to_the_end().await;
            if has_bare_line_feed(sequence) {
                assert_eq!(codes, [521], "{sequence:?} cut at {cut}");
                assert_eq!(server.office.mails(), [], "{sequence:?} cut at {cut}");
                assert_eq!(server.metric("skrynka_smtp_bare_line_feeds_total"), "1");
            } else {
                assert_eq!(codes, [250, 221], "{sequence:?} cut at {cut}");
                let kept = server.office.only_message();
                assert_eq!(String::from_utf8_lossy(&kept), first_message(sequence));
            }
        }
    }
}

#[tokio::test]
async fn byte_by_byte_makes_no_difference_either() {
    for sequence in SEQUENCES {
        let server = Server::start();
        let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
        for byte in attack(sequence).bytes() {
            if client.try_send([byte]).await.is_err() {
                break;
            }
        }
        let last = client.codes_to_the_end().await.last().copied();
        let expected = if has_bare_line_feed(sequence) { 521 } else { 221 };
        assert_eq!(last, Some(expected), "{sequence:?}");
        assert!(server.office.mails().iter().all(|(mail, _)| {
            mail.sender.as_ref().is_some_and(|sender| sender.local() == "visitor")
        }));
    }
}

#[tokio::test]
async fn a_bare_line_feed_in_a_command_ends_the_connection() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    assert_eq!(client.command("EHLO a").await.code, 250);
    client.send("NOOP\r\nNOOP\nMAIL FROM:<>\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [250, 521]);
}

/// Notes the senders of the mails that `mailin-embedded` takes.
#[derive(Clone, Default)]
struct Senders {
    current: String,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Handler for Senders {
    fn mail(&mut self, _: std::net::IpAddr, _: &str, from: &str) -> Response {
        from.clone_into(&mut self.current);
        response::OK
    }

    fn data_end(&mut self) -> Response {
        self.taken.lock().unwrap().push(self.current.clone());
        response::OK
    }
}

/// Starts `mailin-embedded`, which cannot be stopped: it ends with the tests' process.
fn mailin_embedded(senders: Senders) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = mailin_embedded::Server::new(senders);
    server.with_name("x.ua").with_ssl(SslConfig::None).unwrap().with_tcp_listener(listener);
    std::thread::spawn(move || server.serve().unwrap());
    address
}

#[tokio::test]
async fn the_same_bytes_make_mailin_embedded_take_the_forged_mail() {
    let senders = Senders::default();
    let address = mailin_embedded(senders.clone());
    let mut client = SmtpClient::in_data(address, "branch@x.ua").await;
    client.send(attack("\n.\r\n")).await;
    let codes = client.codes_to_the_end().await;
    assert_eq!(codes, [250, 250, 250, 354, 250, 221]);
    let taken = senders.taken.lock().unwrap().clone();
    assert_eq!(taken, ["visitor@example.ua", "forged@example.ua"]);

    let server = Server::start();
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    client.send(attack("\n.\r\n")).await;
    assert_eq!(client.codes_to_the_end().await, [521]);
    assert_eq!(server.office.mails(), []);
}
