//! A small SMTP client (RFC 5321): one dialogue over plain TCP, one command at a time.
//!
//! It neither authenticates nor speaks TLS, and it retries nothing. A refusal is a [`Reply`], not
//! an error: who sends samples wants to see it.

use std::{fmt, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::domain::MailAddress;

/// The greatest length of a reply line, in bytes; RFC 5321 §4.5.3.1.5 allows 512.
const MAX_LINE: u64 = 2_048;
/// The most lines that one reply may have.
const MAX_LINES: usize = 100;

/// Why a dialogue broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server closed the connection in place of a reply.
    #[error("the server closed the connection in place of a reply")]
    Closed,
    /// The network failed.
    #[error("the connection failed: {0}")]
    Network(#[from] std::io::Error),
    /// What came is not an SMTP reply.
    #[error("the server answered with something that is not an SMTP reply: {line:?}")]
    NotAReply {
        /// The line, as far as it was read.
        line: String,
    },
    /// The server took too long.
    #[error("the server did not answer within {seconds} s")]
    Timeout {
        /// How long one step may take, in seconds.
        seconds: u64,
    },
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three-digit code.
    pub code: u16,
    /// The text of each line, without code and line end.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the code is 2xx.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" / "))
    }
}

/// The replies to one mail, as far as the transaction went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The reply to MAIL.
    pub sender: Reply,
    /// The reply to each RCPT, in order; empty when MAIL was refused.
    pub recipients: Vec<Reply>,
    /// The reply to the final dot, or to DATA when that was refused; `None` when no recipient was
    /// accepted.
    pub data: Option<Reply>,
}

impl Transaction {
    /// Whether the server took the mail upon itself.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.data.as_ref().is_some_and(Reply::is_positive)
    }

    /// The reply that decided.
    #[must_use]
    pub fn last(&self) -> &Reply {
        self.data.as_ref().or_else(|| self.recipients.last()).unwrap_or(&self.sender)
    }
}

/// A connection to an SMTP server.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    step: Duration,
    greeting: Reply,
}

impl Client {
    /// Connects and reads the greeting. `step` is how long the connection and each later reply
    /// may take.
    ///
    /// # Errors
    /// [`ClientError`] when the server cannot be reached or does not greet in time.
    pub async fn connect(address: SocketAddr, step: Duration) -> Result<Self, ClientError> {
        let stream = within(step, TcpStream::connect(address)).await??;
        let greeting = Reply { code: 0, lines: Vec::new() };
        let mut client = Self { stream: BufReader::new(stream), step, greeting };
        client.greeting = client.reply().await?;
        Ok(client)
    }

    /// What the server greeted with.
    #[must_use]
    pub fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// Sends one command line, without its line end, and reads the reply.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks or the reply is none.
    pub async fn command(&mut self, line: &str) -> Result<Reply, ClientError> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Introduces the client with EHLO.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub async fn hello(&mut self, name: &str) -> Result<Reply, ClientError> {
        self.command(&format!("EHLO {name}")).await
    }

    /// Sends a mail: MAIL, each RCPT, DATA. `sender` `None` is the null sender. `message` has CRLF
    /// line ends; dots are stuffed here.
    ///
    /// # Errors
    /// As [`Client::command`]; a refusal is in the [`Transaction`].
    pub async fn send(
        &mut self,
        sender: Option<&MailAddress>,
        recipients: &[MailAddress],
        message: &[u8],
    ) -> Result<Transaction, ClientError> {
        let path = sender.map(MailAddress::to_string).unwrap_or_default();
        let reply = self.command(&format!("MAIL FROM:<{path}>")).await?;
        let mut transaction = Transaction { sender: reply, recipients: Vec::new(), data: None };
        if !transaction.sender.is_positive() {
            return Ok(transaction);
        }
        for recipient in recipients {
            transaction.recipients.push(self.command(&format!("RCPT TO:<{recipient}>")).await?);
        }
        if transaction.recipients.iter().any(Reply::is_positive) {
            transaction.data = Some(self.data(message).await?);
        }
        Ok(transaction)
    }

    /// Says QUIT, reads the answer and closes the connection.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub async fn quit(mut self) -> Result<Reply, ClientError> {
        self.command("QUIT").await
    }

    async fn data(&mut self, message: &[u8]) -> Result<Reply, ClientError> {
        let go_ahead = self.command("DATA").await?;
        if go_ahead.code != 354 {
            return Ok(go_ahead);
        }
        self.write(&stuff(message)).await?;
        self.reply().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        Ok(within(self.step, self.stream.write_all(bytes)).await??)
    }

    async fn reply(&mut self) -> Result<Reply, ClientError> {
        within(self.step, read_reply(&mut self.stream)).await?
    }
}

async fn within<F: Future>(step: Duration, work: F) -> Result<F::Output, ClientError> {
    timeout(step, work).await.map_err(|_| ClientError::Timeout { seconds: step.as_secs() })
}

async fn read_reply(stream: &mut BufReader<TcpStream>) -> Result<Reply, ClientError> {
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let mut line = Vec::new();
        stream.take(MAX_LINE).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Err(ClientError::Closed);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some((code, last, text)) = reply_line(&line) else {
            return Err(ClientError::NotAReply { line });
        };
        lines.push(text.to_owned());
        if last {
            return Ok(Reply { code, lines });
        }
    }
    Err(ClientError::NotAReply { line: format!("a reply of more than {MAX_LINES} lines") })
}

/// RFC 5321 §4.2: three digits, `-` before all lines but the last, text, CRLF.
fn reply_line(line: &str) -> Option<(u16, bool, &str)> {
    let line = line.strip_suffix("\r\n")?;
    let (code, rest) = line.split_at_checked(3)?;
    let code = code.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.as_bytes().first() {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, rest.get(1..)?)),
        Some(b'-') => Some((code, false, rest.get(1..)?)),
        Some(_) => None,
    }
}

/// The message with dots stuffed (RFC 5321 §4.5.2) and the final dot behind it.
fn stuff(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len().saturating_add(64));
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.is_empty() && !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

#[cfg(test)]
mod tests;
