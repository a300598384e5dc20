//! Clients that only hold their connections, and one that has a mail.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Instant,
};

use crate::{load::RECIPIENT, server::Server as _, whole::Whole};

/// What was measured.
pub(super) struct Crowd {
    /// Idle connections that were held.
    pub(super) connections: usize,
    /// From connecting to the answer to QUIT, of one ordinary client after the other.
    pub(super) milliseconds: Vec<f64>,
    /// Greatest resident memory.
    pub(super) peak_bytes: u64,
}

const CONNECTIONS: usize = 4000;
const ORDINARY: usize = 21;
const MAIL_LINES: usize = 128;

/// The whole server with its crowd, in `directory`.
pub(super) fn measure(directory: &Path) -> Crowd {
    let mut server = Whole::start(directory);
    let address = server.address();
    let crowd: Vec<_> = (0..CONNECTIONS).map(|_| Client::connect(address)).collect();
    server.processes().forget_peak();
    let milliseconds = (0..ORDINARY)
        .map(|_| {
            let begin = Instant::now();
            send(address);
            begin.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    server.rest();
    let peak_bytes = server.processes().peak_bytes();
    assert!(crowd.iter().all(Client::is_there), "nobody of the crowd was sent away");
    Crowd { connections: CONNECTIONS, milliseconds, peak_bytes }
}

/// A mail of 10 KiB.
fn send(address: SocketAddr) {
    let mut client = Client::connect(address);
    client.say("EHLO client.example.ua\r\n", "250 ");
    client.say("MAIL FROM:<visitor@example.ua>\r\n", "250 ");
    client.say(&format!("RCPT TO:<{RECIPIENT}>\r\n"), "250 ");
    client.say("DATA\r\n", "354 ");
    let lines = format!("{}\r\n", "x".repeat(78)).repeat(MAIL_LINES);
    client.say(&format!("Subject: a\r\n\r\n{lines}.\r\n"), "250 ");
    client.say("QUIT\r\n", "221 ");
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self(BufReader::new(stream));
        client.hear("220 ");
        client
    }

    fn say(&mut self, words: &str, expected: &str) {
        self.0.get_mut().write_all(words.as_bytes()).unwrap();
        self.hear(expected);
    }

    /// Reads a reply, of which the last line begins with `expected`.
    fn hear(&mut self, expected: &str) {
        let mut line = String::new();
        while line.is_empty() || line.as_bytes().get(3) == Some(&b'-') {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "the server has hung up");
        }
        assert!(line.starts_with(expected), "{line}");
    }

    /// Whether the server has said nothing more.
    fn is_there(&self) -> bool {
        let stream = self.0.get_ref();
        stream.set_nonblocking(true).unwrap();
        stream.peek(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}
