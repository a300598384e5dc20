use tokio::net::TcpListener;

use super::*;

const STEP: Duration = Duration::from_secs(10);

/// Serves one connection: greets, answers each line with the next of `replies`, and gives back
/// what the client sent. A reply starting with 354 is followed by reading up to the final dot.
async fn peer(listener: TcpListener, replies: &[&str]) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut heard = String::new();
    let mut in_data = false;
    let mut replies = replies.iter();
    stream.write_all(replies.next().unwrap().as_bytes()).await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return heard;
        }
        heard.push_str(&line);
        if in_data && line != ".\r\n" {
            continue;
        }
        let Some(reply) = replies.next() else { return heard };
        in_data = reply.starts_with("354");
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn address(text: &str) -> MailAddress {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_mail_goes_over_with_its_dots_stuffed() {
    let (listener, at) = listen().await;
    let replies = [
        "220 here\r\n",
        "250-here\r\n250 SIZE 1000\r\n",
        "250 ok\r\n",
        "550 5.1.1 unknown\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 2.0.0 kept\r\n",
        "221 bye\r\n",
    ];
    let dialogue = async {
        let mut client = Client::connect(at, STEP).await.unwrap();
        assert_eq!(client.greeting().to_string(), "220 here");
        assert_eq!(client.hello("phone.example").await.unwrap().lines, ["here", "SIZE 1000"]);
        let recipients = [address("nobody@x.ua"), address("school5@x.ua")];
        let sent = client.send(None, &recipients, b".one\r\n..two\r\nthree").await.unwrap();
        assert_eq!(client.quit().await.unwrap().code, 221);
        sent
    };
    let (heard, sent) = tokio::join!(peer(listener, &replies), dialogue);
    assert!(sent.is_accepted());
    assert_eq!(sent.recipients.iter().map(|reply| reply.code).collect::<Vec<_>>(), [550, 250]);
    assert_eq!(sent.last().lines, ["2.0.0 kept"]);
    assert_eq!(
        heard,
        "EHLO phone.example\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@x.ua>\r\n\
         RCPT TO:<school5@x.ua>\r\nDATA\r\n..one\r\n...two\r\nthree\r\n.\r\nQUIT\r\n"
    );
}

#[tokio::test]
async fn nothing_is_sent_when_every_recipient_is_refused() {
    let (listener, at) = listen().await;
    let replies = ["220 here\r\n", "250 ok\r\n", "550 unknown\r\n", "221 bye\r\n"];
    let dialogue = async {
        let mut client = Client::connect(at, STEP).await.unwrap();
        let sender = address("visitor@mail.example");
        let sent = client.send(Some(&sender), &[address("a@x.ua")], b"text\r\n").await.unwrap();
        client.quit().await.unwrap();
        sent
    };
    let (heard, sent) = tokio::join!(peer(listener, &replies), dialogue);
    assert!(!sent.is_accepted());
    assert_eq!(sent.data, None);
    assert_eq!(sent.last().code, 550);
    assert_eq!(heard, "MAIL FROM:<visitor@mail.example>\r\nRCPT TO:<a@x.ua>\r\nQUIT\r\n");
}

#[tokio::test]
async fn a_connection_closed_in_place_of_a_greeting_is_said() {
    let (listener, at) = listen().await;
    let (connected, ()) = tokio::join!(Client::connect(at, STEP), async {
        drop(listener.accept().await.unwrap());
    });
    assert!(matches!(connected, Err(ClientError::Closed | ClientError::Network(_))));
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let (listener, at) = listen().await;
    let connected = Client::connect(at, Duration::from_millis(20)).await;
    assert!(matches!(connected, Err(ClientError::Timeout { .. })));
    drop(listener);
}

#[test]
fn reads_only_what_is_an_smtp_reply_line() {
    assert_eq!(reply_line("250 ok\r\n"), Some((250, true, "ok")));
    assert_eq!(reply_line("250-more\r\n"), Some((250, false, "more")));
    assert_eq!(reply_line("354\r\n"), Some((354, true, "")));
    for line in ["", "250 ok\n", "25 ok\r\n", "999 ok\r\n", "250_ok\r\n", "2х0\r\n", "HTTP/1.1\r\n"]
    {
        assert_eq!(reply_line(line), None, "{line:?}");
    }
}

#[test]
fn an_empty_message_is_a_dot_alone() {
    assert_eq!(stuff(b""), b".\r\n");
}
