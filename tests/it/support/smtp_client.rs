//! A raw SMTP client: it sends the bytes it is given, right or wrong, and reads replies.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// No reply of a healthy server takes as long as this; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reply: its code, and all its text as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl Reply {
    /// What stands behind the code and the enhanced code in the last line.
    pub(crate) fn words(&self) -> &str {
        let last = self.text.lines().last().unwrap_or_default();
        last.splitn(3, ' ').nth(2).unwrap_or_default()
    }
}

/// A client's end of a connection.
#[derive(Debug)]
pub(crate) struct SmtpClient<S> {
    stream: S,
    unread: Vec<u8>,
}

impl SmtpClient<TcpStream> {
    /// Connects, and reads nothing yet.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("the socket is open");
        Self::over(stream)
    }

    /// Connects, and reads the greeting.
    pub(crate) async fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        assert_eq!(client.reply().await.code, 220);
        client
    }

    /// Connects, and opens a transaction for `recipient` up to the reply 354.
    pub(crate) async fn in_data(address: SocketAddr, recipient: &str) -> Self {
        let mut client = Self::greeted(address).await;
        client.begin_mail(recipient).await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> SmtpClient<S> {
    /// A client on a stream of any kind.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// Gives the stream back; what was read and not used is lost.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the connection is open");
    }

    /// Sends bytes as they are; an error when the server has hung up.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await??;
        timeout(PATIENCE, self.stream.flush()).await?
    }

    /// Says that nothing more will come, and keeps listening.
    pub(crate) async fn finish(&mut self) {
        self.stream.shutdown().await.expect("the connection is open");
    }

    /// Sends a line and reads one reply.
    pub(crate) async fn command(&mut self, line: &str) -> Reply {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends lines, waiting for each reply, and gives their codes.
    pub(crate) async fn codes(&mut self, lines: &[&str]) -> Vec<u16> {
        let mut codes = Vec::new();
        for line in lines {
            codes.push(self.command(line).await.code);
        }
        codes
    }

    /// EHLO, MAIL, RCPT and DATA, up to the reply 354.
    pub(crate) async fn begin_mail(&mut self, recipient: &str) {
        let rcpt = format!("RCPT TO:<{recipient}>");
        let lines = ["EHLO client.example.ua", "MAIL FROM:<visitor@example.ua>", &rcpt, "DATA"];
        assert_eq!(self.codes(&lines).await, [250, 250, 250, 354]);
    }

    /// Reads one reply.
    pub(crate) async fn reply(&mut self) -> Reply {
        self.next_reply().await.expect("the server answers before it hangs up")
    }

    /// Reads one reply; `None` when the server has hung up.
    pub(crate) async fn next_reply(&mut self) -> Option<Reply> {
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            let last = line.get(3..4) != Some("-");
            text.push_str(&line);
            if last {
                let code = line.get(..3).and_then(|code| code.parse().ok());
                return Some(Reply { code: code.expect("a reply begins with a code"), text });
            }
        }
    }

    /// Reads replies until the server hangs up, and gives their codes.
    pub(crate) async fn codes_to_the_end(&mut self) -> Vec<u16> {
        let mut codes = Vec::new();
        while let Some(reply) = self.next_reply().await {
            codes.push(reply.code);
        }
        codes
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line = self.unread.drain(..=end).collect();
                return Some(String::from_utf8(line).expect("replies are text"));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread));
            match read.await.expect("the server answers in time") {
                Ok(0) => return None,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
                outcome => outcome.expect("the socket can be read"),
            };
        }
    }
}
